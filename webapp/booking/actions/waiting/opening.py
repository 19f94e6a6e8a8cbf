"""Time that opens is offered as freed time is, to one after the other; seats of a group to as many as there are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.booking.actions.waiting.freed import OFFERED_AFTER, anybody_waits
from webapp.booking.actions.waiting.line import first_in_line, promise_end, take_turn
from webapp.booking.models import GroupSession
from webapp.booking.plan_refusals import NoSeatToOffer, SessionClosed
from webapp.booking.queries.opened import wanted_starts
from webapp.booking.queries.waiting import free_seat, held_for
from webapp.booking.refusals import NotAllowedHere
from webapp.db import db, reaches
from webapp.errors import NotFound
from webapp.jobs import promise
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from webapp.booking.models.plans import WaitingOffer

A_STEP = timedelta(days=7)
"""How much of a long time one step looks through: leave may have been for months."""


def opened(provider_id: UUID, span: Span, at: datetime, *, location_id: UUID | None = None) -> bool:
    """Promise to offer time that a provider has again, at one site or (None) wherever they work; whether anybody waits.

    Later than a press at the desk can be corrected, as for freed time.
    """
    if span.end <= at or not anybody_waits():
        return False
    _promise(provider_id, location_id, span, at + OFFERED_AFTER)
    return True


def offer_opened(provider_id: UUID, location_id: UUID | None, span: Span, *, at: datetime) -> WaitingOffer | None:
    """Hold the first free start of opened time that somebody waits for, for the first in line, and write the offer.

    Promises to look at the rest of the time, week by week.  What is offered and not taken goes on as a freed time.
    """
    take_turn(provider_id)
    start = max(span.start, at)
    window = Span(start, min(span.end, start + A_STEP))
    if window.start >= window.end:
        return None
    for free in wanted_starts(provider_id, window, at, location_id=location_id):
        offer = first_in_line(free, held_for(free.location_id), at)
        if offer is not None:
            promise_end(offer)
            _promise(provider_id, location_id, Span(free.starts_at, span.end))
            return offer
    if window.end < span.end:
        _promise(provider_id, location_id, Span(window.end, span.end))
    return None


def offer_seats(session_id: UUID, *, at: datetime) -> None:
    """Promise to offer, at once, every free seat of a group visit: somebody asked for it.

    Raises NotFound, NotAllowedHere, SessionClosed, or NoSeatToOffer.
    """
    from webapp.booking.waiting_jobs import offer_free_seats

    session = db.session.get(GroupSession, session_id)
    if session is None:
        raise NotFound
    if not reaches(session.location_id):
        raise NotAllowedHere
    if session.status != "open":
        raise SessionClosed
    if free_seat(session_id, at) is None:
        raise NoSeatToOffer
    promise(offer_free_seats, session=str(session_id))


def _promise(provider_id: UUID, location_id: UUID | None, span: Span, due: datetime | None = None) -> None:
    from webapp.booking.waiting_jobs import offer_opened_time

    where = {} if location_id is None else {"location": str(location_id)}
    promise(
        offer_opened_time,
        at=due,
        provider=str(provider_id),
        starts=span.start.isoformat(),
        ends=span.end.isoformat(),
        **where,
    )
