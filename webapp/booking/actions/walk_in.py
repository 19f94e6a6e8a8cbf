"""Somebody comes in without an appointment: booked for now and checked in, both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.booking.actions.book import BookRequest, book
from webapp.booking.actions.progress import check_in
from webapp.booking.actions.together import book_together
from webapp.booking.queries.together import parts
from webapp.practice.models import LATTICE_MINUTES

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Who came for what; no `provider_id` means the first who is free now."""

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    provider_id: UUID | None = None
    note: str = ""


def walk_in(request: WalkIn, *, actor: UUID | None, at: datetime) -> Appointment:
    """Book from the next step of the lattice on and check the patient in at `at`; returns the (first) visit.

    Raises what `book` does: SlotTaken or OutsideHours when nobody is free now.
    """
    wanted = BookRequest(
        request.patient_id,
        request.service_id,
        request.location_id,
        next_step(at),
        request.provider_id,
        request.note,
        "walk_in",
        # A deposit keeps people from staying away; who is here pays at the desk.
        deposit_seen_to=True,
    )
    if parts(request.service_id):
        visits = book_together(wanted, actor=actor, at=at)
    else:
        visits = [book(wanted, actor=actor, at=at)]
    for visit in visits:
        check_in(visit.id, at=at)
    return visits[0]


def next_step(at: datetime) -> datetime:
    """The first instant of the lattice that is not before a moment."""
    step = LATTICE_MINUTES * 60
    return at + timedelta(seconds=-at.timestamp() % step)
