"""A wish is the one lock of everything about it: before its offers, the visits and the resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.booking.actions.holds import release
from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.refusals import WishEnded
from webapp.booking.states import LIVE, Status
from webapp.db import db, reaches
from webapp.errors import NotFound, VersionConflict
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


def locked_wish(wish_id: UUID) -> WaitingWish:
    """Lock a wish and return it as it is now (NotFound)."""
    query = select(WaitingWish).where(WaitingWish.id == wish_id).with_for_update()
    wish = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if wish is None:
        raise NotFound
    return wish


def lock_wishes_of(patient_id: UUID) -> None:
    """Lock everything somebody waits for, in the order of ids: before their visits."""
    query = select(WaitingWish.id).where(WaitingWish.patient_id == patient_id, WaitingWish.status == "waiting")
    db.session.execute(query.order_by(WaitingWish.id).with_for_update())


def waiting_wish(wish_id: UUID, version: int | None) -> WaitingWish:
    """Lock a wish that still waits, as the person saw it (NotFound, WishEnded, VersionConflict)."""
    wish = locked_wish(wish_id)
    if wish.status != "waiting":
        raise WishEnded(patient=wish.patient_id)
    if version is not None and wish.version != version:
        raise VersionConflict(patient=wish.patient_id)
    return wish


def end_wish(wish: WaitingWish, status: str, at: datetime) -> None:
    """End a locked wish; what was being offered to it goes to the next in line.

    Where the scope does not reach, a job ends the offer; one that is being paid for stays until the payment is over.
    """
    query = select(WaitingOffer).where(WaitingOffer.wish_id == wish.id, WaitingOffer.outcome == "open")
    for offer in db.session.scalars(query.execution_options(populate_existing=True)):
        if not reaches(offer.hold.location_id):
            _let_a_job_end(offer)
            continue
        release(offer.hold_id, at=at)
        if is_kept(offer):
            continue
        # A hold that somebody has booked is the offer that came true.
        booked = Status(offer.hold.status) in LIVE
        answer(offer, "accepted" if booked else "refused", at)
        if not booked:
            pass_on(offer.hold)
    wish.status, wish.ended_at = status, at
    wish.version += 1
    db.session.flush()


def is_kept(offer: WaitingOffer) -> bool:
    """Whether the hold of an offer still is one: what can't be released, somebody pays for."""
    db.session.refresh(offer.hold)
    return offer.hold.status == Status.HELD.value


def answer(offer: WaitingOffer, outcome: str, at: datetime) -> None:
    """Write down how an offer, whose wish is locked, came out."""
    offer.outcome, offer.answered_at = outcome, at
    db.session.flush()


def pass_on(hold: Appointment) -> None:
    """Promise that the time, or the seat, of a hold that is over is offered to the next in line."""
    from webapp.booking.waiting_jobs import offer_seat, offer_time

    db.session.refresh(hold)
    visit, version = str(hold.id), str(hold.version)
    if hold.group_session_id is not None:
        promise(offer_seat, session=str(hold.group_session_id), visit=visit, version=version)
    else:
        promise(offer_time, visit=visit, version=version)


def _let_a_job_end(offer: WaitingOffer) -> None:
    from webapp.booking.waiting_jobs import lapse_offer

    promise(lapse_offer, offer=str(offer.id))
