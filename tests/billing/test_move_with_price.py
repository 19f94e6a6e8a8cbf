"""A visit that moves to another price keeps what was paid; the rest is due, and nothing is paid twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.factories import NOW, clock_time
from webapp.billing.actions import drafts, issue, pay
from webapp.billing.actions.move_with_price import MoveWithPrice, move_with_price, terms_there
from webapp.billing.actions.pay import Part, TakeDeposit
from webapp.billing.refusals import DueChanged
from webapp.booking.actions import MoveRequest
from webapp.db import Role
from webapp.practice.actions.prices import SetPrice, set_service_price

if TYPE_CHECKING:
    from tests.billing.till import Till

TOMORROW = NOW.date() + dt.timedelta(days=1)
THERE = clock_time(14, day=TOMORROW)


@pytest.fixture
def visit(till: Till) -> UUID:
    """A visit of 120.00 today, of which 50.00 was paid; from tomorrow on its service costs something else."""
    made = till.visit("booked", price_cents=12_000)
    deposit = TakeDeposit(made, Part("cash", 5_000, drawer_id=till.drawer), "USD")
    till.does(lambda: pay.take_deposit(deposit, actor=till.scope.actor, at=NOW))
    return made


def costs(till: Till, cents: int) -> None:
    row = till.one("select version from service where id = %s", till.clinic.service)
    wanted = SetPrice(till.clinic.service, cents, TOMORROW, int(row["version"]))
    till.does(lambda: set_service_price(wanted, today=NOW.date()), Role.MANAGER)


def moved(till: Till, visit: UUID, seen: int) -> None:
    till.does(lambda: move_with_price(MoveWithPrice(MoveRequest(visit, THERE), seen), at=NOW), Role.DESK)


def billed(till: Till, visit: UUID) -> UUID:
    """The visit is over, and its invoice is issued."""
    till.owner.execute("update appointment set status = 'finished', finished_at = %s where id = %s", (NOW, visit))
    draft = till.does(lambda: drafts.draft_visit(visit, actor=None, at=NOW).id)
    return UUID(str(till.does(lambda: issue.issue(draft, actor=till.scope.actor, at=NOW).id)))


@pytest.mark.parametrize(("price", "due", "credit"), [(15_000, 10_000, 0), (9_000, 4_000, 0), (3_000, 0, 2_000)])
def test_what_was_paid_pays_the_new_price(till: Till, visit: UUID, price: int, due: int, credit: int) -> None:
    costs(till, price)
    moved(till, visit, price)
    assert till.sum_of("deposits") == -5_000, "a move moves no money"
    invoice = billed(till, visit)
    assert till.due(invoice) == due
    assert till.sum_of("deposits") + till.sum_of("credits") == -credit
    assert till.one("select count(*) as n from payment")["n"] == 1


def test_what_it_will_cost_is_known_before(till: Till, visit: UUID) -> None:
    costs(till, 15_000)
    there = till.does(lambda: terms_there(visit, THERE))
    assert (there.before, there.after, there.paid, there.rest, there.over) == (12_000, 15_000, 5_000, 10_000, 0)


def test_another_price_than_the_page_showed_moves_nothing(till: Till, visit: UUID) -> None:
    costs(till, 15_000)
    with pytest.raises(DueChanged) as refused:
        moved(till, visit, 12_000)
    assert refused.value.alternatives == (15_000,)
    row = till.one("select price_cents, version from appointment where id = %s", visit)
    assert (row["price_cents"], row["version"]) == (12_000, 1)
