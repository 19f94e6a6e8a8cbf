"""Time that opens is offered as freed time is, to one after the other; seats of a group to as many as there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from webapp.booking.actions.waiting.freed import OFFERED_AFTER, anybody_waits
from webapp.booking.actions.waiting.line import first_in_line, take_turn
from webapp.booking.models import GroupSession
from webapp.booking.plan_refusals import NoSeatToOffer, SessionClosed
from webapp.booking.queries.opened import wanted_starts
from webapp.booking.queries.waiting import candidates, free_seat, held_for
from webapp.booking.refusals import NotAllowedHere
from webapp.db import db, reaches
from webapp.errors import NotFound
from webapp.jobs import promise
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models.plans import WaitingOffer

A_STEP = timedelta(days=7)
"""How much of a long time one step looks through: leave may have been for months."""
A_PASS = timedelta(days=1)
"""How long until whoever let a time go is asked about another one of a long time that has opened."""


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


def opened(providers: Iterable[UUID], span: Span, at: datetime, *, location_id: UUID | None = None) -> bool:
    """Promise to offer time that providers have again, at one site or (None) wherever they work; whether anybody waits.

    Later than a press at the desk can be corrected, as for freed time.
    """
    if span.end <= at or not anybody_waits():
        return False
    for provider in providers:
        _promise(Opening(provider, span.start, span, location_id), at + OFFERED_AFTER)
    return True


def offer_opened(opening: Opening, *, at: datetime) -> WaitingOffer | None:
    """Hold the first free start of opened time that somebody waits for, for the first in line, and write the offer.

    Nobody is offered what begins before an offer would lapse.  Promises to look at the rest of the time, week by week,
    and once all of it is looked through, a day later at what is left: by then those who let a time go are asked again.
    """
    soonest = cache(lambda site: at + held_for(site))
    take_turn(opening.provider_id)
    end = opening.span.end
    start = max(opening.span.start, at)
    window = Span(start, min(end, start + A_STEP))
    for free in wanted_starts(opening.provider_id, window, at, location_id=opening.location_id):
        if free.starts_at >= soonest(free.location_id) and (offer := first_in_line(free, at)) is not None:
            _promise(replace(opening, span=Span(free.starts_at, end), asked=True))
            return offer
    if window.end < end:
        _promise(replace(opening, span=Span(window.end, end)))
    elif opening.asked and at + A_PASS < end:
        rest = Span(max(opening.first, at + A_PASS), end)
        _promise(replace(opening, span=rest, asked=False), at + A_PASS)
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
    free = free_seat(session_id, at)
    if free is None or not candidates(free, at):
        raise NoSeatToOffer
    promise(offer_free_seats, session=str(session_id))


def _promise(opening: Opening, due: datetime | None = None) -> None:
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
