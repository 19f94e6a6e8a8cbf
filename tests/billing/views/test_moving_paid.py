"""Moving a visit to a day with another price: both prices are shown, and one press does it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.billing.at_counter import counter, desk
from tests.factories import NOW, clock_time
from webapp.billing.actions import pay
from webapp.billing.actions.pay import Part, TakeDeposit
from webapp.booking.forms import write_instant
from webapp.db import Role, transactional
from webapp.practice.actions.prices import SetPrice, set_service_price

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import Visitor

__all__ = ["counter", "desk"]

TOMORROW = NOW.date() + dt.timedelta(days=1)
THERE = clock_time(14, day=TOMORROW)


@pytest.fixture
def visit(counter: Counter) -> UUID:
    """A visit of $120.00 of which $50.00 was paid; from tomorrow on its service costs $150.00."""
    made = factories.appointment(counter.owner, counter.clinic, clock_time(11), price_cents=12_000)
    with counter.app.app_context(), transactional(counter.scope):
        pay.take_deposit(TakeDeposit(made, Part("cash", 5_000, 5_000, counter.drawer), "USD"), actor=None, at=NOW)
    costs(counter, 15_000)
    return made


def costs(counter: Counter, cents: int) -> None:
    version = counter.owner.execute("select version from service where id = %s", (counter.clinic.service,)).fetchone()
    assert version is not None
    wanted = SetPrice(counter.clinic.service, cents, TOMORROW, int(version["version"]))
    with counter.app.app_context(), transactional(factories.scope(Role.MANAGER, at=NOW)):
        set_service_price(wanted, today=NOW.date())


def sent(**other: str) -> dict[str, str]:
    return {"version": "", "provider": "", "starts_at": write_instant(THERE), **other}


def stands(counter: Counter, visit: UUID) -> tuple[object, int]:
    row = counter.owner.execute("select starts_at, price_cents from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return row["starts_at"], row["price_cents"]


def test_the_dialog_shows_both_prices_and_what_is_paid(counter: Counter, desk: Visitor, visit: UUID) -> None:
    there = f"/appointments/{visit}/move?week={TOMORROW}&starts_at={write_instant(THERE)}"
    text = desk.get(there).text
    for words in ("Agreed: $120.00", "That day it costs $150.00", "$50.00 is paid", "$100.00 is due when it is billed",
                  "Move for $150.00", "Move, keep $120.00"):  # fmt: skip
        assert words in text
    here = f"/appointments/{visit}/move?week={NOW.date()}&starts_at={write_instant(clock_time(15))}"
    assert "Agreed:" not in desk.get(here).text, "today it costs the same"


def test_one_press_moves_at_the_new_price_and_no_money(counter: Counter, desk: Visitor, visit: UUID) -> None:
    before = counter.ledger()
    answer = desk.post(f"/billing/visits/{visit}/move/15000", sent())
    assert (answer.status_code, answer.location) == (303, f"/appointments/{visit}")
    assert stands(counter, visit) == (THERE, 15_000)
    assert counter.ledger() == before


def test_the_other_press_keeps_what_was_agreed(counter: Counter, desk: Visitor, visit: UUID) -> None:
    assert desk.post(f"/appointments/{visit}/move", sent()).status_code == 303
    assert stands(counter, visit) == (THERE, 12_000)


def test_a_price_that_changed_meanwhile_is_shown_first(counter: Counter, desk: Visitor, visit: UUID) -> None:
    costs(counter, 16_000)
    answer = desk.post(f"/billing/visits/{visit}/move/15000", sent())
    assert answer.status_code == 409
    assert "Move for $160.00" in answer.text
    assert stands(counter, visit) == (clock_time(11), 12_000)


def test_several_visits_have_no_single_price(counter: Counter, desk: Visitor, visit: UUID) -> None:
    assert desk.post(f"/billing/visits/{visit}/move/15000", sent(which="all")).status_code == 409
    assert stands(counter, visit) == (clock_time(11), 12_000)
