"""The manager's figures of a period, as pictures with their tables, and each table as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from babel.dates import format_date
from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia, spreadsheet
from webapp.booking.queries.figures import Period
from webapp.booking.wording import LOCALE, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import figures as tables
from webapp.desk import queries
from webapp.desk.figures import Figures, Table
from webapp.desk.views import charts
from webapp.desk.views.door import blueprint
from webapp.errors import FormInvalid
from webapp.identity.permissions import Permission
from webapp.practice import queries as practice
from webapp.practice.letterhead import letterhead
from webapp.practice.models import Location
from webapp.routing import requires

WEEKS = {"week": 1, "month": 4, "quarter": 13, "year": 52}
USUAL = "month"
MOST_DAYS = 732
YEARS = range(2000, 2200)
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days and places somebody asked for; where `errors` name what was wrong, the usual period."""

    first: date
    last: date
    location: UUID | None
    preset: str
    errors: dict[str, list[str]]


@blueprint.get("/figures")
@requires(Permission.FIGURES_VIEW, role=Role.MANAGER)
def figures() -> Response:
    """Show how a period went: the last four whole weeks unless another is asked for."""
    sites = practice.locations()
    asked = asked_for(request.args)
    found = tables.read(period_of(asked, sites))
    return page("visits", asked, found.period, sites, _stats(found), _panels(found))


@blueprint.post("/figures/export")
@requires(Permission.FIGURES_VIEW, role=Role.MANAGER, asks=True)
def export_figures() -> Response:
    """One of the tables as a CSV file."""
    return exported(tables.TABLES, tables.read)


def page(
    about: str,
    asked: Asked,
    period: Period,
    sites: Sequence[Location],
    stats: Sequence[object],
    panels: Sequence[object],
) -> Response:
    """The page of figures about visits or money."""
    here = "desk.money" if about == "money" else "desk.figures"
    return hypermedia.page(
        "desk/figures.html",
        status=422 if asked.errors else 200,
        clinic=letterhead(queries.location(asked.location)),
        about=about,
        here=url_for(here),
        export=url_for("desk.export_money" if about == "money" else "desk.export_figures"),
        title=days_label(period),
        asked=asked,
        errors=asked.errors,
        presets=[
            {"label": label, "href": url_for(here, location=asked.location, period=name),
             "current": asked.preset == name}
            for name, label in (
                ("week", _("Week")), ("month", _("4 weeks")), ("quarter", _("Quarter")), ("year", _("Year")),
            )
        ],
        locations=[("", _("All locations")), *((str(site.id), site.name) for site in sites)],
        stats=stats,
        panels=panels,
    )  # fmt: skip


def exported(made: Mapping[str, Callable[[F], Table]], read: Callable[[Period], F]) -> Response:
    """One of the tables as a CSV file; that it left the clinic is recorded, and it names no patient."""
    name = request.form.get("table", "")
    asked = asked_for(request.form)
    if name not in made or asked.errors:
        raise FormInvalid({"table": [_("Choose one of the tables and a period")]})
    table = made[name](read(period_of(asked, practice.locations())))
    activity.note("exported", detail=f"figures.{name}")
    rows = [[cell.raw for cell in row] for row in table.rows]
    response = Response(spreadsheet.as_csv(table.columns, rows), mimetype="text/csv")
    filename = f"{name.replace('_', '-')}-{asked.first.isoformat()}-{asked.last.isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def asked_for(values: Mapping[str, str]) -> Asked:
    today = local_date(scope().at, practice.time_zone())
    preset = values.get("period", "")
    location = _id(values.get("location", ""))
    first, last = (values.get(name, "").strip() for name in ("first", "last"))
    if preset in WEEKS or not (first or last):
        preset = preset if preset in WEEKS else USUAL
        return Asked(*_whole_weeks(today, WEEKS[preset]), location, preset, {})
    days, errors = _read_days(first, last)
    if errors or days is None:
        return Asked(*_whole_weeks(today, WEEKS[USUAL]), location, USUAL, errors)
    return Asked(*days, location, "", {})


def _whole_weeks(today: date, weeks: int) -> tuple[date, date]:
    """The last whole weeks, Monday to Sunday: half a day would look like an empty one."""
    last = today - timedelta(days=today.isoweekday())
    return last - timedelta(days=7 * weeks - 1), last


def _read_days(first: str, last: str) -> tuple[tuple[date, date] | None, dict[str, list[str]]]:
    errors: dict[str, list[str]] = {}
    days: list[date] = []
    for name, text in (("first", first), ("last", last)):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if day.year in YEARS:
            days.append(day)
        else:
            errors[name] = [_("Enter a day, like 2026-11-23")]
    if errors:
        return None, errors
    begin, end = days
    if begin > end:
        return None, {"last": [_("Enter a day on or after the first one")]}
    if (end - begin).days >= MOST_DAYS:
        return None, {"last": [_("Choose two years at most")]}
    return (begin, end), {}


def period_of(asked: Asked, sites: list[Location]) -> Period:
    chosen = [site for site in sites if site.id == asked.location] or sites
    return Period(asked.first, asked.last, tuple(chosen))


def days_label(period: Period) -> str:
    same = period.first.year == period.last.year
    first = format_date(period.first, "MMMM d" if same else "MMMM d, y", locale=LOCALE)
    return _("%(first)s to %(last)s", first=first, last=format_date(period.last, "MMMM d, y", locale=LOCALE))


def _stats(found: Figures) -> list[dict[str, str]]:
    now, then = found.totals, found.totals_before
    missed, missed_then = (tables.ratio(each.missed, each.came + each.missed) for each in (now, then))
    gone, gone_then = (tables.ratio(each.canceled, each.booked) for each in (now, then))
    filled = tables.ratio(*found.filled.minutes())
    return [
        _share(_("Hours booked"), filled, found.filled_before, 0),
        _number(_("Wait, check-in to room"), now.waited, then.waited, _("min")),
        _share(_("Did not attend"), missed, missed_then, 1),
        _number(_("Booked ahead"), now.ahead, then.ahead, _("days")),
        _share(_("Canceled"), gone, gone_then, 1),
    ]


def _share(label: str, now: float | None, then: float | None, digits: int) -> dict[str, str]:
    points = None if now is None or then is None else round((now - then) * 100, digits)
    return _stat(label, tables.percent(now, digits).text, points, _("points"), digits)


def _number(label: str, now: float | None, then: float | None, unit: str) -> dict[str, str]:
    value = "–" if now is None else f"{now:.0f} {unit}"
    return _stat(label, value, None if now is None or then is None else round(now - then), unit, 0)


def _stat(label: str, value: str, change: float | None, unit: str, digits: int) -> dict[str, str]:
    if change is None:
        return {"label": label, "value": value, "change": _("nothing to compare with"), "trend": ""}
    size = f"{abs(change):.{digits}f} {unit}"
    if not change:
        words = _("as before")
    elif change > 0:
        words = _("%(size)s more than before", size=size)
    else:
        words = _("%(size)s less than before", size=size)
    return {"label": label, "value": value, "change": words, "trend": "up" if change > 0 else "down" if change else ""}


def _panels(found: Figures) -> list[dict[str, Any]]:
    made = {name: make(found) for name, make in tables.TABLES.items()}
    late = _("Late is later than the notice a service asks for, a day before without one.")
    counted = _(
        "Visits planned or done with their buffers, a group visit once, of the hours without leave and closures."
    )
    panels = [
        _panel("heat", made["utilization"], charts.heat(found, made["utilization"]), counted, charts.level_words()),
        _panel("line", made["waiting"], charts.waiting(found, made["waiting"]), "", [
            ("half", _("Half waited less")), ("most", _("9 in 10 waited less")),
        ]),
        _panel("bars", made["no_shows"], charts.no_shows(found, made["no_shows"]), "", []),
        _panel("bars", made["lead_time"], charts.lead_time(found, made["lead_time"]), "", []),
        _panel("bars", made["cancellations"], charts.cancellations(found, made["cancellations"]), late, [
            ("stripes", _("Late")), ("solid", _("In time")),
        ]),
    ]  # fmt: skip
    if len(found.period.sites) > 1:
        panels.append(_panel("bars", made["locations"], charts.places(found, made["locations"]), "", []))
    return panels


def _panel(kind: str, table: Table, chart: dict[str, Any], note: str, key: list[tuple[str, str]]) -> dict[str, Any]:
    return {"kind": kind, "table": table, "chart": chart, "note": note, "key": key}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
