"""What is left to do about money, as lists: to bill, owed, credit that pays nothing, cards that hang."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.billing import wording
from webapp.billing.attempts import WORDS, State
from webapp.billing.queries import desk, owing
from webapp.billing.queries import worklists as lists
from webapp.billing.tendering import age
from webapp.billing.views.door import blueprint
from webapp.booking.wording import clock, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.practice.letterhead import letterhead
from webapp.practice.queries import locations
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from webapp.practice.models import Location

TEMPLATE = "billing/worklists.html"
LOOKED_BACK = timedelta(days=30)
LONGEST_PAGE = 6
TABS = ("to-bill", "owed", "credit", "cards")


@blueprint.get("/billing")
@requires(Permission.BILLING_VIEW, role=Role.DESK)
def worklists() -> Response:
    """Show one of the lists, `list` says which, with how much each has."""
    sites, at = locations(), scope().at
    tab = request.args.get("list", TABS[0])
    tab = tab if tab in TABS else TABS[0]
    site = next((each for each in sites if str(each.id) == request.args.get("location")), None) or (
        sites[0] if sites else None
    )
    due = owing.all_due()
    found = {} if site is None else _found(site, due, at)
    rows: list[dict[str, Any]] = found.get(tab, [])
    activity.note("listed", listed={row["patient"] for row in rows})
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(site),
        tab=tab,
        tabs=_tabs(tab, {name: len(rows) for name, rows in found.items()} | {"owed": len(due)}, site),
        rows=rows,
        sites=_sites(sites, site, tab),
        ages=_ages(rows, due, local_date(at, site.time_zone)) if tab == "owed" and site is not None else [],
        pages=_pages(len(due)) if tab == "owed" else None,
    )


def _found(site: Location, due: dict[UUID, int], at: datetime) -> dict[str, list[dict[str, Any]]]:
    return {
        "to-bill": _to_bill(site, at),
        "owed": [_owed(each, at, site) for each in owing.owed(_skipped(), due)],
        "credit": [_credit(each, site) for each in lists.unapplied_credit()],
        "cards": [_hanging(each, site) for each in lists.open_attempts()],
    }


def _to_bill(site: Location, at: datetime) -> list[dict[str, Any]]:
    """Finished visits without an invoice, with the draft where there is one, and drafts of anything else."""
    visits = lists.unbilled(site.id, at - LOOKED_BACK, at)
    drafted = {each.draft_id for each in visits if each.draft_id is not None}
    rest = desk.waiting_drafts(set(lists.drafts(site.id)) - drafted)
    may_bill = may_at("invoice.edit", site.id)
    rows = [
        {
            "patient": each.patient_id,
            "name": each.patient,
            "record": _record(each.patient_id),
            "what": each.service,
            "who": each.provider,
            "when": _when(each.starts_at, site),
            "amount": money(each.cents, each.currency),
            "draft": "" if each.draft_id is None else _invoice(each.draft_id),
            "bill": url_for("billing.bill", appointment_id=each.appointment_id)
            if each.draft_id is None and may_bill
            else "",
        }
        for each in visits
    ]
    return rows + [
        {
            "patient": each.patient_id,
            "name": each.patient,
            "record": _record(each.patient_id),
            "what": each.text or _("Nothing on it yet"),
            "who": "",
            "when": _when(each.created_at, site),
            "amount": money(each.cents, each.currency),
            "draft": _invoice(each.invoice_id),
            "bill": "",
        }
        for each in rest
    ]


def _owed(each: owing.Owed, at: datetime, site: Location) -> dict[str, Any]:
    today = local_date(at, site.time_zone)
    return {
        "patient": each.patient_id,
        "name": each.patient,
        "record": _record(each.patient_id),
        "number": each.number,
        "href": _invoice(each.invoice_id),
        "late": wording.overdue(each.due_on, today),
        "old": age((today - each.due_on).days),
        "cents": each.cents,
        "currency": each.currency,
        "amount": money(each.cents, each.currency),
    }


def _credit(each: lists.Credit, site: Location) -> dict[str, Any]:
    return {
        "patient": each.patient_id,
        "name": each.patient,
        "record": _record(each.patient_id),
        "when": short_date(local_date(each.since, site.time_zone)),
        "amount": money(each.cents, site.currency),
    }


def _hanging(each: lists.Hanging, site: Location) -> dict[str, Any]:
    state = State(each.state)
    tone, icon = wording.state_tone(state)
    return {
        "patient": each.patient_id,
        "name": each.patient,
        "record": _record(each.patient_id),
        "what": _("Refund") if each.direction == "refund" else _("Payment"),
        "state": {"text": _(WORDS[state]), "tone": tone, "icon": icon},
        "why": wording.reason_label(each.code),
        "when": _when(each.created_at, site),
        "amount": money(each.cents, each.currency),
        "href": url_for("billing.attempt", attempt_id=each.id),
    }


def _skipped() -> int:
    """How many invoices come before the page that is asked for."""
    asked = request.args.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_PAGE else 1
    return max(0, number - 1) * owing.MOST


def _pages(many: int) -> dict[str, Any] | None:
    """Which part of the list this is, and the ways to the others; None when it is all of it."""
    skipped = _skipped()
    if many <= owing.MOST and not skipped:
        return None
    number = skipped // owing.MOST + 1

    def link(to: int) -> str:
        return url_for("billing.worklists", list="owed", page=to)

    return {
        "text": _(
            "%(first)d to %(last)d of %(many)d", first=skipped + 1, last=min(many, skipped + owing.MOST), many=many
        ),
        "previous": link(number - 1) if number > 1 else None,
        "next": link(number + 1) if skipped + owing.MOST < many else None,
    }


def _ages(rows: list[dict[str, Any]], due: dict[UUID, int], today: date) -> list[dict[str, str]]:
    """All that is owed by how old it is, not of this page only; one currency, that of the first."""
    labels = (_("0 to 30 days"), _("31 to 60 days"), _("61 to 90 days"), _("Over 90 days"))
    currency = rows[0]["currency"] if rows else "USD"
    sums = owing.owed_by_age(today, due)
    return [{"label": label, "amount": money(sums.get((n, currency), 0), currency)} for n, label in enumerate(labels)]


def _tabs(tab: str, found: dict[str, int], site: Location | None) -> list[dict[str, Any]]:
    labels = (_("To bill"), _("Owed"), _("Credit"), _("Cards"))
    place = None if site is None else site.id
    return [
        {
            "label": label,
            "count": found.get(name, 0),
            "href": url_for("billing.worklists", list=None if name == TABS[0] else name, location=place),
            "current": name == tab,
        }
        for name, label in zip(TABS, labels, strict=True)
    ]


def _sites(sites: Sequence[Location], site: Location | None, tab: str) -> list[dict[str, Any]]:
    if len(sites) <= 1 or tab != "to-bill":
        return []
    return [
        {
            "label": each.name,
            "href": url_for("billing.worklists", location=each.id),
            "current": site is not None and each.id == site.id,
        }
        for each in sites
    ]


def _when(moment: datetime, site: Location) -> str:
    return f"{short_date(local_date(moment, site.time_zone))}, {clock(moment, site.time_zone)}"


def _record(patient_id: UUID) -> str:
    return url_for("desk.record", patient_id=patient_id)


def _invoice(invoice_id: UUID) -> str:
    return url_for("billing.invoice", invoice_id=invoice_id)
