"""What PostgreSQL lets a patient do by itself: the portal's steps on their own visits, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    CancelRequest,
    Costs,
    HoldRequest,
    MoveRequest,
    book_held,
    cancel,
    check_in,
    confirm,
    hold,
    move,
    release,
)
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.actions.waiting.wishes import WishTerms, add_wish, withdraw_wish
from webapp.booking.refusals import SlotTaken
from webapp.db import Role, transactional
from webapp.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tests.stack.database import Database
    from webapp.db import Scope

MINUTES = timedelta(minutes=5)


def me(clinic: Clinic, number: int = 0) -> Scope:
    return factories.scope(Role.PATIENT, patients=(clinic.patients[number],))


def held(clinic: Clinic, hour: int, number: int = 0) -> UUID:
    with transactional(me(clinic, number)):
        wanted = HoldRequest(clinic.patients[number], clinic.service, clinic.location, clock_time(hour))
        return hold(wanted, MINUTES, actor=None, at=NOW).id


@pytest.mark.usefixtures("app_context")
def test_a_patient_holds_books_moves_confirms_and_cancels_as_their_own_role(clinic: Clinic) -> None:
    held(clinic, 9)
    visit = held(clinic, 10)
    with transactional(me(clinic)):
        assert book_held(visit, actor=None, at=NOW).status == "booked"
    with transactional(me(clinic)):
        assert move(MoveRequest(visit, clock_time(11), via="portal"), at=NOW).starts_at == clock_time(11)
    with transactional(me(clinic)):
        assert confirm(visit, at=NOW).status == "confirmed"
    with transactional(me(clinic)):
        assert cancel(CancelRequest(visit, "patient", costs=Costs.SEEN_TO), at=NOW).status == "cancelled"
    again = held(clinic, 11, number=1)
    with transactional(me(clinic, 1)):
        assert release(again, at=NOW)
    assert held(clinic, 11) != again


@pytest.mark.usefixtures("app_context")
def test_a_patient_arrives_waits_and_takes_a_seat_as_their_own_role(clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        session = factories.group_session(connection, clinic, clock_time(15), capacity=2)
        factories.appointment(
            connection, clinic, clock_time(15), patient_id=clinic.patients[1], group_session_id=session, seat_no=1,
            ends_at=clock_time(16),
        )  # fmt: skip
        connection.execute("update service set capacity = 8 where id = %s", (clinic.service,))
    with transactional(me(clinic)):
        seat = join(JoinRequest(session, clinic.patients[0], via="portal"), actor=None, at=NOW)
        assert seat.seat_no == 2
        mine = seat.id
    with transactional(me(clinic)):
        assert check_in(mine, at=NOW).status == "arrived"
    with database.administer() as connection:
        connection.execute("update service set capacity = 1 where id = %s", (clinic.service,))
    with transactional(me(clinic)):
        wish = add_wish(clinic.patients[0], WishTerms(clinic.service, NOW.date()), actor=None, at=NOW)
        withdraw_wish(wish.id, version=None, at=NOW)
        assert wish.status == "withdrawn"


@pytest.mark.usefixtures("app_context")
def test_another_patients_visit_is_none(clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        theirs = factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])
    changes: tuple[Callable[[], object], ...] = (
        lambda: move(MoveRequest(theirs, clock_time(11)), at=NOW),
        lambda: confirm(theirs, at=NOW),
        lambda: cancel(CancelRequest(theirs, "patient"), at=NOW),
        lambda: check_in(theirs, at=NOW),
    )
    for change in changes:
        with pytest.raises(NotFound), transactional(me(clinic)):
            change()
    wanted = HoldRequest(clinic.patients[0], clinic.service, clinic.location, clock_time(10), clinic.providers[0])
    with pytest.raises(SlotTaken), transactional(me(clinic)):
        hold(wanted, MINUTES, actor=None, at=NOW)
    with database.connect("app_patient") as connection:
        connection.execute("select set_config('app.patients', %s, false)", (str(clinic.patients[0]),))
        assert connection.execute("update appointment set note = 'x' where id = %s", (theirs,)).rowcount == 0
        with pytest.raises(psycopg.errors.CheckViolation, match="the hold is over"):
            connection.execute("select doors.hand_over(%s, %s, %s)", (theirs, theirs, NOW))


COPY = (
    "insert into appointment (id, patient_id, service_id, provider_id, location_id, starts_at, ends_at, price_cents,"
    " via, booked_at, {columns}) select gen_random_uuid(), patient_id, service_id, provider_id, location_id,"
    " starts_at + interval '1 day', ends_at + interval '1 day', price_cents, 'portal', booked_at, {values}"
    " from appointment"
)
WRONG = (
    "update appointment set status = 'finished'",
    "update appointment set status = 'held', held_until = starts_at",
    "update appointment set status = 'arrived', arrived_at = starts_at",
    "update appointment set starts_at = starts_at - interval '1 week', ends_at = ends_at - interval '1 week'",
    "update appointment set lane = 1, overbook_reason = 'me first'",
    "update appointment set price_cents = 0",
    "update appointment set patient_id = %(other)s",
    "update appointment set via = 'desk'",
    "update patient set version = version + 1",
    "update patient set family = 'x'",
    "update waiting_wish set urgency = 3",
    COPY.format(columns="status", values="'booked'"),
    COPY.format(columns="status, held_until", values="'held', booked_at + interval '1 day'"),
    "select kind from resource",
)


@pytest.mark.parametrize("statement", WRONG)
def test_what_the_portal_never_does_nobody_does_in_its_name(clinic: Clinic, database: Database, statement: str) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10))
    with database.connect("app_patient") as connection:
        connection.execute("select set_config('app.patients', %s, false)", (str(clinic.patients[0]),))
        connection.execute("select set_config('app.at', %s, false)", (NOW.isoformat(),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode(), {"other": clinic.patients[1]})
