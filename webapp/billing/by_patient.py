"""One press of a patient who pays by themselves: an invoice, or what a visit asks for before it is booked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.billing import charging, paying_page, returns, service
from webapp.billing.actions.attempts import READER_TIME, Wanted, find
from webapp.billing.actions.checkout import open_page
from webapp.billing.actions.confirm_paid import PAY_TIME, ConfirmPaid, open_confirm
from webapp.billing.actions.held_for import asked_of
from webapp.billing.attempt_refusals import CardsAway
from webapp.billing.attempts import State
from webapp.billing.forms.online import read_deposit, read_online
from webapp.billing.queries.attempts import latest_for
from webapp.billing.queries.own import own_page, records_of
from webapp.billing.refusals import DueChanged
from webapp.booking.queries.online import own_visit
from webapp.db import Role, transactional
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

    from webapp.billing.charging import Standing
    from webapp.billing.forms.online import Online
    from webapp.billing.models import Attempt, Invoice
    from webapp.billing.queries.own import OwnPage
    from webapp.booking.models import Appointment
    from webapp.db import Scope
    from webapp.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press led to: its attempt, whether the money is in the ledger, and the card company's page to go to."""

    attempt_id: UUID
    settled: bool
    url: str | None = None
    appointment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Before:
    """An attempt that is there already."""

    id: UUID
    state: State
    by_page: bool
    settled: bool
    cents: int
    appointment_id: UUID | None


def acting(scope: Scope) -> Scope:
    """The patient at the clinic's till: who may pay was judged by row security before, as the patient's own role."""
    return replace(scope, role=Role.DESK, patients=(), locations=None)


def pay_invoice(patient_id: UUID, invoice_id: UUID, form: MultiDict[str, str], once: Claim, scope: Scope) -> Pressed:
    """Pay an invoice or a part of it; while its page is open, everybody is led there.

    Raises NotFound for somebody else's before anything is written, FormInvalid, DueChanged, CardsAway and what opening
    an attempt raises.
    """
    gateway = service.gateway().name
    with transactional(scope, read_only=True):
        found, earlier = own_page(patient_id, invoice_id, scope.at), find(once, scope.actor)
        going = _before(found.going or earlier)
        wanted = None if going is not None else _wanted(found, form, once, gateway, patient_id)
    if wanted is None:
        return _on(going, scope)
    if wanted.card_id is not None:
        return _pressed(charging.pay_by_card(wanted, acting(scope)))
    return _led(paying_page.lead(lambda now: open_page(wanted, actor=now.actor, at=now.at), acting(scope)))


def _wanted(found: OwnPage, form: MultiDict[str, str], once: Claim, gateway: str, patient_id: UUID) -> Wanted:
    typed = read_online(form, found.invoice.currency, free=found.free)
    if typed.seen != found.free:
        raise DueChanged(patient=found.invoice.patient_id, alternatives=[found.free])
    paid_as = None if patient_id == found.invoice.patient_id else patient_id
    return replace(_invoice(found.invoice, typed, once, gateway), paid_as=paid_as)


def pay_hold(patient_id: UUID, hold_id: UUID, form: MultiDict[str, str], once: Claim, scope: Scope) -> Pressed:
    """Pay what a held time asks for before, or its whole price, and book it: both or neither.

    A page that is open is gone on with; after a declined card another one is asked for the same attempt.  Raises
    NotFound, FormInvalid, CardsAway, and what `charging.confirm_paid` raises.
    """
    gateway = service.gateway().name
    with transactional(scope, read_only=True):
        records_of(patient_id)
        visit, earlier = own_visit(patient_id, hold_id), _before(find(once, scope.actor))
        last = _before(latest_for(hold_id))
        asked = asked_of(visit)
        typed = read_deposit(form, asked=asked.cents, price=asked.whole)
        if typed.seen != asked.cents:
            raise DueChanged(patient=patient_id, alternatives=[asked.cents])
        wanted = _hold(visit, typed, once, gateway)
    if earlier is not None:
        return _on(earlier, scope)
    again = _another(last, wanted, once, scope)
    if again is not None:
        return again
    request = ConfirmPaid(hold_id, wanted)
    if wanted.card_id is not None:
        return _pressed(charging.confirm_paid(request, acting(scope)))
    led = paying_page.lead(lambda now: open_confirm(request, actor=now.actor, at=now.at), acting(scope))
    return _led(led)


def _another(last: _Before | None, wanted: Wanted, once: Claim, scope: Scope) -> Pressed | None:
    """Go on with the attempt that a time has already; None when it has none that can still be paid by that way."""
    if last is None or last.settled:
        return None
    state = last.state
    if state in paying_page.PAYABLE and (wanted.card_id is None or not last.by_page):
        return _on(last, scope)
    if state is State.DECLINED and wanted.card_id is not None and last.cents == wanted.cents:
        return _pressed(charging.try_again(last.id, once, acting(scope), card=wanted.card_id))
    if state is State.DECLINED or state in paying_page.PAYABLE:
        # Closed at the gateway first: no two cards ever pay for one time.
        ended = charging.end(last.id, acting(scope))
        return _pressed(ended) if ended.settled else None
    return None


def _before(attempt: Attempt | None) -> _Before | None:
    if attempt is None:
        return None
    by_page, settled = attempt.method in returns.BY_PAGE, attempt.settled_at is not None
    return _Before(attempt.id, State(attempt.state), by_page, settled, attempt.cents, attempt.appointment_id)


def _on(before: _Before | None, scope: Scope) -> Pressed:
    if before is None:
        raise NotFound
    if before.by_page:
        return _led(paying_page.lead_on(before.id, acting(scope)))
    return Pressed(before.id, before.settled, appointment_id=before.appointment_id)


def _led(led: paying_page.Led) -> Pressed:
    if led.url is None and led.standing.state in paying_page.PAYABLE:
        raise CardsAway
    return replace(_pressed(led.standing), url=led.url)


def _pressed(standing: Standing) -> Pressed:
    return Pressed(standing.id, standing.settled, appointment_id=standing.appointment_id)


def _invoice(invoice: Invoice, typed: Online, once: Claim, gateway: str) -> Wanted:
    return Wanted(
        id=new_id(),
        patient_id=invoice.patient_id,
        location_id=invoice.location_id,
        purpose="invoice",
        gateway=gateway,
        method="portal" if typed.card_id is None else "card_on_file",
        cents=typed.cents,
        currency=invoice.currency,
        once=once,
        shares={invoice.id: typed.cents},
        card_id=typed.card_id,
        lasts=returns.STAYS if typed.card_id is None else READER_TIME,
    )


def _hold(visit: Appointment, typed: Online, once: Claim, gateway: str) -> Wanted:
    return Wanted(
        id=new_id(),
        patient_id=visit.patient_id,
        location_id=visit.location_id,
        purpose="booking",
        gateway=gateway,
        method="portal" if typed.card_id is None else "card_on_file",
        cents=typed.cents,
        currency=visit.currency,
        once=once,
        card_id=typed.card_id,
        appointment_id=visit.id,
        lasts=PAY_TIME,
    )
