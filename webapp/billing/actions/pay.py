"""Take money in: for invoices, for a visit to come, or as credit; and use credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.billing import ledger
from webapp.billing.actions.drawers import cash_account, open_count
from webapp.billing.actions.posting import books_of, lock_invoices, lock_payments, post_at, site, told, write
from webapp.billing.ledger import Tender
from webapp.billing.models import Attempt, Payment
from webapp.billing.postings import Account, AccountKind
from webapp.billing.queries.balances import due_of, open_invoices, reserved_of, same_person, with_credit
from webapp.billing.receipts import By
from webapp.billing.refusals import (
    DueChanged,
    ForeignCurrency,
    MoreThanIsDue,
    NothingLeft,
    WrongAmountOfMoney,
)
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.books import Books
    from webapp.billing.postings import Transaction
    from webapp.practice.models import Location

BY_CARD = frozenset({"card_reader", "card_on_file", "payment_link", "portal"})
MOST_CENTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """Money by one method, and how its receipt goes.

    Cash names its open drawer and what was handed over, a card its attempt.
    """

    method: str
    cents: int
    tendered_cents: int | None = None
    drawer_id: UUID | None = None
    attempt_id: UUID | None = None
    reference: str = ""
    receipt: By = By.PREFERRED


@dataclass(frozen=True, slots=True)
class TakePayment:
    """What somebody pays at a location, by one or several methods.

    `exactly` says how many cents go to which invoice, `pays` which invoices are paid, in that order; without either the
    oldest come first.  What is left is credit.  `seen` is what the page showed as due, by invoice.
    """

    patient_id: UUID
    location_id: UUID
    parts: tuple[Part, ...]
    currency: str
    exactly: Mapping[UUID, int] | None = None
    pays: tuple[UUID, ...] | None = None
    seen: Mapping[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class TakeDeposit:
    """What is paid before a visit, by one method."""

    appointment_id: UUID
    part: Part
    currency: str


def take_payment(request: TakePayment, *, actor: UUID | None, at: datetime) -> tuple[Payment, ...]:
    """Take money in, and pay invoices with it; payments of one coming share their receipt.

    Raises NotFound (also for an invoice of somebody else), WrongAmountOfMoney, ForeignCurrency, DueChanged,
    MoreThanIsDue, DrawerClosed or NoMoneyHere.
    """
    location = site(request.location_id)
    post = post_at(location, at, request.patient_id)
    _check(request.parts, request.currency, location)
    people = same_person(request.patient_id)
    if not people:
        raise NotFound
    wanted = _invoices(request, people)
    invoices = lock_invoices(wanted)
    if any(each.patient_id not in people or each.status != "issued" for each in invoices.values()):
        raise NotFound
    if any(each.currency != request.currency for each in invoices.values()):
        raise ForeignCurrency(patient=request.patient_id)
    # Later statements than the locks: they see what whoever held them has written.
    books = books_of(location.currency, invoices=wanted)
    shares = _shares(request, wanted)
    tenders = [
        Tender(new_id(), new_id(), _into(part, location, actor=actor, at=at), part.cents) for part in request.parts
    ]
    with told(patient=request.patient_id, field="amount", currency=location.currency):
        made = ledger.pay(books, post, tenders, shares)
    receipt = new_id()
    rows = [_row(request.patient_id, location, part, tender, receipt, actor=actor, at=at)
            for part, tender in zip(request.parts, tenders, strict=True)]  # fmt: skip
    write(made, *rows, actor=actor)
    _settled(request.parts, at)
    return tuple(rows)


def take_deposit(request: TakeDeposit, *, actor: UUID | None, at: datetime) -> Payment:
    """Take money for a visit that is to come; its invoice is paid with it (NotFound, and what a payment raises)."""
    visit = db.session.get(Appointment, request.appointment_id)
    if visit is None:
        raise NotFound
    location = site(visit.location_id)
    post = post_at(location, at, visit.patient_id)
    _check((request.part,), request.currency, location)
    tender = Tender(new_id(), new_id(), _into(request.part, location, actor=actor, at=at), request.part.cents)
    with told(patient=visit.patient_id, field="amount"):
        made = ledger.deposit(post, tender)
    row = _row(visit.patient_id, location, request.part, tender, new_id(), actor=actor, at=at)
    row.purpose, row.appointment_id = "deposit", visit.id
    write([made], row, actor=actor)
    _settled((request.part,), at)
    return row


def apply_credit(
    patient_id: UUID, invoice_id: UUID, *, actor: UUID | None, at: datetime, cents: int | None = None
) -> int:
    """Pay an invoice with a person's credit, the oldest first, all of it unless `cents`; how much it was.

    Raises NotFound for an invoice of somebody else, NothingLeft, WrongAmountOfMoney, MoreThanIsDue, NoMoneyHere.
    """
    people = same_person(patient_id)
    invoice = lock_invoices([invoice_id])[invoice_id]
    if invoice.patient_id not in people or invoice.status != "issued":
        raise NotFound
    location = site(invoice.location_id)
    post_at(location, at, patient_id)
    lock_payments(payment for payment, _ in with_credit(people))
    credit = dict(with_credit(people))
    due = due_of([invoice_id]).get(invoice_id, 0) - reserved_of([invoice_id]).get(invoice_id, 0)
    wanted = min(due, sum(credit.values())) if cents is None else cents
    if cents is None and wanted <= 0:
        raise NothingLeft(patient=patient_id)
    if wanted <= 0:
        raise WrongAmountOfMoney(field="amount", patient=patient_id)
    if wanted > min(due, sum(credit.values())):
        raise MoreThanIsDue(field="amount", patient=patient_id)
    books = books_of(invoice.currency, invoices=[invoice_id], payments=list(credit))
    write(_allocations(books, credit, wanted, invoice_id, location, at), actor=actor)
    return wanted


def release_deposit(payment_id: UUID, *, actor: UUID | None, at: datetime) -> None:
    """Make what is left of a deposit credit: its visit will not be (NotFound, MoreThanWasPaid, NoMoneyHere)."""
    payment = lock_payments([payment_id])[payment_id]
    post = post_at(site(payment.location_id), at, payment.patient_id)
    with told(patient=payment.patient_id):
        made = ledger.release_deposit(books_of(payment.currency, payments=[payment_id]), post, payment_id)
    write([made], actor=actor)


def _allocations(
    books: Books, credit: Mapping[UUID, int], wanted: int, invoice_id: UUID, location: Location, at: datetime
) -> list[Transaction]:
    made = []
    for payment_id, held in credit.items():
        part = min(held, wanted)
        if part > 0:
            post = post_at(location, at, books.holder(payment_id))
            made.append(ledger.allocate(books, post, payment_id, invoice_id, part))
            books.post(made[-1])
            wanted -= part
    return made


def _check(parts: tuple[Part, ...], currency: str, location: Location) -> None:
    if currency != location.currency:
        raise ForeignCurrency(field="amount")
    for part in parts:
        if not 0 < part.cents <= MOST_CENTS or (part.tendered_cents or 0) > MOST_CENTS:
            raise WrongAmountOfMoney(field="amount")
        if part.tendered_cents is not None and (part.method != "cash" or part.tendered_cents < part.cents):
            raise WrongAmountOfMoney(field="tendered")
    if not parts:
        raise WrongAmountOfMoney(field="amount")


def _invoices(request: TakePayment, people: list[UUID]) -> list[UUID]:
    """Which invoices may be paid, in the order they are."""
    if request.exactly is not None:
        return list(request.exactly)
    if request.pays is not None:
        return list(dict.fromkeys(request.pays))
    return [each.id for each in open_invoices(people) if each.currency == request.currency]


def _shares(request: TakePayment, wanted: list[UUID]) -> dict[UUID, int]:
    """Cents by invoice: of what is due and not on its way by a card that is not one of these."""
    due, own = due_of(wanted), _own(request)
    reserved = {each: cents - own.get(each, 0) for each, cents in reserved_of(wanted).items()}
    free = {each: due.get(each, 0) - reserved.get(each, 0) for each in wanted}
    if request.seen is not None and any(due.get(each, 0) != cents for each, cents in request.seen.items()):
        raise DueChanged(patient=request.patient_id, alternatives=list(due.items()))
    if request.exactly is not None:
        if any(cents > free[each] for each, cents in request.exactly.items()):
            raise MoreThanIsDue(field="amount", patient=request.patient_id)
        return dict(request.exactly)
    left, shares = sum(part.cents for part in request.parts), {}
    for each in wanted:
        if part := max(0, min(free[each], left)):
            shares[each] = part
            left -= part
    return shares


def _own(request: TakePayment) -> dict[UUID, int]:
    """What the attempts of this very payment have reserved."""
    own: dict[UUID, int] = {}
    for part in request.parts:
        attempt = None if part.attempt_id is None else db.session.get(Attempt, part.attempt_id)
        for share in attempt.allocations if attempt is not None and attempt.settled_at is None else ():
            own[share.invoice_id] = own.get(share.invoice_id, 0) + share.cents
    return own


def _into(part: Part, location: Location, *, actor: UUID | None, at: datetime) -> Account:
    """The account that a method brings money into."""
    if part.method == "cash":
        return cash_account(part.drawer_id, location)
    if part.method == "bank_transfer":
        return Account(AccountKind.BANK_CLEARING, location_id=location.id)
    if part.method == "check":
        return open_count(location, "checks", actor=actor, at=at)
    if part.method in BY_CARD and part.attempt_id is not None:
        return open_count(location, "cards", actor=actor, at=at)
    raise NotFound


def _row(
    patient_id: UUID, location: Location, part: Part, tender: Tender, receipt: UUID, *, actor: UUID | None, at: datetime
) -> Payment:
    tendered = (part.tendered_cents or part.cents) if part.method == "cash" else None
    return Payment(
        id=tender.payment_id, patient_id=patient_id, location_id=location.id, receipt_id=receipt,
        transaction_id=tender.transaction_id, method=part.method, cents=part.cents, currency=location.currency,
        tendered_cents=tendered, change_cents=0 if tendered is None else tendered - part.cents,
        drawer_id=tender.into.drawer_id, attempt_id=part.attempt_id, reference=part.reference.strip()[:200],
        receipt=part.receipt.value, at=at, actor_id=actor,
    )  # fmt: skip


def _settled(parts: tuple[Part, ...], at: datetime) -> None:
    """Attempts whose money is in the ledger reserve nothing any more."""
    for part in parts:
        if part.attempt_id is not None:
            db.session.get_one(Attempt, part.attempt_id).settled_at = at
    db.session.flush()
