"""Announce that time is free again: whoever waits for one is found by a job, after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from webapp.booking.states import UNDO_GRACE
from webapp.db import db
from webapp.jobs import promise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment
    from webapp.practice.hours import Span

OFFERED_AFTER = UNDO_GRACE + timedelta(seconds=1)
"""Nobody is offered a time that one press at the desk may still take back: a promise on the phone is not taken back."""

# A patient sees only their own wishes; whether others wait is for the job to see.
_ANYBODY_WAITS = text("""
    select current_setting('role') = 'app_patient' or exists (select from waiting_wish where status = 'waiting')
""")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is left to look through of a provider's time that opened at `first`; `location_id` None means any site.

    `asked` says that somebody was offered some of it in this pass.
    """

    provider_id: UUID
    first: datetime
    span: Span
    location_id: UUID | None = None
    asked: bool = False


def freed(visits: Sequence[Appointment], at: datetime) -> None:
    """Promise to offer the times that these visits have just left, in the transaction that frees them.

    The change is flushed: its version finds, in the visit's history, the place of before.
    """
    if not anybody_waits():
        return
    from webapp.booking.waiting_jobs import offer_time

    for visit in visits:
        if visit.group_session_id is not None:
            _promise_seat(visit, visit.group_session_id, at)
        else:
            promise(offer_time, at=at + OFFERED_AFTER, visit=str(visit.id), version=str(visit.version))


def seat_freed(seat: Appointment, session: UUID, at: datetime) -> None:
    """Promise to offer the seat that somebody has just left in a group: it may be in another one by now."""
    if anybody_waits():
        _promise_seat(seat, session, at)


def opened(providers: Iterable[UUID], span: Span, at: datetime, *, location_id: UUID | None = None) -> bool:
    """Promise to offer time that providers have again, at one site or (None) wherever they work.

    False where nobody waits, and nothing is promised.
    """
    if span.end <= at or not anybody_waits():
        return False
    for provider in providers:
        promise_opening(Opening(provider, span.start, span, location_id), at + OFFERED_AFTER)
    return True


def promise_opening(opening: Opening, due: datetime | None = None) -> None:
    """Promise to look through what is left of opened time, now or when it is `due`."""
    from webapp.booking.waiting_jobs import offer_opened_time

    promise(
        offer_opened_time,
        at=due,
        provider=str(opening.provider_id),
        location="" if opening.location_id is None else str(opening.location_id),
        first=opening.first.isoformat(),
        starts=opening.span.start.isoformat(),
        ends=opening.span.end.isoformat(),
        asked="1" if opening.asked else "",
    )


def anybody_waits() -> bool:
    """Whether there is anything to promise; a patient, who can't see that of others, always leaves it to a job."""
    return bool(db.session.execute(_ANYBODY_WAITS).scalar_one())


def _promise_seat(seat: Appointment, session: UUID, at: datetime) -> None:
    from webapp.booking.waiting_jobs import offer_seat

    promise(offer_seat, at=at + OFFERED_AFTER, session=str(session), visit=str(seat.id), version=str(seat.version))
