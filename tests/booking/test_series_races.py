"""A series meets single bookings and other series, step by step: one gets all, nobody gets half, nobody hangs."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event

from bench.storm import judge
from tests.booking.stepping import Hand
from tests.booking.test_series import MONDAYS, by, on, request, series, starts
from tests.booking.wishes import ACTOR, Open, Owner, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import book
from webapp.booking.actions.series import book_series
from webapp.booking.actions.several import move_several
from webapp.db import db

WEEK = timedelta(days=7)


def books_at(clinic: Clinic, day: date) -> Callable[[], UUID]:
    return lambda: book(wish(clinic, on(day), patient_id=clinic.patients[1]), actor=ACTOR, at=NOW).id


def books_all(clinic: Clinic, patient: int = 0) -> Callable[[], int]:
    wanted = request(clinic, patient_id=clinic.patients[patient])
    return lambda: len(book_series(wanted, actor=ACTOR, at=NOW).visits)


def test_a_single_booking_waits_for_the_series_and_is_refused(booking: Flask, owner: Owner, clinic: Clinic) -> None:
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(books_all(clinic))
        step = second.does(books_at(clinic, MONDAYS[2]))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "slot_taken"
    assert judge.overlaps(owner) == judge.half(owner) == 0


def test_a_series_waits_for_a_single_booking_and_none_of_it_is_booked(
    booking: Flask, owner: Owner, clinic: Clinic
) -> None:
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(books_at(clinic, MONDAYS[2]))
        step = second.does(books_all(clinic))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "several_taken"
    assert starts(owner) == [on(MONDAYS[2])]


def test_a_series_that_waited_for_nothing_is_booked(booking: Flask, owner: Owner, clinic: Clinic) -> None:
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(books_at(clinic, MONDAYS[2]))
        step = second.does(books_all(clinic))
        assert second.waits(step)
        first.rolls_back()
        assert second.ends(step) == "done"
    assert len(starts(owner)) == 4


def test_of_two_series_at_the_same_times_one_is_booked(booking: Flask, owner: Owner, clinic: Clinic) -> None:
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(books_all(clinic))
        step = second.does(books_all(clinic, 1))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "several_taken"
    assert len(starts(owner)) == 4


def test_who_moves_a_series_onto_itself_keeps_others_away_until_it_is_done(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open
) -> None:
    visits = series(desk, request(clinic))
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: move_several(by(visits, WEEK), at=NOW))
        step = second.does(books_at(clinic, MONDAYS[4]))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "slot_taken"
    assert starts(owner) == [on(day) for day in MONDAYS[1:]]
    assert judge.overlaps(owner) == judge.half(owner) == 0


@pytest.mark.parametrize(("shift", "exclusive"), [(WEEK, True), (timedelta(hours=1), False)])
def test_others_are_kept_away_only_where_visits_are_in_each_others_way(
    desk: Open, clinic: Clinic, shift: timedelta, *, exclusive: bool
) -> None:
    visits = series(desk, request(clinic))
    locks: list[bool] = []

    def listen(_conn: object, _cursor: object, statement: str, parameters: dict[str, object], *_rest: object) -> None:
        if "doors.lock_resources" in statement:
            locks.append(bool(parameters["exclusive"]))

    with desk():
        event.listen(db.engine, "before_cursor_execute", listen)
        move_several(by(visits, shift), at=NOW)
        event.remove(db.engine, "before_cursor_execute", listen)
    assert locks == [exclusive]
