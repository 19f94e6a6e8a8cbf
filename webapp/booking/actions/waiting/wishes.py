"""Put people on the waiting list, correct what they wait for, and take them off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, text

from webapp import idempotency
from webapp.booking.actions.book import book
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.actions.waiting.locking import end_wish, locked_wish, waiting_wish
from webapp.booking.models import Appointment
from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.queries.together import composed
from webapp.booking.queries.waiting import wished
from webapp.booking.refusals import (
    NotOffered,
    PatientNotBookable,
    WishedAlready,
    WishEnded,
    WishNotSingle,
    WrongState,
)
from webapp.booking.states import MOVABLE, Status
from webapp.booking.waiting import FreeTime, match, rank
from webapp.db import db
from webapp.errors import NotFound
from webapp.idempotency import Claim
from webapp.ids import new_id
from webapp.patients.models import Patient
from webapp.practice.models import Location, Service
from webapp.practice.queries import offer as service_offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.booking.actions.book import BookRequest, Once, Overbook

_OVER = text("""
    select w.id, p.deceased_at is not null or p.merged_into is not null as gone
    from waiting_wish as w
    join patient as p on p.id = w.patient_id
    left join location as l on l.id = w.location_id
    left join appointment as a on a.id = w.appointment_id
    where w.status = 'waiting' and (
        w.latest < (cast(:at as timestamptz) at time zone coalesce(l.time_zone, :zone))::date
        or p.deceased_at is not null or p.merged_into is not null
        or a.status not in ('booked', 'confirmed') or a.starts_at <= :at)
    order by w.id
""")


@dataclass(frozen=True, slots=True)
class WishTerms:
    """What somebody waits for, as the form has it; times are wall clock, days local, notice in minutes."""

    service_id: UUID
    earliest: date
    latest: date | None = None
    location_id: UUID | None = None
    provider_ids: tuple[UUID, ...] = ()
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    from_time: time = time(0)
    to_time: time = time(23, 59, 59)
    urgency: int = 1
    notice_minutes: int = 0
    note: str = ""


def add_wish(
    patient_id: UUID, terms: WishTerms, *, actor: UUID | None, at: datetime, appointment_id: UUID | None = None
) -> WaitingWish:
    """Put a patient on the waiting list; with `appointment_id` they would give up that visit for an earlier one.

    Raises NotFound, PatientNotBookable, NotOffered, WrongState for a visit that can't move, and WishedAlready when the
    same visit, or without one the same service, is waited for already.
    """
    # The patient's row is the lock: two desks that add the same wish at once would both find none.
    query = select(Patient).where(Patient.id == patient_id).with_for_update(key_share=True)
    person = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if person is None:
        raise NotFound
    if person.deceased_at is not None or person.merged_into is not None:
        raise PatientNotBookable(patient=patient_id)
    if appointment_id is not None:
        _check_visit(appointment_id, patient_id, terms.service_id)
    _check_offered(terms)
    same = select(WaitingWish.id).where(
        WaitingWish.patient_id == patient_id,
        WaitingWish.status == "waiting",
        WaitingWish.service_id == terms.service_id,
        WaitingWish.appointment_id.is_not_distinct_from(appointment_id),
    )
    if db.session.scalars(same).first() is not None:
        raise WishedAlready(patient=patient_id)
    wish = WaitingWish(
        id=new_id(), patient_id=patient_id, appointment_id=appointment_id, status="waiting", created_at=at,
        created_by=actor, version=1, **_columns(terms),
    )  # fmt: skip
    db.session.add(wish)
    db.session.flush()
    return wish


def change_wish(wish_id: UUID, terms: WishTerms, *, version: int, at: datetime) -> WaitingWish:  # noqa: ARG001 - every action takes the time
    """Correct a wish that still waits; what is offered to it already stays (NotFound, WishEnded, VersionConflict).

    A wish for an earlier time keeps the type of its visit.  Raises NotOffered too.
    """
    wish = waiting_wish(wish_id, version)
    if wish.appointment_id is not None and terms.service_id != wish.service_id:
        raise NotOffered(field="service")
    _check_offered(terms)
    for name, value in _columns(terms).items():
        setattr(wish, name, value)
    wish.version += 1
    db.session.flush()
    return wish


def withdraw_wish(wish_id: UUID, *, version: int | None, at: datetime) -> WaitingWish:
    """Take somebody off the list; a time that is held for them goes to the next (NotFound, WishEnded)."""
    wish = waiting_wish(wish_id, version)
    end_wish(wish, "withdrawn", at)
    return wish


def over(at: datetime, zone: str) -> list[tuple[UUID, str]]:
    """List the wishes that have come to nothing, and how they end.

    Expired: the last day is over (in the site's zone, or `zone`), or the visit that was to be earlier has begun or is
    gone.  Withdrawn: the patient has died or was merged into another record.
    """
    rows = db.session.execute(_OVER, {"at": at, "zone": zone})
    return [(row.id, "withdrawn" if row.gone else "expired") for row in rows]


def end_if_over(wish_id: UUID, status: str, *, at: datetime) -> bool:
    """End one of the wishes that are over; False when somebody ended it before."""
    wish = locked_wish(wish_id)
    if wish.status != "waiting":
        return False
    end_wish(wish, status, at)
    return True


def end_wishes_of(patient_id: UUID, *, at: datetime) -> int:
    """End everything somebody waits for, because they died or their record is another's now; how many there were."""
    query = select(WaitingWish.id).where(WaitingWish.patient_id == patient_id, WaitingWish.status == "waiting")
    return sum(end_if_over(wish, "withdrawn", at=at) for wish in sorted(db.session.scalars(query)))


def book_wished(
    request: BookRequest,
    wish_id: UUID,
    *,
    actor: UUID | None,
    at: datetime,
    once: Once | None = None,
    overbook: Overbook | None = None,
) -> Appointment:
    """Book for somebody on the list what they wait for, which takes them off it.

    Raises what `book` does, and WishEnded when another desk was faster; the same key again is the same visit.
    """
    wish = locked_wish(wish_id)
    if wish.patient_id != request.patient_id:
        raise NotFound
    if wish.status != "waiting" and not _was_sent_before(actor, once):
        raise WishEnded(patient=wish.patient_id)
    visit = book(request, actor=actor, at=at, once=once, overbook=overbook)
    if wish.status == "waiting":
        end_wish(wish, "taken", at)
    return visit


def join_wished(request: JoinRequest, wish_id: UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    """Give somebody on the list the seat they wait for, which takes them off it.

    Raises what `join` does, and WishEnded when another desk was faster.
    """
    wish = locked_wish(wish_id)
    if wish.patient_id != request.patient_id:
        raise NotFound
    if wish.status != "waiting":
        raise WishEnded(patient=wish.patient_id)
    seat = join(request, actor=actor, at=at)
    end_wish(wish, "taken", at)
    return seat


def come_true(visit: Appointment, *, at: datetime) -> None:
    """Take off the list the wish that a visit fulfils, however long ago it was chosen; other wishes go on waiting.

    That is the one whose offer was taken, else the first of those that wait for just such a time.  One that somebody
    is busy with stays; it is ended by whoever that is, or by hand.
    """
    query = select(WaitingWish).where(
        WaitingWish.patient_id == visit.patient_id,
        WaitingWish.service_id == visit.service_id,
        WaitingWish.appointment_id.is_(None),
        WaitingWish.status == "waiting",
    )
    wishes = db.session.scalars(query.order_by(WaitingWish.id).with_for_update(skip_locked=True)).all()
    offered = set(db.session.scalars(select(WaitingOffer.wish_id).where(WaitingOffer.hold_id == visit.id)))
    zone = db.session.get_one(Location, visit.location_id).time_zone
    time = FreeTime(visit.provider_id, visit.location_id, zone, visit.starts_at)
    known = {wish.id: wish for wish in wishes}
    waited = rank(wished(wish, visit.ends_at - visit.starts_at) for wish in wishes)
    first = next((each for each in waited if each.id in offered), None) or next(
        (each for each in waited if match(each, time, at)), None
    )
    if first is not None:
        end_wish(known[first.id], "taken", at)


def _was_sent_before(actor: UUID | None, once: Once | None) -> bool:
    if actor is None or once is None:
        return False
    return idempotency.find(db.session(), Claim(actor, once.key, once.request_hash)) is not None


def _check_visit(appointment_id: UUID, patient_id: UUID, service_id: UUID) -> None:
    visit = db.session.get(Appointment, appointment_id)
    if visit is None or visit.patient_id != patient_id:
        raise NotFound
    if Status(visit.status) not in MOVABLE:
        raise WrongState(patient=patient_id)
    if visit.service_id != service_id:
        raise NotOffered(field="service")
    # What became a group since it was booked is no seat, and moves into none.
    seat = db.session.get_one(Service, service_id).capacity > 1
    if visit.together_id is not None or seat != (visit.group_session_id is not None):
        raise WishNotSingle(patient=patient_id)


def _check_offered(terms: WishTerms) -> None:
    """Refuse what could never come true: nobody asked for offers this there (NotOffered)."""
    offered = service_offer(terms.service_id)
    if offered is None or offered.service.retired_at is not None:
        raise NotOffered(field="service")
    if offered.service.id in composed():
        raise WishNotSingle(field="service")
    if terms.location_id is not None and terms.location_id not in offered.location_ids:
        raise NotOffered(field="location")
    if not _all_in(terms.provider_ids, offered.provider_ids):
        raise NotOffered(field="provider")


def _all_in(wanted: Sequence[UUID], known: frozenset[UUID]) -> bool:
    return known.issuperset(wanted)


def _columns(terms: WishTerms) -> dict[str, object]:
    return {
        "service_id": terms.service_id,
        "location_id": terms.location_id,
        "provider_ids": list(terms.provider_ids),
        "weekdays": sorted(set(terms.weekdays)),
        "from_time": terms.from_time,
        "to_time": terms.to_time,
        "earliest": terms.earliest,
        "latest": terms.latest,
        "urgency": terms.urgency,
        "notice_minutes": terms.notice_minutes,
        "note": terms.note,
    }
