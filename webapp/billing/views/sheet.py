"""A document as its page shows it: heads, lines, sums and what happened to it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext as _

from webapp.billing import wording
from webapp.billing.postings import Kind
from webapp.billing.queries import desk, story
from webapp.booking.wording import clock, day_name, local_date, short_date
from webapp.money import money
from webapp.patients.wording import born, record_number

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.models import Invoice, InvoiceLine
    from webapp.billing.queries.documents import Happening, Page
    from webapp.patients.models import Patient

CORRECTED = {Kind.WRITE_OFF.value, Kind.ALLOCATION.value}


def context(page: Page, at: datetime) -> dict[str, Any]:
    """Everything of the document itself."""
    invoice = page.invoice
    zone = invoice.location.time_zone
    return {
        "id": invoice.id,
        "title": title(invoice),
        "under": _under(invoice, zone),
        "pill": _pill(page),
        "heads": [head for head in (_patient(invoice), _payer(invoice), _visit(page, zone)) if head["lines"]],
        "insured": any(line.payer_cents for line in page.lines) or bool(invoice.payer_name),
        "lines": [_line(line, invoice.currency) for line in page.lines],
        "totals": _totals(page),
        "last": _last(page),
        "note": invoice.note,
        "activity": _activity(page, zone, at),
        "corrects": _corrects(invoice),
    }


def title(invoice: Invoice) -> str:
    """What the document is called."""
    if invoice.kind == "credit_note":
        return _("Credit note %(number)s", number=invoice.shown_number)
    if invoice.number is None:
        return _("Draft invoice") if invoice.status == "draft" else _("No charge")
    return _("Invoice %(number)s", number=invoice.shown_number)


def _under(invoice: Invoice, zone: str) -> str:
    if invoice.issued_at is None or invoice.due_on is None:
        created = short_date(local_date(invoice.created_at, zone))
        return _("Prepared %(day)s · Not issued yet", day=created) if invoice.status == "draft" else ""
    issued = local_date(invoice.issued_at, zone)
    due = _("Due on receipt") if invoice.due_on <= issued else _("Due %(day)s", day=short_date(invoice.due_on))
    if invoice.kind == "credit_note":
        return _("Issued %(day)s", day=short_date(issued))
    return _("Issued %(day)s · %(due)s", day=short_date(issued), due=due)


def _pill(page: Page) -> dict[str, str]:
    invoice, sums = page.invoice, page.totals
    pills = (
        (invoice.status == "draft", _("Draft"), "neutral", "pencil"),
        (invoice.status == "void_draft", _("No charge"), "neutral", "ban"),
        (invoice.kind == "credit_note", _("Issued"), "info", "check"),
        (sums.due > 0, _("%(amount)s due", amount=money(sums.due, invoice.currency)), "money", "wallet"),
        (0 < sums.patient <= sums.credited, _("Credited"), "neutral", "undo-2"),
        (sums.written_off > 0 and not sums.paid, _("Written off"), "neutral", "minus"),
        (True, _("Paid"), "ok", "check"),
    )
    return next({"text": text, "tone": tone, "icon": icon} for applies, text, tone, icon in pills if applies)


def _patient(invoice: Invoice) -> dict[str, Any]:
    patient = invoice.patient
    name, *lines = invoice.addressee.splitlines() or [patient.name, *_address(patient)]
    about = _("Born %(date)s", date=born(patient.birth_date))
    number = _("MRN %(number)s", number=record_number(patient.record_number))
    return {"label": _("Patient"), "lines": [name, *lines, f"{about} · {number}"]}


def _address(patient: Patient) -> list[str]:
    """Where a draft would go: what is issued keeps the address of its day."""
    for address in patient.addresses[:1]:
        city = ", ".join(part for part in (address.city, address.state) if part)
        return [line for line in (address.line, " ".join(part for part in (city, address.postal_code) if part)) if line]
    return []


def _payer(invoice: Invoice) -> dict[str, Any]:
    if not invoice.payer_name:
        return {"label": _("Insurer"), "lines": []}
    member = _("Member %(number)s", number=invoice.payer_member) if invoice.payer_member else ""
    lines = [invoice.payer_name, member]
    if invoice.payer_reference:
        lines.append(_("Authorized, ref %(reference)s", reference=invoice.payer_reference))
    percent, _sep, copay = invoice.payer_terms.partition(":")
    if percent.isdecimal() and copay.isdecimal():
        terms = _("Patient pays %(share)s%%", share=percent)
        if int(copay):
            terms = _("%(share)s plus %(copay)s copay", share=terms, copay=money(int(copay), invoice.currency))
        lines.append(terms)
    return {"label": _("Insurer"), "lines": [line for line in lines if line]}


def _visit(page: Page, zone: str) -> dict[str, Any]:
    visit = story.visit_of(page.invoice.appointment_id)
    if visit is None:
        return {"label": _("Visit"), "lines": []}
    when = f"{short_date(local_date(visit.starts_at, zone))}, {clock(visit.starts_at, zone)}"
    where = ", ".join(part for part in (visit.service.name, visit.room.name if visit.room else "") if part)
    return {
        "label": _("Visit"),
        "lines": [visit.provider.name, when, where],
        "href": url_for("desk.visit", appointment_id=visit.id),
    }


def _line(line: InvoiceLine, currency: str) -> dict[str, Any]:
    discount = ""
    if line.discount_cents:
        less = money(line.discount_cents, currency)
        discount = _("%(amount)s less: %(why)s", amount=less, why=line.discount_reason or "")
    return {
        "label": line.label,
        "detail": line.code,
        "discount": discount,
        "quantity": line.quantity,
        "price": money(line.unit_cents, currency),
        "payer": money(line.payer_cents, currency),
        "patient": money(line.patient_cents, currency),
    }


def _totals(page: Page) -> list[tuple[str, str]]:
    sums, currency = page.totals, page.invoice.currency
    rows = [
        (_("Total"), sums.total, True),
        (_("Discount"), -sums.discount, False),
        (_("Insurer pays"), -sums.payer, False),
        (_("Patient share"), sums.patient, bool(sums.payer or sums.discount)),
        (_("Credited"), -sums.credited, False),
        (_("Written off"), -sums.written_off, False),
    ]
    if page.invoice.status == "issued" and page.invoice.kind == "invoice":
        rows.append((_("Paid"), -sums.paid, True))
    return [(label, signed(cents, currency)) for label, cents, always in rows if always or cents]


def _last(page: Page) -> tuple[str, str]:
    sums, currency = page.totals, page.invoice.currency
    if page.invoice.kind == "credit_note":
        return _("Taken back"), money(sums.patient + sums.payer, currency)
    if page.invoice.status == "issued":
        return _("Patient owes"), money(sums.due, currency)
    return _("Patient will owe"), money(sums.patient, currency)


def signed(cents: int, currency: str) -> str:
    """An amount with a proper minus: "−$169.50"."""
    return f"\N{MINUS SIGN}{money(-cents, currency)}" if cents < 0 else money(cents, currency)


def _corrects(invoice: Invoice) -> dict[str, str] | None:
    other = story.named(invoice.corrects_id)
    if other is None:
        return None
    return {"text": title(other), "href": url_for("billing.invoice", invoice_id=other.id)}


def _activity(page: Page, zone: str, at: datetime) -> list[dict[str, Any]]:
    """The document's story, the first thing first; each with a link to what it was."""
    invoice = page.invoice
    names = desk.names_of(
        {each.actor_id for each in page.history if each.actor_id} | {invoice.created_by or invoice.id}
    )
    rows = [
        _row(
            _("Draft prepared"), "pencil", names.get(invoice.created_by or invoice.id, ""), invoice.created_at, zone, at
        )
    ]
    open_cards = desk.uncollected({each.payment_id for each in page.history if each.payment_id})
    for each in page.history:
        row = _row(
            wording.happening(each, invoice.currency),
            wording.HAPPENED.get(Kind(each.kind), "check"),
            names.get(each.actor_id or invoice.id, ""),
            each.at,
            zone,
            at,
        )
        card = open_cards.get(each.payment_id or invoice.id)
        detail = wording.state_label(card) if card is not None and each.kind == Kind.PAYMENT else each.reason
        rows.append(row | {"detail": detail, **_links(each, invoice)})
    if invoice.status == "void_draft":
        rows.append(_row(_("No charge"), "ban", "", invoice.created_at, zone, at) | {"detail": invoice.void_reason})
    return rows


def _row(text: str, icon: str, who: str, when: datetime, zone: str, at: datetime) -> dict[str, Any]:
    day, today = local_date(when, zone), local_date(at, zone)
    time = clock(when, zone)
    return {
        "text": _("%(what)s by %(who)s", what=text, who=who) if who else text,
        "icon": icon,
        "when": time if day == today else f"{day_name(day, today)}, {time}",
        "detail": "",
        "href": "",
        "undo": "",
    }


def _links(each: Happening, invoice: Invoice) -> dict[str, str]:
    if each.kind == Kind.CREDIT_NOTE and each.document_id not in {None, invoice.id}:
        return {"href": url_for("billing.invoice", invoice_id=each.document_id)}
    if each.kind in CORRECTED and not each.reversed and invoice.kind == "invoice":
        undo = url_for("billing.ask_take_back", invoice_id=invoice.id, transaction_id=each.transaction_id)
        link = url_for("billing.payment", payment_id=each.payment_id) if each.payment_id else ""
        return {"undo": undo, "href": link}
    if each.payment_id is not None:
        return {"href": url_for("billing.payment", payment_id=each.payment_id)}
    return {}
