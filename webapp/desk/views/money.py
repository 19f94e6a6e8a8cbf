"""The manager's figures of money: pictures with their tables, and each table as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from webapp.billing.day_words import signed
from webapp.booking.queries.figures import before
from webapp.db import Role
from webapp.desk import money_figures as tables
from webapp.desk.figures import Table
from webapp.desk.money_figures import MoneyFigures
from webapp.desk.views import charts
from webapp.desk.views.door import blueprint
from webapp.desk.views.figures import asked_for, exported, page, period_of
from webapp.identity.permissions import Permission
from webapp.practice import queries as practice
from webapp.routing import requires


@blueprint.get("/figures/money")
@requires(Permission.FIGURES_VIEW, role=Role.MANAGER)
def money() -> Response:
    """Show what is owed and what came in; the last four whole weeks unless others are asked for."""
    sites = practice.locations()
    asked = asked_for(request.args)
    period = period_of(asked, sites)
    found = tables.read(period)
    stats = _stats(found, tables.read(before(period))) if sites else []
    return page("money", asked, period, sites, stats, _panels(found))


@blueprint.post("/figures/money/export")
@requires(Permission.FIGURES_VIEW, role=Role.MANAGER, asks=True)
def export_money() -> Response:
    """One of the tables as a CSV file."""
    return exported(tables.TABLES, tables.read)


def _stats(now: MoneyFigures, then: MoneyFigures) -> list[dict[str, str]]:
    return [
        _stat(_("Charged"), now.charged_cents, then.charged_cents, now.currency),
        _stat(_("Received and kept"), now.received_cents, then.received_cents, now.currency),
        _stat(_("Owed"), now.owed_cents, then.owed_cents, now.currency),
        _stat(_("Owed over 30 days"), now.late_cents, then.late_cents, now.currency),
    ]


def _stat(label: str, now: int, then: int, currency: str) -> dict[str, str]:
    size = signed(abs(now - then), currency)
    if now == then:
        words, trend = _("as before"), ""
    elif now > then:
        words, trend = _("%(size)s more than before", size=size), "up"
    else:
        words, trend = _("%(size)s less than before", size=size), "down"
    return {"label": label, "value": signed(now, currency), "change": words, "trend": trend}


def _panels(found: MoneyFigures) -> list[dict[str, Any]]:
    aged = [
        [(float(max(0, each.patient_cents)), "solid"), (float(max(0, each.payer_cents)), "stripes")]
        for each in found.aged
    ]
    kept = [[(float(max(0, each.cents - each.back_cents)), "solid")] for each in found.methods]
    until = _("At the end of the last day, credit notes and payments taken off.")
    net = _("Discounts and credit notes taken off, the insurers' part included.")
    return [
        _panel(tables.aging(found), aged, until, [("solid", _("Patients")), ("stripes", _("Insurers"))]),
        _panel(tables.providers(found), _whole([each.cents for each in found.providers]), net),
        _panel(tables.services(found), _whole([each.cents for each in found.services]), net),
        _panel(tables.methods(found), kept, _("What went back or never came is taken off.")),
    ]


def _whole(cents: Sequence[int]) -> list[list[tuple[float, str]]]:
    return [[(float(max(0, each)), "solid")] for each in cents]


def _panel(
    table: Table, bars: list[list[tuple[float, str]]], note: str, key: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    shown = bars if table.rows else []
    texts = [(row[0].text, row[-1].text) for row in table.rows]
    longest = max([1.0, *(sum(part for part, _pattern in each) for each in shown)])
    chart = charts.bar_rows(table, note, texts, shown, longest)
    return {"kind": "bars", "table": table, "chart": chart, "note": note, "key": key}
