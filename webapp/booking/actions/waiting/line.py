"""Whoever is first in line for a free time or seat gets it held for them, with an offer that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from webapp.booking.actions.holds import HoldRequest, hold
from webapp.booking.actions.seats import JoinRequest, hold_seat
from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.queries.waiting import Candidate, candidates, free_seat, held_for
from webapp.booking.refusals import PatientNotBookable
from webapp.booking.waiting import FreeSeat, FreeTime, answer_by
from webapp.db import db
from webapp.errors import Refusal
from webapp.ids import new_id
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment

_IN_TURN = text("select pg_advisory_xact_lock(uuid_hash_extended(:whose, 3))")


def take_turn(whose: UUID) -> None:
    """Do one step at a time for each provider or group: of two, the later would pass by whom the earlier is asking."""
    db.session.execute(_IN_TURN, {"whose": whose})


def offer_seat(session_id: UUID, at: datetime) -> WaitingOffer | None:
    """Hold a free seat of a group for the first in line; None when there is none, or nobody who waits fits."""
    take_turn(session_id)
    free = free_seat(session_id, at)
    return None if free is None else first_in_line(free, at)


def first_in_line(free: FreeTime, at: datetime) -> WaitingOffer | None:
    """Hold a time for the first who can have it, write the offer, and promise that it lapses when nobody answers.

    What cannot be held for one is not tried for all the others of their service.  None when nobody can have it.
    """
    people = candidates(free, at)
    ttl = held_for(free.location_id) if people else timedelta()
    hopeless: set[UUID] = set()
    for person in people:
        if person.service_id in hopeless:
            continue
        try:
            offer = _offer(person, free, ttl, at)
        except PatientNotBookable:
            continue
        except Refusal:
            # A hold leaves its patient free, so it was the time, the place or the staff.
            hopeless.add(person.service_id)
            continue
        if offer is not None:
            _promise_end(offer)
            return offer
    return None


def _offer(person: Candidate, free: FreeTime, ttl: timedelta, at: datetime) -> WaitingOffer | None:
    """Hold it for one person; None when somebody is busy with their wish.  Raises what `hold` and `hold_seat` do."""
    until = answer_by(person.notice, free.starts_at, at, ttl)
    # A refused hold lets go of what it locked, so that the next one locks in order.
    with db.session.begin_nested():
        if not _waits_still(person.id):
            return None
        kept = _keep(person, free, until - at, at)
    offer = WaitingOffer(
        id=new_id(), wish_id=person.id, patient_id=person.patient_id, hold_id=kept.id, offered_at=at, expires_at=until,
        outcome="open",
    )  # fmt: skip
    db.session.add(offer)
    db.session.flush()
    return offer


def _keep(person: Candidate, free: FreeTime, ttl: timedelta, at: datetime) -> Appointment:
    if isinstance(free, FreeSeat):
        return hold_seat(JoinRequest(free.session_id, person.patient_id), ttl, at=at)
    wanted = HoldRequest(
        person.patient_id, person.service_id, free.location_id, free.starts_at, free.provider_id, via="desk"
    )
    return hold(wanted, ttl, actor=None, at=at)


def _waits_still(wish_id: UUID) -> bool:
    """Lock a wish, unless somebody has it; two chains never offer to one person at once."""
    query = select(WaitingWish.id).where(WaitingWish.id == wish_id, WaitingWish.status == "waiting")
    if db.session.scalars(query.with_for_update(skip_locked=True)).one_or_none() is None:
        return False
    # A later statement than the lock: it sees what the one who had it has written.
    offered = select(WaitingOffer.id).where(WaitingOffer.wish_id == wish_id, WaitingOffer.outcome == "open")
    return db.session.scalars(offered).one_or_none() is None


def _promise_end(offer: WaitingOffer) -> None:
    from webapp.booking.waiting_jobs import lapse_offer

    promise(lapse_offer, at=offer.expires_at, offer=str(offer.id))
