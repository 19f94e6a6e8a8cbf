"""Drawers: opened, filled, counted to the cent, signed, and opened again by a manager only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from tests.billing.till import LATER
from tests.factories import NOW
from webapp.billing.actions import drawers
from webapp.billing.actions.drawers import Count
from webapp.billing.actions.pay import Part
from webapp.billing.refusals import (
    DaySigned,
    DifferenceUnexplained,
    DrawerClosed,
    DrawerOpen,
    ManagerSigns,
    MoneyReasonMissing,
    WrongAmountOfMoney,
)
from webapp.db import Role
from webapp.errors import NotFound, VersionConflict, refusal_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.till import Till


def closed(till: Till, counted: int, day: UUID | None = None, **other: object) -> None:
    count = Count(day or till.day(), counted, **other)  # type: ignore[arg-type]
    till.does(lambda: drawers.close_drawer(count, actor=till.scope.actor, at=LATER), Role.DESK)


def day_of(till: Till) -> dict[str, object]:
    return till.one(
        "SELECT expected_cents, counted_cents, difference_reason, closed_at FROM drawer_day WHERE id = %s", till.day()
    )


def test_a_day_is_counted_signed_and_taken_to_the_bank(till: Till) -> None:
    till.invoice(21_200)
    (payment,) = till.pays(till.cash(21_200))
    till.refunds(payment, 2_000)
    assert till.does(lambda: drawers.expected_in(till.day())) == 34_200
    closed(till, 33_700, reason="Wrong change given", note="Likely the 2:10 PM refund", counts={"10000": 3})
    assert day_of(till) == {
        "expected_cents": 34_200, "counted_cents": 33_700, "difference_reason": "Wrong change given",
        "closed_at": LATER,
    }  # fmt: skip
    assert (till.sum_of("drawer_cash"), till.sum_of("over_short"), till.sum_of("bank_clearing")) == (0, 500, 18_700)
    with pytest.raises(DrawerClosed):
        till.pays(till.cash(100))
    with pytest.raises(DaySigned):
        closed(till, 0)


def test_a_difference_is_explained_and_a_large_one_signed_twice(till: Till) -> None:
    with pytest.raises(DifferenceUnexplained):
        closed(till, 14_999)
    with pytest.raises(ManagerSigns):
        closed(till, 12_999, reason="Unknown")
    with pytest.raises(WrongAmountOfMoney):
        closed(till, -1, reason="Unknown")
    with pytest.raises(VersionConflict):
        closed(till, 15_000, version=7)
    with pytest.raises(NotFound):
        closed(till, 1, new_id())
    closed(till, 12_999, reason="Unknown", countersigned_by=new_id())
    assert till.sum_of("over_short") == 2_001


def test_the_place_says_what_difference_is_large(till: Till) -> None:
    till.owner.execute("UPDATE location SET manager_signs_over_cents = 500")
    with pytest.raises(ManagerSigns):
        closed(till, 14_499, reason="Unknown")
    closed(till, 14_500, reason="Unknown")
    assert till.sum_of("over_short") == 500


def test_a_signed_day_is_opened_again_by_a_manager_with_a_reason_and_both_stay_in_the_history(till: Till) -> None:
    till.pays(till.cash(1_000))
    day = till.day()
    closed(till, 16_001, reason="Found a cent")
    with pytest.raises(psycopg.Error) as told, till.acting(Role.DESK):
        raise_original(lambda: drawers.reopen_drawer(day, "Miscounted", actor=None, at=LATER))
    assert isinstance(refusal_of(told.value), DaySigned)
    with pytest.raises(MoneyReasonMissing):
        till.does(lambda: drawers.reopen_drawer(day, "", actor=None, at=LATER), Role.MANAGER)
    till.does(lambda: drawers.reopen_drawer(day, "Miscounted", actor=None, at=LATER), Role.MANAGER)
    assert till.does(lambda: drawers.expected_in(day)) == 16_000
    with pytest.raises(VersionConflict):
        till.does(lambda: drawers.reopen_drawer(day, "Miscounted", actor=None, at=LATER), Role.MANAGER)
    closed(till, 16_000, day)
    till.does(lambda: drawers.reopen_drawer(day, "Once more", actor=None, at=LATER), Role.MANAGER)
    closed(till, 16_000, day)
    assert (till.sum_of("drawer_cash"), till.sum_of("over_short")) == (0, 0)
    steps = till.owner.execute("SELECT kind FROM drawer_day_step WHERE drawer_day_id = %s ORDER BY id", (day,))
    assert [row["kind"] for row in steps] == ["open", "close", "reopen", "close", "reopen", "close"]


def raise_original(action: object) -> None:
    """What the driver raised, without the wrapping of SQLAlchemy."""
    try:
        action()  # type: ignore[operator]
    except Exception as error:
        raise getattr(error, "orig", error) from error


def test_a_drawer_is_opened_once_and_anew_the_next_day(till: Till) -> None:
    with pytest.raises(DrawerOpen):
        till.does(lambda: drawers.open_drawer(till.drawer, 100, actor=None, at=NOW))
    first = till.day()
    closed(till, 15_000)
    till.does(lambda: drawers.open_drawer(till.drawer, 100, actor=None, at=LATER))
    assert till.day() != first
    with pytest.raises(DrawerOpen):
        till.does(lambda: drawers.reopen_drawer(first, "Late", actor=None, at=LATER), Role.MANAGER)
    with pytest.raises(WrongAmountOfMoney):
        till.does(lambda: drawers.open_drawer(till.drawer, -1, actor=None, at=NOW))
    with pytest.raises(NotFound):
        till.does(lambda: drawers.open_drawer(new_id(), 1, actor=None, at=NOW))


def test_checks_and_cards_are_counted_too_and_begin_by_themselves(till: Till) -> None:
    till.pays(Part("check", 14_000, reference="77"))
    till.pays(till.card(5_000))
    counts = b"SELECT d.kind, y.id FROM drawer_day AS y JOIN drawer AS d ON d.id = y.drawer_id WHERE d.kind <> 'cash'"
    days = {row["kind"]: row["id"] for row in till.owner.execute(counts)}
    closed(till, 14_000, days["checks"])
    closed(till, 5_000, days["cards"])
    till.pays(Part("check", 1_000))
    count = till.one(
        "SELECT count(*) AS n FROM drawer_day AS y JOIN drawer AS d ON d.id = y.drawer_id WHERE d.kind = 'checks'"
    )
    assert (count["n"], till.sum_of("checks"), till.sum_of("card_clearing")) == (2, 1_000, 0)


def test_money_comes_into_no_count_that_is_closed_by_any_path(till: Till) -> None:
    day = till.day()
    closed(till, 15_000)
    with pytest.raises(psycopg.errors.CheckViolation) as told:
        till.owner.execute(
            "INSERT INTO ledger_entry (transaction_id, account, cents, drawer_id, drawer_day_id, location_id)"
            " VALUES (%s, 'drawer_cash', 5, %s, %s, %s)",
            (new_id(), till.drawer, day, till.clinic.location),
        )
    assert isinstance(refusal_of(told.value), DrawerClosed)
    with pytest.raises(psycopg.errors.CheckViolation):
        till.owner.execute("UPDATE drawer_day SET counted_cents = 1")
