"""Time that opens is offered as freed time is, to one after the other; seats of a group to as many as there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from webapp.booking.actions.waiting.freed import Opening, promise_opening
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
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models.plans import WaitingOffer

A_STEP = timedelta(days=7)
"""How much of a long time one step looks through: leave may have been for months."""
A_PASS = timedelta(days=1)
"""How long until whoever let a time go is asked about another one of a long time that has opened."""


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
            promise_opening(replace(opening, span=Span(free.starts_at, end), asked=True))
            return offer
    if window.end < end:
        promise_opening(replace(opening, span=Span(window.end, end)))
    elif opening.asked and at + A_PASS < end:
        rest = Span(max(opening.first, at + A_PASS), end)
        promise_opening(replace(opening, span=rest, asked=False), at + A_PASS)
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
