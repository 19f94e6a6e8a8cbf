"""Book visits that belong together, one after the other in one coming: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.booking.actions.book import BookRequest, book
from webapp.booking.queries.together import Part, parts
from webapp.booking.refusals import NotOffered
from webapp.booking.together import starts_of
from webapp.db import db
from webapp.ids import new_id
from webapp.practice import actions as practice
from webapp.practice import queries

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


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
    together = new_id()
    with db.session.begin_nested():
        # Their rows go in one after the other: somebody with one long visit could wait for the first while the next
        # waits for them. So nobody else is there, for the few milliseconds this takes.
        needed = practice.resources_of(request.location_id) | {request.patient_id}
        practice.lock_resources(needed | ({request.provider_id} if request.provider_id else set()), exclusive=True)
        starts = starts_of(request.starts_at, [part.step for part in several])
        visits = [
            book(_part(request, part, starts_at), actor=actor, at=at)
            for part, starts_at in zip(several, starts, strict=True)
        ]
        for visit in visits:
            visit.together_id = together
        db.session.flush()
    return visits


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
