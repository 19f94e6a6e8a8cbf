"""What pages show: how somebody is told, what was sent to them, and what a local clinic would have sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from webapp.db import db
from webapp.errors import NotFound
from webapp.notify.models import ContactPreference, MailboxItem, Message
from webapp.notify.queries.recipients import known_addresses, refused, wishes
from webapp.notify.reach import Channel
from webapp.patients.models import Patient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webapp.notify.reach import Wishes

MOST = 50


@dataclass(frozen=True, slots=True)
class Told:
    """How a patient is told: what they chose (`version` 0: nothing yet), and each address with why it takes nothing."""

    patient_id: UUID
    name: str
    given: str
    version: int
    language: str | None
    wishes: Wishes
    addresses: tuple[tuple[str, str | None], ...]


def how_told(patient_id: UUID) -> Told:
    """Read how a patient is told (NotFound)."""
    patient = db.session.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    row = db.session.get(ContactPreference, patient_id, populate_existing=True)
    emails, phones = known_addresses(patient_id)
    dead = refused([*emails, *phones])
    return Told(
        patient_id=patient.id,
        name=patient.name,
        given=patient.given,
        version=0 if row is None else row.version,
        language=None if row is None else row.language,
        wishes=wishes(row, patient.language),
        addresses=tuple((address, dead.get(address)) for address in (*emails, *phones)),
    )


def messages_of(patient_id: UUID) -> Sequence[Message]:
    """The last messages to a patient, and to records that became theirs, newest first."""
    merged = select(Patient.id).where(Patient.merged_into == patient_id)
    query = (
        select(Message)
        .where(or_(Message.patient_id == patient_id, Message.patient_id.in_(merged)))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MOST)
    )
    return db.session.scalars(query).all()


def undelivered(since: datetime) -> Sequence[tuple[Message, str]]:
    """Messages that did not arrive since a moment, newest first, with the names of their patients.

    One of which a later message went out by the same way is left out: somebody has mended the address.
    """
    later = aliased(Message)
    mended = exists().where(
        later.patient_id == Message.patient_id,
        later.created_at > Message.created_at,
        later.channel == Message.channel,
        later.state == "sent",
    )
    query = (
        select(Message, Patient)
        .join(Patient, Patient.id == Message.patient_id)
        .where(Message.state == "failed", Message.created_at > since, ~mended, Patient.deceased_at.is_(None))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MOST)
    )
    return [(message, patient.name) for message, patient in db.session.execute(query)]


def came_to_nothing(subject_id: UUID) -> int:
    """How often something was to be said of a subject and no e-mail or text of it went out or is on its way."""
    query = select(Message.turn, Message.state).where(
        Message.subject_id == subject_id, Message.channel != Channel.IN_APP.value
    )
    turns: dict[int, set[str]] = {}
    for row in db.session.execute(query):
        turns.setdefault(row.turn, set()).add(row.state)
    return sum(states <= {"failed", "skipped"} for states in turns.values())


def is_told(subject_id: UUID) -> bool:
    """Whether an e-mail or text about a subject went out or is on its way."""
    query = select(Message.id).where(
        Message.subject_id == subject_id,
        Message.channel != Channel.IN_APP.value,
        Message.state.in_(["queued", "sending", "sent"]),
    )
    return db.session.scalar(query.limit(1)) is not None


def mailbox() -> Sequence[tuple[MailboxItem, str]]:
    """The last things that a local clinic would have sent, newest first, with the names of whom they are about."""
    query = (
        select(MailboxItem, Patient)
        .join(Patient, Patient.id == MailboxItem.patient_id)
        .order_by(MailboxItem.at.desc(), MailboxItem.id.desc())
        .limit(MOST)
    )
    return [(item, patient.name) for item, patient in db.session.execute(query)]


def mailbox_item(item_id: UUID) -> MailboxItem:
    """One of them (NotFound)."""
    item = db.session.get(MailboxItem, item_id)
    if item is None:
        raise NotFound
    return item
