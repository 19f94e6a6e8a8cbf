"""Messages of one kind to one person by one way, on their way as one: what is said, without any words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.notices import Kind
    from webapp.notify.reach import Channel


@dataclass(frozen=True, slots=True)
class Place:
    """The clinic's site that a message comes from."""

    name: str
    zone: str
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One visit, offer, payment, refund or payment link; `until` is when an offer or a link ends.

    `to_confirm` is a visit that nobody has said yet they will come to.
    """

    message_id: UUID
    subject_id: UUID
    starts_at: datetime | None = None
    was_starts_at: datetime | None = None
    until: datetime | None = None
    cents: int | None = None
    currency: str | None = None
    to_confirm: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes out at once; `id` stays the same when it has to be sent again.

    `created_at` is when the first of it was owed, `attempts` how often its sending has begun, this time included.
    """

    id: UUID
    kind: Kind
    channel: Channel
    patient_id: UUID
    account_id: UUID | None
    given: str
    language: str
    recipient: str
    location_id: UUID
    place: Place
    lines: tuple[Line, ...]
    created_at: datetime
    attempts: int = 1
