"""Parts of the page that closes a day: its drawers and its visits, as the template takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.billing.counting import notes_of
from webapp.billing.day_words import difference, drawer_name
from webapp.billing.queries import closing, day_visits
from webapp.booking.states import Status
from webapp.booking.wording import clock, local_date, short_day
from webapp.money import money
from webapp.patients.wording import initials, tone
from webapp.templating import may_at

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.billing.queries.closing import DrawerCount
    from webapp.billing.queries.day_visits import DayVisit
    from webapp.billing.views.day_page import Shown


def drawer(shown: Shown, each: DrawerCount) -> dict[str, Any]:
    typed, zone = shown.sent.drawers.get(each.id), shown.site.time_zone
    counted, differs = shown.counted(each), shown.differs(each)
    who = each.opened_by
    if each.kind != "cash":
        who = ngettext("%(num)d payment", "%(num)d payments", each.payments)
    opened = local_date(each.opened_at, zone)
    return {
        "id": each.id,
        "name": drawer_name(each),
        "detail": who,
        "since": "" if each.day == shown.day else _("open since %(day)s", day=short_day(opened)),
        "start": shown.money(each.float_cents) if each.kind == "cash" else "",
        "in": shown.money(each.in_cents),
        "out": shown.money(each.out_cents) if each.out_cents or each.kind == "cash" else "",
        "expected": shown.money(each.expected_cents),
        "counted": "" if counted is None else shown.money(counted),
        "is_counted": counted is not None,
        "difference": shown.money(differs),
        "differs": differs,
        "how": difference(differs, shown.site.currency),
        "large": abs(differs) > shown.site.manager_signs_over_cents and not may_at("day.reopen", shown.site.id),
        "closed": each.closed_at is not None,
        "first": each.closed_at is None and each.id == shown.running[0].id,
        "is_cash": each.kind == "cash",
        "version": each.version,
        "typed": _typed(each.id, "counted"),
        "notes": _notes(shown, each) if each.kind == "cash" else [],
        "coins": _typed(each.id, "coins"),
        "reason": each.difference_reason if typed is None else typed.reason,
        "words": each.difference_note if typed is None else _typed(each.id, "words"),
        "sum": "" if typed is None or not typed.counted.by_piece else shown.money(typed.counted.pieces_cents),
        "signed": _signed(shown, each),
        "reopen": _reopen(shown, each),
    }


def _typed(each: UUID, name: str) -> str:
    return request.form.get(f"{name}-{each}", "") if request.method == "POST" else ""


def _notes(shown: Shown, each: DrawerCount) -> list[dict[str, str]]:
    return [
        {
            "name": f"note-{cents}-{each.id}",
            "label": money(cents, shown.site.currency).removesuffix(".00"),
            "value": _typed(each.id, f"note-{cents}"),
        }
        for cents in notes_of(shown.site.currency)
    ]


def _signed(shown: Shown, each: DrawerCount) -> str:
    if each.closed_at is None:
        return ""
    zone = shown.site.time_zone
    when = clock(each.closed_at, zone)
    if local_date(each.closed_at, zone) != each.day:
        when = f"{short_day(local_date(each.closed_at, zone))}, {when}"
    return _("Signed %(when)s by %(who)s", when=when, who=each.closed_by or _("somebody"))


def _reopen(shown: Shown, each: DrawerCount) -> str | None:
    if each.closed_at is None or not may_at("day.reopen", shown.site.id):
        return None
    return url_for("billing.reopen", drawer_day_id=each.id)


def closed_drawers(shown: Shown) -> list[dict[str, Any]]:
    """Cash drawers that can be opened now, with what was typed as their start."""
    return [
        {
            "name": name,
            "field": f"float-{drawer}",
            "action": url_for("billing.start_drawer", drawer_id=drawer),
            "value": request.form.get(f"float-{drawer}", "") if request.method == "POST" else "",
        }
        for drawer, name, running in closing.cash_drawers(shown.site.id)
        if not running
    ]


def unbilled_visits(shown: Shown) -> dict[str, Any]:
    currency, zone = shown.site.currency, shown.site.time_zone
    rows = [
        {
            "id": each.appointment_id, "patient": each.patient, "initials": initials(each.patient),
            "tone": tone(each.patient_id), "time": clock(each.starts_at, zone), "service": each.service,
            "provider": each.provider, "amount": money(each.cents, currency), "free": each.cents == 0,
            "href": url_for("billing.of_visit", appointment_id=each.appointment_id),
        }
        for each in shown.unbilled
    ]  # fmt: skip
    chargeable = sum(not row["free"] for row in rows)
    return {
        "rows": rows,
        "chargeable": chargeable,
        "total": money(sum(each.cents for each in shown.unbilled), currency),
        "action": url_for("billing.bill_day", day=shown.day) if may_at("invoice.issue", shown.site.id) else "",
    }


def visit(shown: Shown, each: DayVisit) -> dict[str, Any]:
    href = url_for("desk.visit", appointment_id=each.id)
    return {
        "patient": each.patient,
        "initials": initials(each.patient),
        "tone": tone(each.patient_id),
        "time": clock(each.starts_at, shown.site.time_zone),
        "service": each.service,
        "provider": each.provider,
        "status": each.status.value,
        "amount": money(each.cents, shown.site.currency),
        "number": each.number,
        "href": href if each.invoice_id is None else url_for("billing.invoice", invoice_id=each.invoice_id),
    }


def visits(shown: Shown) -> str:
    """How the visits of the day went, in a line."""
    counts = day_visits.visit_counts(shown.site.id, shown.span)
    parts = [
        (counts.get(Status.FINISHED, 0), _("done")),
        (sum(counts.get(status, 0) for status in day_visits.STILL_OPEN), _("open")),
        (counts.get(Status.CANCELLED, 0), _("canceled")),
        (counts.get(Status.NOSHOW, 0), _("did not attend")),
    ]
    told = ", ".join(f"{number} {word}" for number, word in parts if number)
    whole = ngettext("%(num)d visit", "%(num)d visits", sum(counts.values()))
    return f"{whole}: {told}" if told else whole
