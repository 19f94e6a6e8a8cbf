"""Sums of money over a period: they tie to the ledger whatever happened, and everything is in its step of age."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.billing.till import LATER, Till
from webapp.billing.actions import corrections, drafts, issue
from webapp.billing.actions.pay import Part
from webapp.billing.queries import figures
from webapp.booking.queries.figures import Period
from webapp.db import Role, db
from webapp.practice.models import Location

if TYPE_CHECKING:
    from uuid import UUID

TODAY = date(2026, 11, 23)


@pytest.fixture
def busy(till: Till) -> Till:
    """A day with a visit, something sold, a discount, an insurer, a credit note, a write-off and a refund."""
    till.scope = replace(till.scope, role=Role.MANAGER)
    visit = till.visit()
    with till.acting():
        issue.issue(drafts.draft_visit(visit, actor=None, at=LATER).id, actor=None, at=LATER)
    sold = till.invoice(10_000, discount_cents=1_000, discount_reason="Staff", payer_cents=2_000, category="Vaccines")
    twice = till.invoice(3_300)
    with till.acting():
        corrections.credit(corrections.CreditRequest(twice, "Charged twice"), actor=None, at=LATER)
    with till.acting():
        corrections.write_off(corrections.WriteOffRequest(sold, 500, "Small"), actor=None, at=LATER)
    (cash,) = till.pays(till.cash(4_000), exactly={sold: 4_000})
    till.pays(Part("check", 2_500), exactly={sold: 2_500})
    till.refunds(cash, 1_500)
    return till


def asked(till: Till, what: Any, day: date = TODAY) -> Any:
    with till.acting():
        site = db.session.get_one(Location, till.clinic.location)
        return what(Period(day, day, (site,)))


def test_providers_and_services_come_to_what_the_ledger_earned(busy: Till) -> None:
    earned = asked(busy, figures.earned)
    assert earned == busy.one("SELECT price_cents AS cents FROM service")["cents"] + 9_000
    assert sum(each.cents for each in asked(busy, figures.by_provider)) == earned
    assert sum(each.cents for each in asked(busy, figures.by_service)) == earned


def test_what_belongs_to_no_visit_has_no_provider(busy: Till) -> None:
    nobody = next(each for each in asked(busy, figures.by_provider) if not each.name)
    assert nobody.cents == 9_000
    assert len(asked(busy, figures.by_provider)) == 2


def test_methods_come_to_what_the_ledger_took(busy: Till) -> None:
    found = {each.method: each for each in asked(busy, figures.by_method)}
    assert (found["cash"].cents, found["cash"].back_cents) == (4_000, 1_500)
    assert (found["check"].cents, found["check"].back_cents) == (2_500, 0)


@pytest.mark.parametrize(("days", "step"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (400, 3)])
def test_what_is_owed_moves_through_the_steps_of_age(busy: Till, days: int, step: int) -> None:
    found = asked(busy, figures.aging, TODAY + timedelta(days=days))
    assert [each.step for each in found] == [0, 1, 2, 3]
    assert [each.invoices for each in found] == [2 if n == step else 0 for n in range(4)]
    owed = busy.sum_of("patient_receivable")
    assert found[step].patient_cents == owed
    assert found[step].payer_cents == busy.sum_of("payer_receivable") == 2_000


def test_what_was_not_yet_owed_then_is_not_counted(busy: Till) -> None:
    assert sum(each.patient_cents for each in asked(busy, figures.aging, TODAY - timedelta(days=1))) == 0
    assert asked(busy, figures.by_service, TODAY - timedelta(days=1)) == []


def test_money_of_another_site_is_not_counted(busy: Till) -> None:
    other: UUID = factories.location(busy.owner)
    with busy.acting():
        period = Period(TODAY, TODAY, (db.session.get_one(Location, other),))
        assert [*figures.by_method(period), *figures.by_provider(period), *figures.by_service(period)] == []
        assert sum(each.invoices for each in figures.aging(period)) == 0
