"""Give a patient or a provider a calendar address, and take it back: what had it shows nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from webapp.booking.feeds import hash_of, secret_of
from webapp.booking.models import CalendarFeed
from webapp.db import db
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


# Where there is no address yet, there is no row that two tabs could wait for.
_IN_TURN = text("select pg_advisory_xact_lock(uuid_hash_extended(:whose, 4))")


def make_feed(
    *,
    key: str,
    actor: UUID | None,
    at: datetime,
    patient_id: UUID | None = None,
    provider_id: UUID | None = None,
) -> CalendarFeed:
    """Make a new address for one of the two; the one of before ends, and of two made at once the earlier."""
    db.session.execute(_IN_TURN, {"whose": patient_id or provider_id})
    revoke_feed(at=at, patient_id=patient_id, provider_id=provider_id)
    made = new_id()
    feed = CalendarFeed(
        id=made,
        patient_id=patient_id,
        provider_id=provider_id,
        secret_hash=hash_of(secret_of(made, key=key)),
        created_at=at,
        created_by=actor,
    )
    db.session.add(feed)
    db.session.flush()
    return feed


def revoke_feed(*, at: datetime, patient_id: UUID | None = None, provider_id: UUID | None = None) -> bool:
    """End the address of one of the two; False when there was none."""
    query = select(CalendarFeed).where(
        CalendarFeed.revoked_at.is_(None),
        CalendarFeed.patient_id == patient_id if patient_id is not None else CalendarFeed.provider_id == provider_id,
    )
    feed = db.session.scalars(query.with_for_update()).one_or_none()
    if feed is None:
        return False
    feed.revoked_at = at
    db.session.flush()
    return True
