"""Attempts to move money: opened under locks on what they pay, changed by the table only, each step kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.billing.actions.posting import lock_invoices
from webapp.billing.attempt_refusals import AttemptOver, BeingPaid, CardGone, NotPayable
from webapp.billing.attempts import Event, State, after
from webapp.billing.gateways.protocol import ChargeOrder
from webapp.billing.models import Attempt, AttemptAllocation, AttemptEvent, CardOnFile
from webapp.billing.queries.balances import due_of, reserved_of
from webapp.billing.receipts import By
from webapp.billing.refusals import DueChanged, MoreThanIsDue, NoMoneyHere, WrongAmountOfMoney
from webapp.db import db, reaches
from webapp.errors import KeyReused, NotFound
from webapp.jobs import promise

if TYPE_CHECKING:
    from webapp.idempotency import Claim

READER_TIME = timedelta(minutes=3)
"""How long a card may take at a reader, or a bank to answer, before the attempt is given up."""
FIRST_LOOK = timedelta(seconds=20)
"""When a job looks after an attempt that whoever opened it may have left: longer than any call to a gateway takes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One press that asks for a card's money: `id` is made by the caller, `once` is the form's key.

    `shares` are cents by invoice; what they leave of `cents` becomes credit.  `seen` is what the page showed as due, by
    invoice.  `appointment_id` is the hold to be paid for.  A reader is named as the gateway does, a card by its row.
    `paid_as` is the record in whose portal an invoice of another one, merged into it, is paid.
    """

    id: UUID
    patient_id: UUID
    location_id: UUID
    purpose: str
    gateway: str
    method: str
    cents: int
    currency: str
    once: Claim
    shares: Mapping[UUID, int] = field(default_factory=dict)
    seen: Mapping[UUID, int] | None = None
    reader_id: str | None = None
    card_id: UUID | None = None
    appointment_id: UUID | None = None
    paid_as: UUID | None = None
    lasts: timedelta = READER_TIME
    receipt: By = By.PREFERRED


def open_attempt(wanted: Wanted, *, actor: UUID | None, at: datetime) -> Attempt:
    """Write the attempt down, ready to be sent, or return the one that the same press opened before.

    A twin of the press waits here for the first one.  Open attempts and what is paid never exceed what is due, because
    the invoices are locked before it is counted.  Raises KeyReused, CardGone, NotFound for an invoice that is not this
    patient's, NotPayable, BeingPaid, DueChanged, MoreThanIsDue, WrongAmountOfMoney or NoMoneyHere.
    """
    if not reaches(wanted.location_id):
        raise NoMoneyHere(patient=wanted.patient_id)
    made = db.session.execute(
        insert(Attempt)
        .values(
            id=wanted.id,
            patient_id=wanted.patient_id,
            location_id=wanted.location_id,
            purpose=wanted.purpose,
            appointment_id=wanted.appointment_id,
            gateway=wanted.gateway,
            method=wanted.method,
            reader_id=wanted.reader_id,
            card_id=_card(wanted),
            cents=wanted.cents,
            currency=wanted.currency,
            receipt=wanted.receipt.value,
            form_key=wanted.once.key,
            request_hash=wanted.once.request_hash,
            actor_id=actor,
            paid_as=wanted.paid_as,
            created_at=at,
            expires_at=at + wanted.lasts,
        )
        .on_conflict_do_nothing(index_elements=["actor_id", "form_key"])
        .returning(Attempt.id)
    )
    if made.scalar() is None:
        return earlier(wanted.once, actor)
    _check_amount(wanted)
    check_due(wanted.shares, wanted.patient_id, wanted.currency, seen=wanted.seen)
    db.session.add_all(_shares(wanted))
    attempt = locked(wanted.id)
    step(attempt, Event.SEND, at=at, actor=actor)
    attempt.tries = 1
    look_after(attempt, at + FIRST_LOOK)
    return attempt


def send_again(attempt_id: UUID, *, actor: UUID | None, at: datetime, card: UUID | None = None) -> Attempt:
    """Make a declined attempt ready for another card; what is due is looked at once more.

    Raises AttemptOver when it is not declined (any more), CardGone, and what `open_attempt` raises.
    """
    attempt = locked(attempt_id)
    if State(attempt.state) is not State.DECLINED:
        raise AttemptOver(patient=attempt.patient_id)
    if card is not None:
        attempt.card_id = _usable(card, attempt.patient_id, attempt.gateway)
    shares = {share.invoice_id: share.cents for share in attempt.allocations}
    check_due(shares, attempt.patient_id, attempt.currency)
    step(attempt, Event.SEND, at=at, actor=actor)
    attempt.tries += 1
    attempt.expires_at = max(attempt.expires_at, at + READER_TIME)
    look_after(attempt, at + FIRST_LOOK)
    return attempt


def give_up(attempt_id: UUID, *, actor: UUID | None, at: datetime, code: str = "") -> Attempt:
    """Decide that an attempt is not to be paid: whatever it reserved goes back, and nothing more can be.

    Nothing changes when it is voided already; raises AttemptOver when its money is in the ledger.
    """
    attempt = locked(attempt_id)
    if attempt.settled_at is not None:
        raise AttemptOver(patient=attempt.patient_id)
    if step(attempt, Event.VOID, at=at, actor=actor, code=code):
        look_after(attempt, at)
    return attempt


def step(
    attempt: Attempt,
    event: Event,
    *,
    at: datetime,
    actor: UUID | None = None,
    code: str = "",
    told: str | None = None,
) -> bool:
    """Let an event happen to a locked attempt and write it into its timeline; False when it came too late or twice."""
    before = State(attempt.state)
    now = after(before, event)
    if now is before:
        return False
    attempt.state, attempt.code = now.value, code
    attempt.version += 1
    db.session.add(
        AttemptEvent(
            attempt_id=attempt.id,
            patient_id=attempt.patient_id,
            at=at,
            kind=now.value,
            code=code,
            gateway_event_id=told,
            actor_id=actor,
        )
    )
    db.session.flush()
    return True


def locked(attempt_id: UUID) -> Attempt:
    """Lock an attempt and return it as it is now (NotFound)."""
    query = select(Attempt).where(Attempt.id == attempt_id).with_for_update()
    attempt = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if attempt is None:
        raise NotFound
    return attempt


def look_after(attempt: Attempt, due: datetime) -> None:
    """Promise a job that carries on with the attempt, whatever becomes of this process."""
    from webapp.billing.jobs import settle_attempt

    promise(settle_attempt, at=due, attempt=str(attempt.id))


def order_of(attempt: Attempt) -> ChargeOrder:
    """The attempt as the gateway is asked for it."""
    card = None if attempt.card_id is None else db.session.get(CardOnFile, attempt.card_id)
    return ChargeOrder(
        attempt.id,
        attempt.cents,
        attempt.currency,
        tries=attempt.tries,
        reader=attempt.reader_id,
        customer=None if card is None else card.customer,
        card=None if card is None else card.method,
        external_id=attempt.external_id,
    )


def find(once: Claim, actor: UUID | None) -> Attempt | None:
    """The attempt that a press opened before; raises KeyReused when the key came with other content."""
    query = select(Attempt).where(Attempt.actor_id.is_not_distinct_from(actor), Attempt.form_key == once.key)
    known = db.session.scalars(query).one_or_none()
    if known is not None and bytes(known.request_hash) != once.request_hash:
        raise KeyReused
    return known


def earlier(once: Claim, actor: UUID | None) -> Attempt:
    """The attempt that a press opened before (NotFound, KeyReused)."""
    known = find(once, actor)
    if known is None:
        raise NotFound
    return known


def check_due(
    shares: Mapping[UUID, int], patient_id: UUID, currency: str, *, seen: Mapping[UUID, int] | None = None
) -> None:
    """Lock the invoices by id and refuse more than is due of each, what other attempts are about to take left out.

    Raises NotFound for what is not this patient's, NotPayable, BeingPaid, DueChanged and MoreThanIsDue.
    """
    invoices = lock_invoices(shares).values()
    if any(one.patient_id != patient_id for one in invoices):
        raise NotFound
    if any(one.status != "issued" or one.kind != "invoice" or one.currency != currency for one in invoices):
        raise NotPayable(patient=patient_id)
    # Later statements than the locks: they see what whoever held them before has written.
    due, reserved = due_of(shares), reserved_of(shares)
    if any(due.get(invoice, 0) != cents for invoice, cents in (seen or {}).items()):
        raise DueChanged(patient=patient_id, alternatives=list(due.items()))
    for invoice, cents in shares.items():
        if cents > due.get(invoice, 0) - reserved.get(invoice, 0):
            raise (BeingPaid if reserved.get(invoice) else MoreThanIsDue)(field="amount", patient=patient_id)


def _shares(wanted: Wanted) -> list[AttemptAllocation]:
    return [
        AttemptAllocation(attempt_id=wanted.id, invoice_id=invoice, patient_id=wanted.patient_id, cents=cents)
        for invoice, cents in sorted(wanted.shares.items())
    ]


def _check_amount(wanted: Wanted) -> None:
    if min([wanted.cents, *wanted.shares.values()]) <= 0 or sum(wanted.shares.values()) > wanted.cents:
        raise WrongAmountOfMoney(field="amount", patient=wanted.patient_id)


def _card(wanted: Wanted) -> UUID | None:
    return None if wanted.card_id is None else _usable(wanted.card_id, wanted.patient_id, wanted.gateway)


def _usable(card_id: UUID, patient_id: UUID, gateway: str) -> UUID:
    card = db.session.get(CardOnFile, card_id)
    if card is None or card.patient_id != patient_id:
        raise NotFound
    if card.retired_at is not None or card.gateway != gateway:
        raise CardGone(field="card", patient=patient_id)
    return card.id
