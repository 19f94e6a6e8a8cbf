"""From the pure ledger into PostgreSQL and back: locks first, then the books, then what is posted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, or_, select

from webapp.billing.books import Books
from webapp.billing.models import Invoice, LedgerEntry, LedgerTransaction, Payment
from webapp.billing.postings import (
    AT_A_SITE,
    Account,
    AccountKind,
    Entry,
    LedgerRefusal,
    MoreThanCredit,
    MoreThanDue,
    MoreThanPaid,
    NothingCharged,
    NotPositive,
    OtherCurrency,
    Post,
    ReversedBefore,
    Unknown,
)
from webapp.billing.refusals import (
    ForeignCurrency,
    MoreThanIsDue,
    MoreThanWasPaid,
    NoMoneyHere,
    NothingLeft,
    NothingToCharge,
    WrongAmountOfMoney,
)
from webapp.db import db, reaches
from webapp.errors import NotFound, Refusal
from webapp.ids import new_id
from webapp.money import Money
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.postings import Transaction
    from webapp.db import Base

_TOLD: dict[type[LedgerRefusal], type[Refusal]] = {
    NotPositive: WrongAmountOfMoney,
    NothingCharged: NothingToCharge,
    MoreThanDue: MoreThanIsDue,
    MoreThanPaid: MoreThanWasPaid,
    MoreThanCredit: MoreThanWasPaid,
    ReversedBefore: NothingLeft,
    OtherCurrency: ForeignCurrency,
    Unknown: NotFound,
}


def lock_invoices(ids: Iterable[UUID]) -> dict[UUID, Invoice]:
    """Lock some invoices by id and return them as they are now (NotFound when one is not there)."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = select(Invoice).where(Invoice.id.in_(wanted)).order_by(Invoice.id).with_for_update(key_share=True)
    found = {each.id: each for each in db.session.scalars(query.execution_options(populate_existing=True))}
    if found.keys() != wanted:
        raise NotFound
    return found


def lock_payments(ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Lock some payments by id, after the invoices (NotFound when one is not there)."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = select(Payment).where(Payment.id.in_(wanted)).order_by(Payment.id).with_for_update(key_share=True)
    found = {each.id: each for each in db.session.scalars(query)}
    if found.keys() != wanted:
        raise NotFound
    return found


def books_of(currency: str, *, invoices: Collection[UUID] = (), payments: Collection[UUID] = ()) -> Books:
    """Read the part of the ledger that some locked invoices and payments are in; a later statement than their locks."""
    query = select(LedgerEntry).where(
        or_(LedgerEntry.invoice_id.in_(list(invoices)), LedgerEntry.payment_id.in_(list(payments)))
    )
    entries = list(db.session.scalars(query.order_by(LedgerEntry.id)))
    paying = {entry.payment_id for entry in entries if entry.payment_id is not None} | set(payments)
    holders = db.session.execute(select(Payment.id, Payment.patient_id).where(Payment.id.in_(paying)))
    books = Books(currency, holders={row.id: row.patient_id for row in holders})
    books.take(entry_of(each) for each in entries)
    return books


def entry_of(row: LedgerEntry) -> Entry:
    """A row of the ledger as the pure ledger has it: what is a patient's belongs to no site."""
    kind = AccountKind(row.account)
    site = row.location_id if kind in AT_A_SITE else None
    account = Account(
        kind, row.patient_id, row.invoice_id, row.payment_id, site, row.drawer_id, row.drawer_day_id, row.category
    )
    return Entry(account, row.cents)


def post_at(location: Location, at: datetime, patient_id: UUID | None = None) -> Post:
    """A new transaction at a location, in its currency (NoMoneyHere when the scope does not reach it)."""
    if not reaches(location.id):
        raise NoMoneyHere(patient=patient_id)
    return Post(new_id(), at, location.id, location.currency, patient_id)


def site(location_id: UUID) -> Location:
    """A location by id (NotFound)."""
    found = db.session.get(Location, location_id)
    if found is None:
        raise NotFound
    return found


def write(made: Iterable[Transaction], *rows: Base, actor: UUID | None) -> None:
    """Write transactions with the rows that name them; PostgreSQL proves at COMMIT that all of it balances."""
    made = list(made)
    if not made:
        db.session.add_all(rows)
        db.session.flush()
        return
    request = func.coalesce(func.current_setting("app.request", True), "")
    heads = [
        {
            "id": each.id, "kind": each.kind.value, "at": each.post.at, "currency": each.post.currency,
            "patient_id": each.post.patient_id, "location_id": each.post.location_id, "reverses_id": each.reverses,
            "document_id": each.document_id, "reason": each.reason, "actor_id": actor,
        }
        for each in made
    ]  # fmt: skip
    db.session.execute(insert(LedgerTransaction).values(request=request), heads)
    db.session.add_all(rows)
    db.session.flush()
    entries = [
        {
            "transaction_id": each.id, "account": entry.account.kind.value, "cents": entry.cents,
            "patient_id": entry.account.patient_id, "invoice_id": entry.account.invoice_id,
            "payment_id": entry.account.payment_id, "drawer_id": entry.account.drawer_id,
            "drawer_day_id": entry.account.drawer_day_id, "category": entry.account.category,
            "location_id": entry.account.location_id or each.post.location_id,
        }
        for each in made
        for entry in each.entries
    ]  # fmt: skip
    db.session.execute(insert(LedgerEntry), entries)


@contextmanager
def told(*, patient: UUID | None = None, field: str | None = None, currency: str = "USD") -> Iterator[None]:
    """What the ledger refuses, as a person is told it; `alternatives` is what is left, where that is the trouble."""
    try:
        yield
    except LedgerRefusal as error:
        refusal = _TOLD.get(type(error))
        if refusal is None:
            raise
        left = (Money(error.left, currency),) if error.left > 0 else ()
        raise refusal(field=field, patient=patient, alternatives=left) from error
