"""Book visits that belong together, one after the other in one coming: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.book import BookRequest, How
from webapp.booking.actions.book_all import book_looked, lock_looked, look_all
from webapp.booking.models import Appointment
from webapp.booking.plan_refusals import SeveralTaken
from webapp.booking.queries.together import Part, parts
from webapp.booking.refusals import NotOffered
from webapp.booking.together import starts_of
from webapp.db import db, unread
from webapp.ids import new_id
from webapp.practice import queries

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


def book_together(request: BookRequest, *, actor: UUID | None, at: datetime) -> list[Appointment]:
    """Book every part of a service that has parts, the first one at `starts_at`; returns them by start.

    `provider_id` is asked for wherever that one performs the part; elsewhere anybody who is free takes it. A refusal
    of one undoes all and leaves the transaction usable. Raises NotOffered for a service without parts, and what `book`
    raises.
    """
    several = parts(request.service_id)
    whole = queries.offer(request.service_id)
    if not several or whole is None or request.location_id not in whole.location_ids:
        raise NotOffered(field="service")
    starts = starts_of(request.starts_at, [part.step for part in several])
    wishes = [_part(request, part, starts_at) for part, starts_at in zip(several, starts, strict=True)]

    how = How(actor, at, together=new_id())

    def attempt() -> list[Appointment]:
        looked = look_all(wishes, how)
        with db.session.begin_nested():
            # Their rows go in one after the other: somebody with one long visit could wait for the first while the next
            # waits for them. So nobody else is there, for the few milliseconds this takes.
            lock_looked(looked, alone=True)
            made = book_looked(wishes, looked)
        return [unread(Appointment, visit, patient_id=request.patient_id) for visit in made]

    try:
        return afresh(attempt, request.patient_id)
    except SeveralTaken as taken:
        raise taken.refused[min(taken.refused)] from None


def _part(request: BookRequest, part: Part, starts_at: datetime) -> BookRequest:
    offer = queries.offer(part.service.id)
    asked = request.provider_id if offer is not None and request.provider_id in offer.provider_ids else None
    return BookRequest(
        request.patient_id,
        part.service.id,
        request.location_id,
        starts_at,
        asked,
        request.note,
        request.via,
        request.deposit_seen_to,
    )
