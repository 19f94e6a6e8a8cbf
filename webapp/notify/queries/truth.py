"""Why a message that waits must not go out any more, and what it still asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.billing.models import Payment, PaymentLink
from webapp.billing.pay_links import address_of
from webapp.billing.queries.balances import due_of
from webapp.booking.models import Appointment, WaitingOffer
from webapp.booking.states import Status
from webapp.db import db
from webapp.notify.models import VisitTold
from webapp.notify.notices import ABOUT_VISITS, STANDS, Kind, Stand
from webapp.notify.queries.schedules import sends_reminders
from webapp.notify.reach import Channel, Choice, said_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.models import Message
    from webapp.notify.queries.recipients import Recipient

# What somebody may choose and still get a message by this way.
_TAKES = {
    Channel.EMAIL: {Choice.EITHER, Choice.EMAIL, Choice.BOTH},
    Channel.SMS: {Choice.EITHER, Choice.SMS, Choice.BOTH},
}


def no_more(message: Message, person: Recipient, at: datetime) -> str | None:
    """The reason to skip a message now, None when it is to be sent: the words stand in `message.reason`."""
    kind = Kind(message.kind)
    if not person.lives:
        return "deceased"
    if message.useless_at <= at:
        return "too_late"
    if kind is Kind.REMINDER and not sends_reminders():
        return "no_reminders"
    return _no_way(message, kind, person) if _is_true(message, kind, at) else "overtaken"


def _is_true(message: Message, kind: Kind, at: datetime) -> bool:
    if kind in ABOUT_VISITS:
        return not _overtaken(message)
    if kind is Kind.REMINDER:
        return _takes_place(message)
    if kind is Kind.OFFER:
        return _is_open(message)
    return kind is not Kind.PAYMENT_LINK or pays(message.subject_id, at) is not None


def _no_way(message: Message, kind: Kind, person: Recipient) -> str | None:
    channel = Channel(message.channel)
    if channel is Channel.IN_APP:
        return None if message.account_id in person.accounts(kind) else "not_theirs"
    if _choice(message, kind, person) not in _TAKES[channel]:
        return "not_wanted"
    addresses = person.addresses(kind)
    there = addresses.email if channel is Channel.EMAIL else addresses.sms
    return None if there else "no_address"


def _choice(message: Message, kind: Kind, person: Recipient) -> Choice:
    """What was said of this very receipt, else what they chose for all such messages by now."""
    paid = db.session.get(Payment, message.subject_id) if kind is Kind.PAYMENT else None
    return (None if paid is None else said_of(paid.receipt)) or person.wishes.choice(kind)


def _overtaken(message: Message) -> bool:
    """Whether something newer was said about the visit since."""
    query = select(VisitTold.turn).where(VisitTold.appointment_id == message.subject_id)
    return (db.session.scalars(query).one_or_none() or 0) > message.turn


def _takes_place(message: Message) -> bool:
    query = select(Appointment.status, Appointment.starts_at).where(Appointment.id == message.subject_id)
    row = db.session.execute(query).one_or_none()
    return row is not None and STANDS[Status(row.status)] is Stand.PLANNED and row.starts_at == message.starts_at


def pays(link_id: UUID, at: datetime) -> PaymentLink | None:
    """A payment link that leads somewhere: not ended, its address known, and something to pay; else None."""
    link = db.session.get(PaymentLink, link_id)
    if link is None or link.revoked_at is not None or link.expires_at <= at or address_of(link) is None:
        return None
    return link if due_of([link.invoice_id]).get(link.invoice_id, 0) > 0 else None


def _is_open(message: Message) -> bool:
    query = select(WaitingOffer.outcome).where(WaitingOffer.id == message.subject_id)
    return db.session.scalars(query).one_or_none() == "open"


def to_confirm(message: Message) -> bool:
    """Whether a reminder asks something: nobody has said yet that they will come."""
    if message.kind != Kind.REMINDER.value:
        return False
    query = select(Appointment.status).where(Appointment.id == message.subject_id)
    return db.session.scalars(query).one_or_none() == Status.BOOKED.value
