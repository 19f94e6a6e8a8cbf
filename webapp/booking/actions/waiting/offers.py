"""The chain of the waiting list: a freed time is held for one person after the other, until somebody takes it.

Each step is one transaction that promises the next job, so whatever dies between two steps, the next one is done; and
each looks at what is free now, so a step that is done twice offers nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from webapp.booking.actions.holds import book_held, lapse, release, take_over
from webapp.booking.actions.waiting.line import first_in_line, offer_seat, take_turn
from webapp.booking.actions.waiting.locking import answer, end_wish, is_kept, locked_wish, pass_on
from webapp.booking.models import Appointment
from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.queries.waiting import (
    Place,
    fulfilled_by_moving,
    left_by,
    still_free,
)
from webapp.booking.refusals import HoldBeingPaid, HoldOver, OfferAnswered, WishEnded
from webapp.booking.states import LIVE, Status
from webapp.booking.waiting import FreeTime
from webapp.db import db
from webapp.errors import NotFound
from webapp.jobs import promise
from webapp.practice.models import Service

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


def offer_next(visit_id: UUID, version: int, *, at: datetime) -> WaitingOffer | None:
    """Hold what is free of the time a visit left at its `version`, for the first in line, and write the offer.

    Promises that the offer lapses when nobody answers for as long as the site holds one (sooner where the person needs
    notice), and to look again at what is left of the time.  A visit that moved to where its patient wished it is one
    wish less.  None when nothing is free, or nobody who waits fits.
    """
    place = left_by(visit_id, version)
    if place is None:
        return None
    take_turn(place.provider_id)
    _end_fulfilled(visit_id, place, at)
    for span in still_free(place, at):
        offer = first_in_line(FreeTime(place.provider_id, place.location_id, place.zone, span.start), at)
        if offer is not None:
            _promise_more(offer, visit_id, version, place)
            return offer
    return None


def offer_next_seat(session_id: UUID, visit_id: UUID, version: int, *, at: datetime) -> WaitingOffer | None:
    """Hold a free seat of a group visit for the first in line, as `offer_next` does a time; somebody left one.

    One step, one seat: none where nobody left more, though a group may have others that were never taken.  Whoever
    left may sit in an earlier group by now, and so be one wish less.  None when the group is full, has begun or is
    canceled, or nobody who waits fits.
    """
    take_turn(session_id)
    place = left_by(visit_id, version)
    if place is not None:
        _end_fulfilled(visit_id, place, at)
    return offer_seat(session_id, at)


def accept(offer_id: UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    """The person takes the time: the visit they have moves into it, or it is booked; they are off the list.

    What they leave goes to the next in line.  Raises NotFound, OfferAnswered, DepositFirst where the held time has to
    be paid for (billing books it then), and what `take_over` and `book_held` do.
    """
    offer, wish = _locked(offer_id)
    _must_be_open(offer)
    if wish.appointment_id is not None:
        visit = take_over(offer.hold_id, wish.appointment_id, at=at)
    elif db.session.get_one(Service, wish.service_id).deposit_cents:
        raise DepositFirst(field="service", patient=offer.patient_id)
    else:
        visit = book_held(offer.hold_id, actor=actor, at=at)
    answer(offer, "accepted", at)
    end_wish(wish, "taken", at)
    return visit


def accept_paid(offer_id: UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    """The person has paid for the time: the visit they have moves into it, or it is booked, however late that is known.

    The payment keeps the hold, so an offer is over by its hold alone.  Raises NotFound, HoldOver when the time went to
    the next in line, WishEnded when the visit was moved, canceled or not to be moved any more meanwhile, and what
    `take_over` and `book_held` do: then the money goes back.
    """
    offer, wish = _locked(offer_id)
    if db.session.get_one(Appointment, offer.hold_id, populate_existing=True).status != Status.HELD.value:
        raise HoldOver(patient=offer.patient_id)
    if wish.appointment_id is None:
        visit = book_held(offer.hold_id, actor=actor, at=at)
    elif wish.status == "waiting":
        visit = take_over(offer.hold_id, wish.appointment_id, at=at, paid=True)
    else:
        raise WishEnded(patient=offer.patient_id)
    if offer.outcome == "open":
        answer(offer, "accepted", at)
    if wish.status == "waiting":
        end_wish(wish, "taken", at)
    return visit


def refuse(offer_id: UUID, *, at: datetime) -> WaitingOffer:
    """The person waits on, and the time goes to the next.

    Raises NotFound, OfferAnswered, HoldBeingPaid while a payment for the time is under way, or NotAllowedHere.
    """
    offer, _ = _locked(offer_id)
    _must_be_open(offer)
    if not release(offer.hold_id, at=at) and is_kept(offer):
        raise HoldBeingPaid(patient=offer.patient_id)
    answer(offer, "refused", at)
    pass_on(offer.hold)
    return offer


def close_offer(offer_id: UUID, *, at: datetime) -> bool:
    """End an offer that is over, whose wish is, or whose hold was used or cancelled on the board; False: it goes on."""
    offer, wish = _locked(offer_id)
    if offer.outcome != "open":
        return False
    kept = db.session.get_one(Appointment, offer.hold_id, populate_existing=True)
    status = Status(kept.status)
    ended = wish.status != "waiting"
    if status is Status.HELD and not (release(kept.id, at=at) if ended else _lapsed(offer, at)):
        return False
    if status in LIVE - {Status.HELD}:
        answer(offer, "accepted", at)
        if not ended:
            end_wish(wish, "taken", at)
        return True
    answer(offer, "refused" if ended or status is Status.CANCELLED else "lapsed", at)
    pass_on(kept)
    return True


def stale_offers(at: datetime) -> list[UUID]:
    """List the open offers that `close_offer` would end, the oldest first."""
    query = (
        select(WaitingOffer.id)
        .join(Appointment, Appointment.id == WaitingOffer.hold_id)
        .where(WaitingOffer.outcome == "open")
        .join(WaitingWish, WaitingWish.id == WaitingOffer.wish_id)
        .where(
            or_(
                WaitingOffer.expires_at <= at,
                Appointment.status != Status.HELD.value,
                WaitingWish.status != "waiting",
            )
        )
        .order_by(WaitingOffer.expires_at, WaitingOffer.id)
    )
    return list(db.session.scalars(query))


def last_of_chain(hold_id: UUID, version: int, at: datetime) -> WaitingOffer | None:
    """The offer whose hold left a time at its `version` that is free still and was offered to nobody after it."""
    offer = db.session.scalars(select(WaitingOffer).where(WaitingOffer.hold_id == hold_id)).one_or_none()
    place = None if offer is None else left_by(hold_id, version)
    if offer is None or place is None or not still_free(place, at):
        return None
    later = (
        select(WaitingOffer.id)
        .join(Appointment, Appointment.id == WaitingOffer.hold_id)
        .where(WaitingOffer.offered_at > offer.offered_at, WaitingOffer.id != offer.id)
        .where(Appointment.provider_id == place.provider_id, Appointment.starts_at == place.span.start)
    )
    return offer if db.session.scalars(later.limit(1)).first() is None else None


def _locked(offer_id: UUID) -> tuple[WaitingOffer, WaitingWish]:
    """Lock the wish of an offer, then read both as they are now (NotFound)."""
    wish_id = db.session.scalars(select(WaitingOffer.wish_id).where(WaitingOffer.id == offer_id)).one_or_none()
    if wish_id is None:
        raise NotFound
    wish = locked_wish(wish_id)
    return db.session.get_one(WaitingOffer, offer_id, populate_existing=True), wish


def _lapsed(offer: WaitingOffer, at: datetime) -> bool:
    return offer.expires_at <= at and lapse(offer.hold_id, at=at)


def _must_be_open(offer: WaitingOffer) -> None:
    if offer.outcome != "open":
        raise OfferAnswered(patient=offer.patient_id)


def _end_fulfilled(visit_id: UUID, left: Place, at: datetime) -> None:
    """End the wishes for an earlier time that a visit's move has fulfilled."""
    for wish_id in fulfilled_by_moving(visit_id, left):
        if (wish := locked_wish(wish_id)).status == "waiting":
            end_wish(wish, "taken", at)


def _promise_more(offer: WaitingOffer, visit_id: UUID, version: int, place: Place) -> None:
    from webapp.booking.waiting_jobs import offer_time

    if db.session.get_one(Appointment, offer.hold_id).ends_at < place.span.end:
        promise(offer_time, visit=str(visit_id), version=str(version))
