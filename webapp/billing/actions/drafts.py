"""Drafts: made when a visit is over, changed until they are issued, or void with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select

from webapp.billing.actions.posting import lock_invoices, post_at, site
from webapp.billing.models import Invoice, InvoiceLine, Payment
from webapp.billing.refusals import (
    BilledAlready,
    DocumentFixed,
    ForeignCurrency,
    LinesWrong,
    MoneyReasonMissing,
    NotFinished,
)
from webapp.billing.shares import payer_parts
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id
from webapp.patients.models import Coverage
from webapp.practice import prices
from webapp.practice.models import BillableItem, Service

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.practice.models import Location


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a form says it, in cents; no `payer_cents` means what the coverage says.

    A service or an item has its code, words and category from the price list; anything else brings its own words.
    """

    quantity: int
    unit_cents: int
    label: str = ""
    service_id: UUID | None = None
    item_id: UUID | None = None
    discount_cents: int = 0
    discount_reason: str = ""
    payer_cents: int | None = None
    category: str = "Other"


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """All lines of a draft, and the version of it that the person saw; `currency` is that of the amounts."""

    invoice_id: UUID
    lines: tuple[Line, ...]
    version: int
    note: str = ""
    currency: str = ""


def draft_visit(appointment_id: UUID, *, actor: UUID | None, at: datetime, replaces: UUID | None = None) -> Invoice:
    """Draft the invoice of a finished visit: its service at the price of its day, the payer's part from the coverage.

    A visit with a deposit costs what was agreed then.  Raises NotFound, NotFinished, BilledAlready, ForeignCurrency.
    """
    visit = db.session.get(Appointment, appointment_id)
    if visit is None:
        raise NotFound
    if visit.status != Status.FINISHED.value:
        raise NotFinished(patient=visit.patient_id)
    standing = select(Invoice.id).where(
        Invoice.appointment_id == visit.id, Invoice.kind == "invoice", Invoice.status != "void_draft"
    )
    if replaces is None and (billed := db.session.scalars(standing.limit(1)).first()) is not None:
        raise BilledAlready(patient=visit.patient_id, alternatives=[billed])
    location = site(visit.location_id)
    day = visit.starts_at.astimezone(ZoneInfo(location.time_zone)).date()
    unit = Line(1, _price(visit, day), service_id=visit.service_id)
    return _new(
        Invoice(appointment_id=visit.id, patient_id=visit.patient_id, replaces_id=replaces, purpose="visit"),
        location, [unit], day, actor=actor, at=at,
    )  # fmt: skip


def new_draft(
    patient_id: UUID, location_id: UUID, lines: Sequence[Line], *, actor: UUID | None, at: datetime
) -> Invoice:
    """Draft an invoice that belongs to no visit: something sold at the desk (NotFound, LinesWrong, ForeignCurrency)."""
    location = site(location_id)
    day = at.astimezone(ZoneInfo(location.time_zone)).date()
    return _new(Invoice(patient_id=patient_id, purpose="other"), location, lines, day, actor=actor, at=at)


def save_draft(wanted: SaveDraft, *, at: datetime) -> Invoice:
    """Replace the lines of a draft (NotFound, VersionConflict, DocumentFixed, LinesWrong, MoneyReasonMissing)."""
    invoice = locked_draft(wanted.invoice_id, wanted.version)
    location = site(invoice.location_id)
    post_at(location, at, invoice.patient_id)
    if wanted.currency and wanted.currency != invoice.currency:
        raise ForeignCurrency(patient=invoice.patient_id)
    visit = None if invoice.appointment_id is None else db.session.get(Appointment, invoice.appointment_id)
    day = (at if visit is None else visit.starts_at).astimezone(ZoneInfo(location.time_zone)).date()
    db.session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    _fill(invoice, wanted.lines, coverage_of(invoice.patient_id, day))
    invoice.note = wanted.note
    invoice.version += 1
    db.session.flush()
    db.session.refresh(invoice)
    return invoice


def void_draft(invoice_id: UUID, reason: str, *, at: datetime, version: int | None = None) -> Invoice:
    """Say that there is no charge, and why (NotFound, VersionConflict, DocumentFixed, MoneyReasonMissing)."""
    invoice = locked_draft(invoice_id, version)
    post_at(site(invoice.location_id), at, invoice.patient_id)
    if not reason.strip():
        raise MoneyReasonMissing(field="reason", patient=invoice.patient_id)
    invoice.status, invoice.void_reason = "void_draft", reason.strip()
    invoice.version += 1
    db.session.flush()
    return invoice


def locked_draft(invoice_id: UUID, version: int | None) -> Invoice:
    """Lock a draft (NotFound, DocumentFixed when it is none any more, VersionConflict)."""
    invoice = lock_invoices([invoice_id])[invoice_id]
    if invoice.status != "draft":
        raise DocumentFixed(patient=invoice.patient_id)
    if version is not None and invoice.version != version:
        raise VersionConflict(patient=invoice.patient_id)
    return invoice


def coverage_of(patient_id: UUID, day: dt.date) -> Coverage | None:
    """Who pays a part on a day: of several, the one that began last."""
    query = select(Coverage).where(
        Coverage.patient_id == patient_id,
        Coverage.valid_from <= day,
        or_(Coverage.valid_to.is_(None), Coverage.valid_to >= day),
    )
    return db.session.scalars(query.order_by(Coverage.valid_from.desc(), Coverage.id).limit(1)).first()


def _new(
    invoice: Invoice, location: Location, lines: Sequence[Line], day: dt.date, *, actor: UUID | None, at: datetime
) -> Invoice:
    coverage = coverage_of(invoice.patient_id, day)
    invoice.id, invoice.location_id = new_id(), location.id
    invoice.currency = post_at(location, at, invoice.patient_id).currency
    invoice.created_at, invoice.created_by = at, actor
    if coverage is not None:
        invoice.payer_name, invoice.payer_member = coverage.payer_name, coverage.member
        invoice.payer_reference = coverage.reference
        invoice.payer_terms = f"{coverage.share_percent}:{coverage.copay_cents}"
    db.session.add(invoice)
    db.session.flush()
    _fill(invoice, lines, coverage)
    db.session.refresh(invoice)
    return invoice


def _fill(invoice: Invoice, lines: Sequence[Line], coverage: Coverage | None) -> None:
    nets = [line.quantity * line.unit_cents - line.discount_cents for line in lines]
    parts = [0] * len(nets)
    if coverage is not None and min(nets, default=0) >= 0:
        parts = payer_parts(nets, coverage.share_percent, coverage.copay_cents)
    for position, (line, part) in enumerate(zip(lines, parts, strict=True), 1):
        db.session.add(_row(invoice, line, position, part if line.payer_cents is None else line.payer_cents))
    db.session.flush()


def _row(invoice: Invoice, line: Line, position: int, payer_cents: int) -> InvoiceLine:
    net = line.quantity * line.unit_cents - line.discount_cents
    if not 1 <= line.quantity <= MOST_OF_ONE or line.unit_cents < 0 or line.discount_cents < 0 or net < 0:
        raise LinesWrong(field=f"line_{position}", patient=invoice.patient_id)
    if not 0 <= payer_cents <= net or line.quantity * line.unit_cents > MOST_CENTS_OF_A_LINE or position > MOST_LINES:
        raise LinesWrong(field=f"line_{position}", patient=invoice.patient_id)
    if line.discount_cents and not line.discount_reason.strip():
        raise MoneyReasonMissing(field=f"line_{position}", patient=invoice.patient_id)
    code, label, category, currency = _listed(line)
    if currency not in {"", invoice.currency}:
        raise ForeignCurrency(field=f"line_{position}", patient=invoice.patient_id)
    if not label:
        raise LinesWrong(field=f"line_{position}", patient=invoice.patient_id)
    return InvoiceLine(
        id=new_id(), invoice_id=invoice.id, patient_id=invoice.patient_id, position=position,
        service_id=line.service_id, item_id=line.item_id, code=code, label=label[:200], quantity=line.quantity,
        unit_cents=line.unit_cents, discount_cents=line.discount_cents,
        discount_reason=line.discount_reason.strip() if line.discount_cents else None,
        payer_cents=payer_cents, category=category,
    )  # fmt: skip


MOST_OF_ONE = 999
MOST_LINES = 99
MOST_CENTS_OF_A_LINE = 1_000_000_000


def _listed(line: Line) -> tuple[str, str, str, str]:
    """Code, words, category and currency of a line, from the price list where it stands there (NotFound)."""
    if line.service_id is not None:
        service = db.session.get(Service, line.service_id)
        if service is None:
            raise NotFound
        return service.code, line.label.strip() or service.name, service.category, service.currency
    if line.item_id is not None:
        item = db.session.get(BillableItem, line.item_id)
        if item is None:
            raise NotFound
        return item.code, line.label.strip() or item.label, item.category, item.currency
    return "", line.label.strip(), line.category.strip() or "Other", ""


def _price(visit: Appointment, day: dt.date) -> int:
    """What a visit costs: as agreed when a deposit was taken for it, else by the list of its day."""
    paid_before = select(Payment.id).where(Payment.appointment_id == visit.id).limit(1)
    if db.session.execute(paid_before).first() is not None:
        return visit.price_cents
    listed = prices.service_price(visit.service_id, day)
    return visit.price_cents if listed is None else listed
