"""Keep book of sending: a message is claimed, sent outside of any transaction, and marked; each step commits by itself.

Whoever dies between sending and marking leaves it `sending`; it goes again after CLAIM_LASTS, and `resends` counts it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from webapp.db import db
from webapp.jobs import announce
from webapp.news import News, tell_staff
from webapp.notify.actions.telling import DELIVER
from webapp.notify.models import Message
from webapp.notify.notices import Kind
from webapp.notify.parcels import Line, Parcel
from webapp.notify.queries.places import place_of
from webapp.notify.queries.recipients import Recipient, recipient
from webapp.notify.queries.truth import no_more, to_confirm
from webapp.notify.reach import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

CLAIM_LASTS = timedelta(minutes=1)
"""How long a sending may take before it counts as lost: several times what all time-outs of a gateway add up to."""

# The database's clock decides when a job runs, ours what is due.
_SKEW = timedelta(seconds=5)
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=15)
MOST_OF_A_SWEEP = 500
SWITCHED_OFF = "no_carrier"
ENDING = frozenset({Kind.OFFER.value, Kind.PAYMENT_LINK.value})
"""What says until when it holds."""


def claim(message_id: UUID, *, at: datetime) -> Parcel | None:
    """Take a message, and what goes to the same person in the same way now, to be sent; None: there is nothing to send.

    What is no longer true, wanted or possible is skipped, with the reason.
    """
    lead = db.session.get(Message, message_id)
    if lead is None:
        return None
    group = _locked_group(lead, at)
    if not any(message.id == message_id for message in group):
        _again_when_lost(message_id, at)
        return None
    person = recipient(lead.patient_id, at)
    kept = []
    for message in group:
        reason = no_more(message, person, at)
        if reason is None:
            kept.append(message)
        else:
            _skip(message, reason, at)
    if not kept:
        return None
    parcel_id = kept[0].parcel_id or kept[0].id
    for message in kept:
        message.resends += message.state == "sending"
        message.state, message.sending_since, message.parcel_id = "sending", at, parcel_id
        message.attempts += 1
    db.session.flush()
    return _parcel(kept, person)


def _locked_group(lead: Message, at: datetime) -> Sequence[Message]:
    """Lock a message and its like in one order; each of them can be sent now."""
    alike = and_(
        Message.patient_id == lead.patient_id, Message.kind == lead.kind, Message.channel == lead.channel,
        Message.location_id == lead.location_id, Message.account_id.is_not_distinct_from(lead.account_id),
    )  # fmt: skip
    # What went out together once goes together again, so that a parcel is always the same one.
    same = Message.parcel_id.is_not_distinct_from(lead.parcel_id)
    ready = or_(
        and_(Message.state == "queued", Message.due_at <= at + _SKEW),
        and_(Message.state == "sending", Message.sending_since <= at - CLAIM_LASTS),
    )
    if Channel(lead.channel) is Channel.IN_APP or lead.kind == Kind.PAYMENT_LINK.value:
        alike = Message.id == lead.id
    query = select(Message).where(alike, same, ready).order_by(Message.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _again_when_lost(message_id: UUID, at: datetime) -> None:
    """Look again at a message that somebody is just sending: they may be dead."""
    message = db.session.get_one(Message, message_id, populate_existing=True)
    if message.state == "sending" and message.sending_since is not None:
        announce(DELIVER, at=max(at, message.sending_since + CLAIM_LASTS) + _SKEW, message=str(message_id))


def _parcel(messages: Sequence[Message], person: Recipient) -> Parcel:
    first, channel = messages[0], Channel(messages[0].channel)
    addresses = person.addresses(Kind(first.kind))
    address = {Channel.EMAIL: addresses.email, Channel.SMS: addresses.sms}.get(channel, "")
    return Parcel(
        id=first.parcel_id or first.id,
        kind=Kind(first.kind),
        channel=channel,
        patient_id=person.patient_id,
        account_id=first.account_id,
        given=person.given,
        language=person.wishes.language,
        recipient=address,
        location_id=first.location_id,
        place=place_of(first.location_id),
        lines=tuple(
            Line(
                message.id, message.subject_id, message.starts_at, message.was_starts_at,
                message.useless_at if message.kind in ENDING else None, message.cents, message.currency,
                to_confirm(message),
            )
            for message in sorted(messages, key=lambda each: (each.starts_at or each.created_at, each.id))
        ),
        created_at=min(message.created_at for message in messages),
        attempts=first.attempts,
    )  # fmt: skip


def mark_sent(parcel: Parcel, *, at: datetime) -> None:
    """The carrier has it."""
    for message in _of(parcel):
        message.state, message.sent_at, message.sending_since = "sent", at, None


def give_up(parcel: Parcel, reason: str, *, at: datetime) -> None:
    """The carrier never takes it; where there is no carrier at all, nothing was sent that could have failed."""
    state = "skipped" if reason == SWITCHED_OFF else "failed"
    for message in _of(parcel):
        message.state, message.reason, message.sending_since = state, reason, None
    if state == "failed":
        tell_staff(News.UNDELIVERED, parcel.patient_id, at=at, hourly=True)


def postpone(parcel: Parcel, *, at: datetime) -> None:
    """The carrier did not answer: once more, twice as long after each time, up to a quarter of an hour."""
    waits = min(_FIRST_WAIT * 2 ** min(parcel.attempts - 1, 10), _LONGEST_WAIT)
    for message in _of(parcel):
        message.state, message.due_at, message.sending_since = "queued", at + waits, None
        announce(DELIVER, at=at + waits, message=str(message.id))


def _of(parcel: Parcel) -> Sequence[Message]:
    ids = [line.message_id for line in parcel.lines]
    query = select(Message).where(Message.id.in_(ids), Message.state == "sending").order_by(Message.id)
    return db.session.scalars(query.with_for_update()).all()


def _skip(message: Message, reason: str, at: datetime) -> None:
    tried = message.attempts > 0 and reason == "too_late"
    message.state, message.reason, message.sending_since = "failed" if tried else "skipped", reason, None
    if tried:
        tell_staff(News.UNDELIVERED, message.patient_id, at=at, hourly=True)


def left_behind(at: datetime) -> list[UUID]:
    """Messages whose job should have ended long ago, the oldest first."""
    query = (
        select(Message.id)
        .where(
            or_(
                and_(Message.state == "queued", Message.due_at <= at - CLAIM_LASTS),
                and_(Message.state == "sending", Message.sending_since <= at - CLAIM_LASTS),
            )
        )
        .order_by(Message.due_at, Message.id)
        .limit(MOST_OF_A_SWEEP)
    )
    return list(db.session.scalars(query))
