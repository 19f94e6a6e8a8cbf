"""One press of "Book and take": the visit and how its deposit is paid, by card or in somebody's hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from flask_babel import gettext as _

from webapp.billing import charging, service
from webapp.billing.actions.attempts import Wanted, find
from webapp.billing.actions.book_with_payment import BookWithPayment, book_with_payment
from webapp.billing.actions.cancel_with_fee import under_way
from webapp.billing.actions.confirm_paid import PAY_TIME, ConfirmPaid
from webapp.billing.actions.pay import Part
from webapp.billing.attempts import State
from webapp.billing.forms.deposit import about_the_visit, read_paid, read_waived
from webapp.billing.models import Attempt
from webapp.booking.actions import HoldRequest
from webapp.booking.forms import read_booking
from webapp.booking.models import Appointment
from webapp.db import db, transactional
from webapp.errors import BadRequest, FormInvalid, NotFound
from webapp.ids import new_id
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from werkzeug.datastructures import MultiDict

    from webapp.billing.charging import Standing
    from webapp.billing.forms.deposit import Paid
    from webapp.billing.gateways.protocol import Reader
    from webapp.billing.readers import Ready
    from webapp.db import Scope
    from webapp.idempotency import Claim

Time: TypeAlias = "HoldRequest | UUID"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit is to be, whose it is, and what money is called there."""

    patient_id: UUID
    location_id: UUID
    currency: str


def time_wanted(form: MultiDict[str, str]) -> HoldRequest:
    """The visit as the dialog chose it (FormInvalid)."""
    wanted = read_booking(about_the_visit(form))
    return HoldRequest(
        wanted.patient_id, wanted.service_id, wanted.location_id, wanted.starts_at, wanted.provider_id, wanted.note,
        "desk",
    )  # fmt: skip


def place_of(time: Time) -> Place:
    """Where a time is, wished for or held (NotFound)."""
    if isinstance(time, HoldRequest):
        site = db.session.get(Location, time.location_id)
        if site is None:
            raise NotFound
        return Place(time.patient_id, site.id, site.currency)
    kept = db.session.get(Appointment, time)
    if kept is None:
        raise NotFound
    return Place(kept.patient_id, kept.location_id, kept.currency)


def charge(time: Time, form: MultiDict[str, str], ready: Ready, once: Claim, scope: Scope) -> Standing:
    """Hold the time, charge the card, book; the same press again leads to the same attempt.

    An attempt for the same hold whose card was declined is ended first, and closed at the gateway, so that no two
    cards ever pay for one time.  Raises FormInvalid, and what `charging.confirm_paid` raises.
    """
    with transactional(scope, read_only=True):
        place, earlier = place_of(time), find(once, scope.actor)
        paid = read_paid(form, place.currency)
    if not paid.by_card:
        raise BadRequest
    if earlier is None:
        end_declined(time, scope)
    on_file = paid.method == "card_on_file"
    wanted = Wanted(
        id=new_id(),
        patient_id=place.patient_id,
        location_id=place.location_id,
        purpose="booking",
        gateway=service.gateway().name,
        method=paid.method,
        cents=paid.cents,
        currency=place.currency,
        once=once,
        reader_id=None if on_file else _reader(paid, ready.readers),
        card_id=paid.named_id if on_file else None,
        lasts=PAY_TIME,
    )
    return charging.confirm_paid(ConfirmPaid(time, wanted), scope)


def take(time: Time, form: MultiDict[str, str], *, actor: UUID | None, at: datetime) -> Appointment:
    """Book the time and take its deposit in hand (FormInvalid, and what `book_with_payment` raises)."""
    place = place_of(time)
    paid = read_paid(form, place.currency)
    drawer = paid.named_id if paid.method == "cash" else None
    part = Part(paid.method, paid.cents, paid.tendered_cents, drawer, reference=paid.reference)
    return book_with_payment(BookWithPayment(time, part, place.currency), actor=actor, at=at)


def go_without(time: Time, form: MultiDict[str, str], *, actor: UUID | None, at: datetime) -> Appointment:
    """Book the time without its deposit, with the reason in its note; whoever calls has checked the permission."""
    why = _("No deposit: %(reason)s", reason=read_waived(form))
    return book_with_payment(BookWithPayment(time, None, waived=why), actor=actor, at=at)


def end_declined(time: Time, scope: Scope) -> None:
    """End the attempts for a hold whose card was declined: somebody pays another way."""
    if isinstance(time, HoldRequest):
        return
    with transactional(scope, read_only=True):
        open_ones = [db.session.get_one(Attempt, each) for each in under_way(time)]
        declined = [each.id for each in open_ones if State(each.state) is State.DECLINED]
    for each in declined:
        charging.end(each, scope)


def _reader(paid: Paid, readers: Sequence[Reader]) -> str:
    if paid.named:
        return paid.named
    online = [each for each in readers if each.online]
    if len(online) == 1:
        return online[0].id
    none = _("No card reader is ready at this location. Switch it on, or choose another way.")
    raise FormInvalid({"how": [_("Choose which card reader.") if online else none]})
