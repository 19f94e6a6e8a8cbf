"""A time from the waiting list has one taker: who pays, who lets it go and the clock, one step at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.billing.at_counter import counter
from tests.booking.stepping import Hand
from tests.factories import NOW, clock_time
from webapp.booking.actions import open_payment
from webapp.booking.actions.waiting.offers import accept, accept_paid, close_offer, refuse
from webapp.db import transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.billing.counter import Counter

__all__ = ["counter"]

ENDS = NOW + timedelta(minutes=30)
BEFORE = ENDS - timedelta(seconds=1)


class Line:
    """Eleven is offered to somebody who has a visit at three."""

    def __init__(self, counter: Counter) -> None:
        owner, clinic = counter.owner, counter.clinic
        self.owner, self.app = owner, counter.app
        self.visit = factories.appointment(owner, clinic, clock_time(15))
        self.hold = factories.appointment(owner, clinic, clock_time(11), status="held", held_until=ENDS)
        wish, self.offer = new_id(), new_id()
        factories.insert(
            owner, "waiting_wish", id=wish, patient_id=counter.patient, service_id=clinic.service,
            earliest=NOW.date(), created_at=NOW, appointment_id=self.visit,
        )  # fmt: skip
        factories.insert(
            owner, "waiting_offer", id=self.offer, wish_id=wish, patient_id=counter.patient, hold_id=self.hold,
            offered_at=NOW, expires_at=ENDS,
        )  # fmt: skip

    def stands(self) -> tuple[str, str, bool]:
        row = self.owner.execute(
            "select o.outcome, h.status, v.starts_at = h.starts_at as moved from waiting_offer o"
            " join appointment h on h.id = o.hold_id, appointment v where v.id = %s",
            (self.visit,),
        ).fetchone()
        assert row is not None
        return row["outcome"], row["status"], row["moved"]

    def race(self, first: Callable[[], object], then: Callable[[], object]) -> str:
        """The second waits for the first, which commits; how the second ends."""
        with Hand(self.app, self.owner) as one, Hand(self.app, self.owner) as other:
            one.did(first)
            step = other.does(then)
            assert other.waits(step)
            one.commits()
            return other.ends(step)


@pytest.fixture
def line(counter: Counter) -> Line:
    return Line(counter)


def test_whoever_begins_to_pay_in_the_last_second_keeps_the_time(line: Line) -> None:
    ended = line.race(lambda: open_payment(line.hold, at=BEFORE), lambda: close_offer(line.offer, at=ENDS))
    assert (ended, line.stands()) == ("done", ("open", "held", False))


def test_whoever_begins_to_pay_as_it_ends_is_too_late(line: Line) -> None:
    ended = line.race(lambda: close_offer(line.offer, at=ENDS), lambda: open_payment(line.hold, at=BEFORE))
    assert (ended, line.stands()) == ("hold_over", ("lapsed", "lapsed", False))


def test_a_time_that_was_let_go_takes_no_money(line: Line) -> None:
    ended = line.race(lambda: refuse(line.offer, at=BEFORE), lambda: open_payment(line.hold, at=BEFORE))
    assert (ended, line.stands()) == ("hold_over", ("refused", "lapsed", False))


def test_a_time_that_is_being_paid_for_is_not_let_go(line: Line) -> None:
    ended = line.race(lambda: open_payment(line.hold, at=BEFORE), lambda: refuse(line.offer, at=BEFORE))
    assert (ended, line.stands()) == ("hold_being_paid", ("open", "held", False))


def test_the_desk_that_answers_at_the_same_moment_finds_it_being_paid_for(line: Line) -> None:
    ended = line.race(lambda: open_payment(line.hold, at=BEFORE), lambda: accept(line.offer, actor=None, at=BEFORE))
    assert (ended, line.stands()) == ("hold_over", ("open", "held", False))


def test_money_that_arrives_twice_moves_once(line: Line) -> None:
    with line.app.app_context(), transactional(factories.scope()):
        open_payment(line.hold, at=BEFORE)

    def arrives() -> UUID:
        return accept_paid(line.offer, actor=None, at=ENDS + timedelta(minutes=5)).id

    ended = line.race(arrives, arrives)
    assert (ended, line.stands()) == ("hold_over", ("accepted", "lapsed", True))
