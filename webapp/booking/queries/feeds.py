"""What a calendar address shows, and which address somebody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from webapp.booking.models import CalendarFeed
from webapp.booking.states import Status
from webapp.db import db
from webapp.practice.models import Location

_CALENDAR = text("select * from doors.calendar(:secret, :since)")


@dataclass(frozen=True, slots=True)
class Shown:
    """One visit as a feed knows it: when, where, and how often that has changed."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    status: Status
    version: int
    location_id: UUID


def feed_of(*, patient_id: UUID | None = None, provider_id: UUID | None = None) -> CalendarFeed | None:
    """The address of one of the two that is not revoked."""
    query = select(CalendarFeed).where(
        CalendarFeed.revoked_at.is_(None),
        CalendarFeed.patient_id == patient_id if patient_id is not None else CalendarFeed.provider_id == provider_id,
    )
    return db.session.scalars(query).one_or_none()


def feed_at(secret_hash: bytes) -> CalendarFeed | None:
    """The feed behind an address, as the clinic knows it; None where `shown_at` has none either."""
    query = select(CalendarFeed).where(CalendarFeed.secret_hash == secret_hash, CalendarFeed.revoked_at.is_(None))
    return db.session.scalars(query).one_or_none()


def shown_at(secret_hash: bytes, since: datetime) -> list[Shown] | None:
    """The visits at an address that begin from a moment on; None for an address nobody has, or that is revoked."""
    rows = db.session.execute(_CALENDAR, {"secret": secret_hash, "since": since}).all()
    if not rows:
        return None
    return [
        Shown(row.appointment_id, row.starts_at, row.ends_at, Status(row.status), row.version, row.location_id)
        for row in rows
        if row.appointment_id is not None
    ]


def places(location_ids: set[UUID]) -> dict[UUID, Location]:
    """The sites that visits are at, retired ones too."""
    query = select(Location).where(Location.id.in_(location_ids))
    return {place.id: place for place in db.session.scalars(query)}
