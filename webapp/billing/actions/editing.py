"""What a press on a draft's page does, all of it or nothing: save the lines, add one from the price list, issue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.billing.actions.drafts import Line, SaveDraft, locked_draft, save_draft
from webapp.billing.actions.issue import issue
from webapp.billing.actions.posting import site
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice import prices

if TYPE_CHECKING:
    import datetime as dt
    from datetime import datetime

    from webapp.billing.models import Invoice


@dataclass(frozen=True, slots=True)
class Edit:
    """The lines as they are now; `adds` is "item:<id>" or "service:<id>" to put on at its price of the day."""

    draft: SaveDraft
    adds: str = ""
    issues: bool = False


def edit(wanted: Edit, *, actor: UUID | None, at: datetime) -> Invoice:
    """Save a draft's lines, and issue it if that was pressed (NotFound, and what saving and issuing raise)."""
    draft = wanted.draft
    if wanted.adds:
        invoice = locked_draft(draft.invoice_id, draft.version)
        draft = replace(draft, lines=(*draft.lines, listed(wanted.adds, day_of(invoice, at))))
    invoice = save_draft(draft, at=at)
    return issue(invoice.id, actor=actor, at=at) if wanted.issues else invoice


def listed(choice: str, day: dt.date) -> Line:
    """A line for something on the price list, at its price of a day (NotFound when it has none)."""
    kind, _sep, name = choice.partition(":")
    try:
        id_ = UUID(name)
    except ValueError:
        raise NotFound from None
    cents = prices.item_prices([id_], day).get(id_) if kind == "item" else prices.service_price(id_, day)
    if cents is None:
        raise NotFound
    return Line(1, cents, item_id=id_) if kind == "item" else Line(1, cents, service_id=id_)


def day_of(invoice: Invoice, at: datetime) -> dt.date:
    """The local day whose prices a draft has: that of its visit, else today."""
    visit = None if invoice.appointment_id is None else db.session.get(Appointment, invoice.appointment_id)
    moment = at if visit is None else visit.starts_at
    return moment.astimezone(ZoneInfo(site(invoice.location_id).time_zone)).date()
