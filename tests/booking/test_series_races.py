"""A series meets single bookings and other series, step by step: one gets all, nobody gets half, nobody hangs."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, event

from bench.storm import judge
from tests.booking.stepping import Hand
from tests.booking.test_series import MONDAYS, by, on, request, series, starts
from tests.booking.wishes import ACTOR, Open, Owner, booked, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import MoveRequest, book
from webapp.booking.actions.series import book_series
from webapp.booking.actions.several import MoveSeveral, move_several
from webapp.booking.plan_refusals import SeveralTaken
from webapp.db import Role, db
from webapp.practice import actions as practice
from webapp.practice.models import Schedule

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


@pytest.mark.parametrize(("week", "waits"), [(0, False), (1, False), (3, False), (4, True)])
def test_who_moves_a_series_onto_itself_keeps_others_away_until_it_is_done(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open, week: int, *, waits: bool
) -> None:
    visits = series(desk, request(clinic))
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: move_several(by(visits, WEEK), at=NOW))
        # Hours overlap by half, so that neither has exactly what the other wants.
        wanted = wish(clinic, on(MONDAYS[week], 10, 10), patient_id=clinic.patients[1], provider_id=clinic.providers[0])
        step = second.does(lambda: book(wanted, actor=ACTOR, at=NOW).id)
        assert second.waits(step) == waits
        first.commits()
        assert second.ends(step) == "slot_taken"
    assert starts(owner) == [on(day) for day in MONDAYS[1:]]
    assert judge.overlaps(owner) == judge.half(owner) == 0


def test_who_moves_a_series_keeps_nobody_away_from_other_times(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open
) -> None:
    visits = series(desk, request(clinic))
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: move_several(by(visits, WEEK), at=NOW))
        second.did(lambda: book(wish(clinic, on(MONDAYS[1], 11), patient_id=clinic.patients[1]), actor=ACTOR, at=NOW))
        second.commits()
        first.commits()
    assert len(starts(owner)) == 5


@pytest.mark.parametrize("commits", [True, False])
def test_a_series_that_moves_onto_itself_waits_only_for_the_time_that_is_new(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open, *, commits: bool
) -> None:
    visits = series(desk, request(clinic))
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(books_at(clinic, MONDAYS[4]))
        step = second.does(lambda: move_several(by(visits, WEEK), at=NOW))
        assert second.waits(step)
        first.commits() if commits else first.rolls_back()
        assert second.ends(step) == ("several_taken" if commits else "done")
    assert starts(owner) == [on(day) for day in (MONDAYS if commits else MONDAYS[1:])]
    assert judge.overlaps(owner) == judge.half(owner) == 0


def test_two_series_that_follow_each_other_never_wait_in_a_circle(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open
) -> None:
    early = series(desk, request(clinic))
    late = series(desk, request(clinic, first_at=on(MONDAYS[0] + 4 * WEEK), patient_id=clinic.patients[1]))
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        # The later one leaves its first Monday, which the earlier one needs and looks for before that is certain.
        moved = MoveSeveral(tuple(MoveRequest(each, on(MONDAYS[0] + (5 + n) * WEEK)) for n, each in enumerate(late)))
        first.did(lambda: move_several(moved, at=NOW))
        step = second.does(lambda: move_several(by(early, WEEK), at=NOW))
        assert not second.waits(step)
        assert second.ends(step) == "several_taken"
        first.commits()
    assert judge.overlaps(owner) == judge.half(owner) == 0


def test_a_series_that_cannot_be_had_waits_for_nobody(booking: Flask, owner: Owner, clinic: Clinic, desk: Open) -> None:
    booked(desk, wish(clinic, on(MONDAYS[3]), patient_id=clinic.patients[1]))
    visits = series(desk, request(clinic, first_at=on(MONDAYS[0], 11)))
    with Hand(booking, owner, Role.MANAGER) as editor, Hand(booking, owner) as second:
        editor.did(lambda: practice.lock_site(clinic.location))
        for step in (books_all(clinic), lambda: move_several(by(visits, timedelta()), at=NOW)):
            refused = second.does(step)
            assert not second.waits(refused)
            with pytest.raises(SeveralTaken):
                refused.result()


@pytest.mark.parametrize("changes", ["hours", "nothing"])
def test_hours_that_change_between_the_look_and_the_locks_are_looked_at_again(
    booking: Flask, owner: Owner, clinic: Clinic, desk: Open, changes: str
) -> None:
    visits = series(desk, request(clinic, first_at=on(MONDAYS[0], 12)))

    def edits() -> None:
        practice.lock_resources([clinic.providers[0]], exclusive=True)
        practice.touch_hours(clinic.providers[0])
        if changes == "hours":
            db.session.execute(delete(Schedule).where(Schedule.provider_id == clinic.providers[0]))

    for step in (books_all(clinic), lambda: len(move_several(by(visits, timedelta(hours=-1)), at=NOW))):
        with Hand(booking, owner, Role.MANAGER) as editor, Hand(booking, owner) as second:
            editor.did(edits)
            waiting = second.does(step)
            assert second.waits(waiting)
            editor.commits()
            assert second.ends(waiting) == ("several_taken" if changes == "hours" else "done")
        if changes == "hours":
            break  # nobody works any more, and a second look says so without waiting
    assert judge.overlaps(owner) == judge.half(owner) == 0


@pytest.mark.parametrize(
    ("shift", "exclusive"), [(timedelta(hours=1), False), (WEEK, False), (WEEK + timedelta(minutes=20), True)]
)
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
