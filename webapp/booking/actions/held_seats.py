"""What is held of a group visit's seats: ended when it is over, or with a promise when the group goes elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from webapp.booking.actions.locking import lock_groups
from webapp.booking.models import Appointment
from webapp.booking.models.plans import WaitingOffer
from webapp.booking.refusals import HoldBeingPaid
from webapp.booking.states import Status
from webapp.db import db
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_END = text("select doors.end_held_seats(:session, :early, :at)")


def lock_group_of(appointment_id: UUID) -> UUID | None:
    """Lock the group of a seat, before the seat itself, and return its id; None for a visit that is none.

    Read without a lock: whoever is asked for a held seat finds it gone when its group went elsewhere meanwhile.
    """
    session: UUID | None = db.session.scalar(
        select(Appointment.group_session_id).where(Appointment.id == appointment_id)
    )
    if session is not None:
        lock_groups([session])
    return session


def end_overdue(session_id: UUID, at: datetime) -> None:
    """End what was held too long, so that its seats can be taken: after the session and the resources."""
    db.session.execute(_END, {"session": session_id, "early": False, "at": at})


def anything_held(session_id: UUID) -> bool:
    """Whether a seat of a group is held for somebody; stays so under the group's lock."""
    held = (Appointment.group_session_id == session_id, Appointment.status == Status.HELD.value)
    return db.session.scalar(select(Appointment.id).where(*held).limit(1)) is not None


def let_go(session_id: UUID, at: datetime) -> None:
    """End everything that is held of a group that goes elsewhere: nobody was told of a seat there.

    Each offer is answered, and passed on, by its job.  Raises HoldBeingPaid while somebody pays for a seat.
    """
    db.session.flush()
    held = (Appointment.group_session_id == session_id, Appointment.status == Status.HELD.value)
    offers = select(WaitingOffer.id).join(Appointment, Appointment.id == WaitingOffer.hold_id)
    open_still = db.session.scalars(offers.where(*held, WaitingOffer.outcome == "open").order_by(WaitingOffer.id)).all()
    db.session.execute(_END, {"session": session_id, "early": True, "at": at})
    paid_for = db.session.scalars(select(Appointment).where(*held).execution_options(populate_existing=True)).first()
    if paid_for is not None:
        raise HoldBeingPaid(patient=paid_for.patient_id)
    from webapp.booking.waiting_jobs import lapse_offer

    for offer in open_still:
        promise(lapse_offer, offer=str(offer))
