"""Makers of group visits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.booking.wishes import ACTOR, TEN, Open, Owner
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.actions.sessions import SessionMove, SessionRequest, create_session, move_session

ELEVEN = clock_time(11)
CAPACITY = 3


def begun(desk: Open, clinic: Clinic, starts: datetime = TEN, **other: Any) -> UUID:
    with desk():
        wanted = SessionRequest(
            clinic.service, clinic.location, starts, **{"provider_id": clinic.providers[0], **other}
        )
        return create_session(wanted, actor=ACTOR, at=NOW).id


def seated(desk: Open, session: UUID, patient: UUID, at: datetime = NOW) -> UUID:
    with desk():
        return join(JoinRequest(session, patient), actor=ACTOR, at=at).id


def moved(desk: Open, session: UUID, starts: datetime, **other: Any) -> None:
    with desk():
        move_session(SessionMove(session, starts, **other), at=NOW)


def session_row(owner: Owner, session: UUID) -> dict[str, Any]:
    row: dict[str, Any] | None = owner.execute("select * from group_session where id = %s", (session,)).fetchone()
    assert row is not None
    return row
