"""Write down who is owed which message; sending it is a job that the same transaction promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from webapp.billing.models import Invoice, Payment, Refund
from webapp.booking.models import Appointment, WaitingOffer
from webapp.db import db
from webapp.ids import new_id
from webapp.jobs import announce
from webapp.notify.models import Message, VisitTold
from webapp.notify.notices import GRACE, NEWS_LASTS, Kind, Stand, owed
from webapp.notify.queries.recipients import Recipient, recipient
from webapp.notify.queries.shown import came_to_nothing
from webapp.notify.queries.truth import pays
from webapp.notify.queries.visits import Visit, locked_visit, told
from webapp.notify.reach import Channel, Choice, said_of, ways
from webapp.notify.timing import due
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.notify.notices import Facts, Told

DELIVER = "notify.deliver"
RECEIPT_LASTS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one patient is to be told, whatever the ways; `key` is what makes it the same one again."""

    key: str
    kind: Kind
    patient_id: UUID
    subject_id: UUID
    location_id: UUID
    zone: str
    useless_at: datetime
    turn: int = 1
    version: int | None = None
    starts_at: datetime | None = None
    was_starts_at: datetime | None = None
    cents: int | None = None
    currency: str | None = None


def consider_visits(visit_ids: Iterable[UUID], *, at: datetime) -> datetime | None:
    """Decide for each visit what its patient is owed; returns when to look again at what may still be undone."""
    again = [look for visit_id in sorted(visit_ids) if (look := _consider(visit_id, at)) is not None]
    return min(again, default=None)


def _consider(visit_id: UUID, at: datetime) -> datetime | None:
    visit = locked_visit(visit_id)
    if visit is None or visit.now.stand is Stand.NOT_YET:
        return None
    turn, last = told(visit_id)
    kind = owed(last, visit.now, at)
    if kind is None:
        return None
    settled = visit.now.at + GRACE
    if at < settled:
        return settled
    person = recipient(visit.patient_id, at)
    if not person.lives:
        return None
    if at - visit.now.at <= NEWS_LASTS:
        tell(_about(visit, kind, last, turn + 1), person, at=at)
    _remember(visit, turn + 1, at)
    return None


def _about(visit: Visit, kind: Kind, last: Told | None, turn: int) -> Notice:
    """What is said: of a canceled visit the time that was told last, which is the one in somebody's calendar."""
    known: Facts | None = None if last is None else last.facts
    facts = known if kind is Kind.CANCELLATION and known is not None else visit.now.facts
    moved = kind is Kind.CHANGE and known is not None and known.starts_at != facts.starts_at
    return Notice(
        key=f"visit:{visit.id}:{turn}",
        kind=kind,
        patient_id=visit.patient_id,
        subject_id=visit.id,
        location_id=facts.location_id,
        zone=visit.zone,
        useless_at=facts.starts_at,
        turn=turn,
        version=visit.version,
        starts_at=facts.starts_at,
        was_starts_at=known.starts_at if moved and known is not None else None,
    )


def _remember(visit: Visit, turn: int, at: datetime) -> None:
    facts = visit.now.facts
    row = {
        "turn": turn,
        "planned": visit.now.stand is Stand.PLANNED,
        "starts_at": facts.starts_at,
        "location_id": facts.location_id,
        "provider_id": facts.provider_id,
        "version": visit.version,
        "told_at": at,
    }
    statement = insert(VisitTold).values(appointment_id=visit.id, **row)
    db.session.execute(statement.on_conflict_do_update(index_elements=["appointment_id"], set_=row))


def tell_offer(offer_id: UUID, *, at: datetime) -> None:
    """Tell somebody on the waiting list of the time that is held for them, at once."""
    offer = db.session.get(WaitingOffer, offer_id)
    if offer is None or offer.outcome != "open" or offer.expires_at <= at:
        return
    kept = db.session.get_one(Appointment, offer.hold_id)
    place = db.session.get_one(Location, kept.location_id)
    notice = Notice(
        key=f"offer:{offer.id}",
        kind=Kind.OFFER,
        patient_id=offer.patient_id,
        subject_id=offer.id,
        location_id=place.id,
        zone=place.time_zone,
        useless_at=offer.expires_at,
        starts_at=kept.starts_at,
    )
    tell(notice, recipient(offer.patient_id, at), at=at)


def tell_money(kind: Kind, row_id: UUID, *, at: datetime) -> None:
    """Tell somebody that money of theirs came in or went back."""
    row: Payment | Refund | None
    row = db.session.get(Payment, row_id) if kind is Kind.PAYMENT else db.session.get(Refund, row_id)
    if row is None or at - row.at > RECEIPT_LASTS:
        return
    place = db.session.get_one(Location, row.location_id)
    currency = row.currency if isinstance(row, Payment) else db.session.get_one(Payment, row.payment_id).currency
    notice = Notice(
        key=f"{kind}:{row.id}",
        kind=kind,
        patient_id=row.patient_id,
        subject_id=row.id,
        location_id=place.id,
        zone=place.time_zone,
        useless_at=row.at + RECEIPT_LASTS,
        cents=row.cents,
        currency=currency,
    )
    said = said_of(row.receipt) if isinstance(row, Payment) else None
    tell(notice, recipient(row.patient_id, at), at=at, choice=said)


def tell_link(link_id: UUID, *, at: datetime) -> None:
    """Tell somebody where an invoice of theirs can be paid: once for each link, and again where nothing went out."""
    link = pays(link_id, at)
    if link is None:
        return
    place = db.session.get_one(Invoice, link.invoice_id).location
    turn = 1 + came_to_nothing(link.id)
    notice = Notice(
        key=f"payment_link:{link.id}:{turn}",
        kind=Kind.PAYMENT_LINK,
        patient_id=link.patient_id,
        subject_id=link.id,
        location_id=place.id,
        zone=place.time_zone,
        useless_at=link.expires_at,
        turn=turn,
    )
    tell(notice, recipient(link.patient_id, at), at=at)


def tell(notice: Notice, person: Recipient, *, at: datetime, choice: Choice | None = None) -> None:
    """Queue a notice for every way it goes by, and promise its sending; one that was queued before changes nothing.

    `choice` is what was said there and then; without it the person is told as they chose for all such things.
    """
    if not person.lives:
        return
    choice = choice or person.wishes.choice(notice.kind)
    notice = replace(notice, patient_id=person.patient_id)
    addresses = person.addresses(notice.kind)
    outward = ways(choice, addresses)
    for channel in outward:
        moment = due(notice.kind, at, notice.useless_at, person.wishes.quiet_on(channel), notice.zone)
        account = addresses.email_account if channel is Channel.EMAIL else None
        _queue(notice, channel, account, moment, at)
    if not outward:
        reason = "not_wanted" if choice is Choice.NONE else "no_address"
        _queue(notice, Channel.SMS if choice is Choice.SMS else Channel.EMAIL, None, at, at, reason)
    for account in person.accounts(notice.kind):
        _queue(notice, Channel.IN_APP, account, at, at)


def _queue(
    notice: Notice, channel: Channel, account: UUID | None, moment: datetime, at: datetime, reason: str | None = None
) -> None:
    """One message by one way; what is skipped is written down, so that the desk sees who heard nothing, and why."""
    whose = f":{account}" if channel is Channel.IN_APP else ""
    row = {
        "id": new_id(),
        "patient_id": notice.patient_id,
        "account_id": account,
        "kind": notice.kind.value,
        "channel": channel.value,
        "subject_id": notice.subject_id,
        "turn": notice.turn,
        "version": notice.version,
        "starts_at": notice.starts_at,
        "was_starts_at": notice.was_starts_at,
        "location_id": notice.location_id,
        "cents": notice.cents,
        "currency": notice.currency,
        "created_at": at,
        "due_at": moment,
        "useless_at": notice.useless_at,
        "state": "queued" if reason is None else "skipped",
        "reason": reason,
        "dedupe_key": f"{notice.key}:{channel.value}{whose}",
    }
    statement = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["dedupe_key"])
    queued = db.session.execute(statement.returning(Message.id)).scalar_one_or_none()
    if queued is not None and reason is None:
        announce(DELIVER, at=moment if moment > at else None, message=str(queued))
