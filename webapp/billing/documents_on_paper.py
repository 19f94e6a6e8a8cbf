"""Invoices, credit notes, receipts and statements as papers."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import TYPE_CHECKING

from babel.dates import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.billing.day_words import METHODS, signed
from webapp.billing.paper import Column, Paper, Section, Sum, amounts, long_date
from webapp.billing.queries import papers
from webapp.billing.queries.balances import account_of, same_person
from webapp.booking.wording import local_date
from webapp.errors import NotFound
from webapp.languages import written
from webapp.patients.wording import born, record_number

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.models import Invoice, InvoiceLine, Payment
    from webapp.billing.queries.papers import Settlement, Use
    from webapp.patients.models import Patient
    from webapp.practice.models import Location

YEAR = timedelta(days=365)
KINDS = {
    "credit_note": _l("Credit note"),
    "write_off": _l("Written off"),
    "refund": _l("Given back"),
    "payment_failed": _l("Payment that failed"),
    "reversal": _l("Taken back"),
}
BACK = {"card": _l("Card"), "cash": _l("Cash"), "check": _l("Check"), "bank_transfer": _l("Bank transfer")}


def invoice(invoice_id: UUID, at: datetime) -> Paper:
    """An issued invoice or credit note as it stands now (NotFound for anything else)."""
    found = papers.issued(invoice_id)
    if found is None or found.issued_at is None or found.due_on is None:
        raise NotFound
    site, note = found.location, found.kind == "credit_note"
    title = (_("Credit note %(number)s") if note else _("Invoice %(number)s")) % {"number": found.shown_number}
    facts = [(_("Number"), found.shown_number), (_("Date"), long_date(found.issued_at, site.time_zone))]
    if not note:
        facts.append((_("Due"), format_date(found.due_on, "long", locale=written())))
    facts += _about(found.patient)
    visit = papers.visit_of(found)
    if visit is not None:
        facts.append((_("Visit"), long_date(visit.starts_at, site.time_zone)))
        facts.append((_("With"), visit.provider.name))
    return Paper(
        "invoice", title, site, at, _to(found), tuple(facts), _charged(found), _due(found, site), _remarks(found),
        frozenset({found.patient_id}), f"invoice-{found.shown_number}.pdf",
    )  # fmt: skip


def _about(patient: Patient) -> list[tuple[str, str]]:
    return [(_("Patient"), patient.name), (_("Born"), born(patient.birth_date)),
            (_("MRN"), record_number(patient.record_number))]  # fmt: skip


def _to(found: Invoice) -> tuple[str, ...]:
    lines = tuple(line for line in found.addressee.splitlines() if line.strip())
    return lines or (found.patient.name,)


def _charged(found: Invoice) -> tuple[Section, ...]:
    rows = tuple(_line(line, found.currency) for line in found.lines)
    columns = (
        Column(_("Code")), Column(_("What")), *amounts(_("Number"), _("Price"), _("Discount"), _("Insurer"), _("You")),
    )  # fmt: skip
    return (Section(_("Charged") if found.kind == "invoice" else _("Taken back"), columns, rows),)


def _line(line: InvoiceLine, currency: str) -> tuple[str, ...]:
    label = f"{line.label} ({line.discount_reason})" if line.discount_reason else line.label
    return (
        line.code, label, str(line.quantity), signed(line.unit_cents, currency),
        signed(-line.discount_cents, currency) if line.discount_cents else "",
        signed(line.payer_cents, currency) if line.payer_cents else "", signed(line.patient_cents, currency),
    )  # fmt: skip


def _due(found: Invoice, site: Location) -> tuple[Sum, ...]:
    currency = found.currency
    net = sum(line.net_cents for line in found.lines)
    payer = sum(line.payer_cents for line in found.lines)
    sums = [Sum(_("In all"), signed(net, currency))]
    if payer:
        sums.append(Sum(found.payer_name or _("Insurer"), signed(-payer, currency)))
    if found.kind == "credit_note":
        return (*sums, Sum(_("Taken back from you"), signed(net - payer, currency), strong=True))
    settled = papers.settlements(found.id)
    sums += [Sum(_settled(each, site), signed(each.cents, currency)) for each in settled]
    left = net - payer + sum(each.cents for each in settled)
    return (*sums, Sum(_("To pay"), signed(left, currency), strong=True))


def _settled(each: Settlement, site: Location) -> str:
    day = _date(local_date(each.at, site.time_zone))
    if each.kind in KINDS:
        return f"{KINDS[each.kind]}, {day}"
    return _("Paid, %(how)s, %(day)s", how=METHODS.get(each.method, each.method), day=day)


def _remarks(found: Invoice) -> tuple[str, ...]:
    insured = ""
    if found.payer_name and any(line.payer_cents for line in found.lines):
        parts = (found.payer_name, found.payer_member, found.payer_reference)
        insured = _("The insurer's part is asked of %(who)s.", who=", ".join(part for part in parts if part))
    return (found.note, insured)


def receipt(receipt_id: UUID, at: datetime) -> Paper:
    """What was paid in one coming, how, and for what (NotFound when nothing was)."""
    found = papers.payments_of(receipt_id)
    site = papers.place(found[0].location_id) if found else None
    if site is None:
        raise NotFound
    first = found[0]
    ids, currency = [each.id for each in found], first.currency
    rows = tuple((str(METHODS[each.method]), _how(each), signed(each.cents, currency)) for each in found)
    used = tuple((_used(each), signed(each.cents, currency)) for each in papers.uses_of(ids))
    back = tuple(
        (str(BACK[each.method]), _date(local_date(each.at, site.time_zone)), signed(-each.cents, currency))
        for each in papers.refunds_of(ids)
    )
    paid = long_date(first.at, site.time_zone)
    sections = (
        Section(_("Paid"), (Column(_("How")), Column(_("Details")), *amounts(_("Amount"))), rows),
        Section(_("For"), (Column(_("What")), *amounts(_("Amount"))), used),
        Section(_("Given back since"), (Column(_("How")), Column(_("Day")), *amounts(_("Amount"))), back),
    )
    total = Sum(_("Received, with thanks"), signed(sum(each.cents for each in found), currency), strong=True)
    return Paper(
        "receipt", _("Receipt of %(day)s", day=paid), site, at, (), ((_("Paid on"), paid),), sections, (total,), (),
        frozenset({first.patient_id}), f"receipt-{local_date(first.at, site.time_zone).isoformat()}.pdf",
    )  # fmt: skip


def _how(each: Payment) -> str:
    if each.tendered_cents is not None and each.change_cents:
        given, change = signed(each.tendered_cents, each.currency), signed(each.change_cents, each.currency)
        return _("%(given)s given, %(change)s change", given=given, change=change)
    return each.reference


def _used(use: Use) -> str:
    if use.number:
        return _("Invoice %(number)s", number=use.number)
    return _("Deposit for a visit") if use.account == "deposits" else _("Credit for later")


def statement(patient: Patient, site: Location, at: datetime) -> Paper:
    """What somebody owes, and what was charged and paid in the last year, all their records together."""
    people, since, zone = same_person(patient.id), at - YEAR, site.time_zone
    currency, stand = site.currency, account_of(people)
    documents = papers.documents_since(people, since)
    charged = tuple(_document(each, owed, site) for each, owed in documents if each.issued_at is not None)
    came = [(each.at, str(METHODS[each.method]), each.cents) for each in papers.payments_since(people, since)]
    came += [
        (each.at, _("Given back, %(how)s", how=BACK[each.method]), -each.cents)
        for each in papers.refunds_since(people, since)
    ]
    paid = tuple((_day(when, zone), how, signed(cents, currency)) for when, how, cents in sorted(came))
    columns = (Column(_("Day")), Column(_("Document")), *amounts(_("Your part"), _("To pay")))
    sections = (
        Section(_("Invoices"), columns, charged),
        Section(_("Payments of the last year"), (Column(_("Day")), Column(_("How")), *amounts(_("Amount"))), paid),
    )
    sums = [Sum(_("Open in all"), signed(stand.due_cents, currency))]
    if stand.credit_cents:
        sums.append(Sum(_("Your credit"), signed(-stand.credit_cents, currency)))
    if stand.deposit_cents:
        sums.append(Sum(_("Paid ahead for visits"), signed(stand.deposit_cents, currency)))
    left = stand.due_cents - stand.credit_cents
    last = Sum(_("To pay") if left >= 0 else _("In your favor"), signed(abs(left), currency), strong=True)
    return Paper(
        "statement", _("Statement of %(day)s", day=long_date(at, zone)), site, at, (patient.name,),
        tuple(_about(patient)), sections, (*sums, last), (), frozenset(people),
        f"statement-{local_date(at, zone).isoformat()}.pdf",
    )  # fmt: skip


def _day(moment: dt.datetime, zone: str) -> str:
    return _date(local_date(moment, zone))


def _document(found: Invoice, owed: int, site: Location) -> tuple[str, ...]:
    part = sum(line.patient_cents for line in found.lines)
    note = found.kind == "credit_note"
    name = _("Credit note %(number)s") if note else _("Invoice %(number)s")
    when = "" if found.issued_at is None else _day(found.issued_at, site.time_zone)
    to_pay = "" if note else signed(owed, found.currency)
    return (when, name % {"number": found.shown_number}, signed(-part if note else part, found.currency), to_pay)


def _date(day: dt.date) -> str:
    return format_date(day, "medium", locale=written())
