"""Group visits among those that a change of the clinic leaves without a place: they go as a whole, seats and all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from webapp.booking.actions import locking
from webapp.booking.models import Appointment, GroupSession
from webapp.booking.queries.free import Search, busy, free_times
from webapp.booking.states import LIVE, Status
from webapp.db import db
from webapp.practice import actions as practice
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from webapp.booking.availability import FreeStart
    from webapp.booking.queries.coming import Coming

# A seat that is only offered does not go along.
_SEATED = [status.value for status in LIVE - {Status.HELD}]


@dataclass(frozen=True, slots=True)
class Groups:
    """The seats of some group visits, and everything the groups have or could take at their sites."""

    seats: frozenset[UUID]
    resources: frozenset[UUID]


def lock_groups(seen: Iterable[UUID]) -> Groups:
    """Lock the group visits among what somebody saw, by id, before their seats."""
    query = select(GroupSession).where(GroupSession.id.in_(list(seen))).order_by(GroupSession.id)
    locking.lock_groups(session.id for session in db.session.scalars(query))
    sessions = db.session.scalars(query.execution_options(populate_existing=True)).all()
    seats = _seats({session.id for session in sessions})
    taken = {part for each in sessions for part in (each.provider_id, each.room_id, *each.equipment_ids) if part}
    taken |= {seat.patient_id for seat in seats}
    taken = taken.union(*(practice.resources_of(site) for site in {session.location_id for session in sessions}))
    return Groups(frozenset(seat.id for seat in seats), frozenset(taken))


def patients_of(groups: Collection[UUID]) -> frozenset[UUID]:
    """Everybody who has, or had until it was canceled, a seat in one of some group visits."""
    query = select(Appointment.patient_id).where(Appointment.group_session_id.in_(list(groups)))
    return frozenset(db.session.scalars(query))


def free_for_group(visit: Coming, window: Span, at: datetime) -> list[FreeStart]:
    """Where the whole of a group visit could be at its site: as long as it is, and all who have a seat are free."""
    session = db.session.get_one(GroupSession, visit.id)
    found = free_times(Search(session.service_id, window, location_id=session.location_id, moving=session), at)
    if found is None:
        return []
    seats = _seats({visit.id})
    own = {(seat.patient_id, Span(seat.starts_at, seat.ends_at).seconds) for seat in seats}
    longest = Span(window.start, window.end + (session.ends_at - session.starts_at))
    elsewhere = [
        each.span
        for each in busy([seat.patient_id for seat in seats], longest, at)
        if (each.resource_id, each.span.seconds) not in own
    ]
    return [start for start in found.starts if not any(start.start < b.end and b.start < start.end for b in elsewhere)]


def _seats(groups: Collection[UUID]) -> list[Appointment]:
    query = select(Appointment).where(Appointment.group_session_id.in_(list(groups)), Appointment.status.in_(_SEATED))
    return list(db.session.scalars(query.order_by(Appointment.id).execution_options(populate_existing=True)))
