"""The grid of the day: columns of providers with their visits, hatched and free time, as the macros take them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import url_for
from flask_babel import gettext as _

from webapp.booking.forms import write_instant
from webapp.booking.wording import LOCALE, clock, local_date, long_day
from webapp.desk import day_plan
from webapp.desk.day_plan import Column, Grid, Hatched, Placed, Why
from webapp.desk.queries import Day
from webapp.desk.views.address import Address
from webapp.desk.views.cards import card
from webapp.patients.wording import provider_initials
from webapp.practice.models import Provider
from webapp.templating import may_at

_TONES = 5


def context(asked: Address, day: Day, at: datetime) -> dict[str, Any]:
    """Everything the grid shows."""
    zone = day.location.time_zone
    chosen = [provider for provider in day.providers if provider.id in asked.providers]
    shown = chosen or day.working
    facts = [day.facts[provider.id] for provider in shown]
    on = day_plan.grid(facts, day.span.start, zone)
    cards = {visit.id: card(visit, asked, at, zone) for visit in day.visits if asked.shows(visit.status)}
    return {
        "label": long_day(asked.day),
        "rows": on.rows,
        "zoom": str(day_plan.shortest(facts)),
        "hours": [{"label": _hour(moment, zone), "row": row} for moment, row in on.hours()],
        "columns": [_column(provider, day, on, cards, asked, at) for provider in shown],
        "now": _now(on, asked, at, zone),
    }


def _now(on: Grid, asked: Address, at: datetime, zone: str) -> dict[str, Any] | None:
    row = on.row_at(at)
    if row is None or local_date(at, zone) != asked.day:
        return None
    return {
        "row": row,
        "label": clock(at, zone),
        "start": on.starts_at.isoformat(),
        "zone": zone,
        "now": at.isoformat(timespec="seconds"),
    }


def _column(
    provider: Provider, day: Day, on: Grid, cards: dict[UUID, dict[str, Any]], asked: Address, at: datetime
) -> dict[str, Any]:
    laid = day_plan.column(day.facts[provider.id], on, at)
    return {
        "provider": {
            "id": provider.id,
            "name": provider.name,
            "detail": _detail(provider, day),
            "initials": provider_initials(provider.name),
            "tone": provider.position % _TONES + 1,
        },
        "hatched": [_hatch(each, day.location.time_zone) for each in laid.hatched],
        "items": _in_order(laid, cards, provider, asked, day),
    }


def _detail(provider: Provider, day: Day) -> str:
    rooms = [visit.room_name for visit in day.visits if visit.provider_id == provider.id and visit.room_name]
    usual = max(set(rooms), key=rooms.count) if rooms else ""
    return " · ".join(part for part in (provider.specialty, usual) if part)


def _in_order(
    laid: Column, cards: dict[UUID, dict[str, Any]], provider: Provider, asked: Address, day: Day
) -> list[dict[str, Any]]:
    """Cards and free times by their row, so that Tab and screen readers go down the day."""
    items = [_place(placed, cards[placed.id]) for placed in laid.cards if placed.id in cards]
    if may_at("visit.book", day.location.id) and not asked.status:
        items += [_gap(gap, provider, day) for gap in laid.gaps]
    return sorted(items, key=lambda item: (item["row"], item.get("lane", 0)))


def _place(placed: Placed, found: dict[str, Any]) -> dict[str, Any]:
    return found | {"row": placed.row, "span": placed.span, "lane": placed.lane, "lanes": placed.lanes}


def _gap(gap: day_plan.Gap, provider: Provider, day: Day) -> dict[str, Any]:
    href = url_for("booking.book", provider=provider.id, at=write_instant(gap.start), location=day.location.id)
    return {
        "kind": "free",
        "href": href,
        "start_label": clock(gap.start, day.location.time_zone),
        "minutes": gap.minutes,
        "row": gap.row,
        "span": gap.span,
        "attrs": {"hx-get": href, "hx-target": "#dialog"},
    }


def _hatch(hatched: Hatched, zone: str) -> dict[str, Any]:
    return {"label": hatched.label or _why(hatched, zone), "row": hatched.row, "span": hatched.span}


def _why(hatched: Hatched, zone: str) -> str:
    when = "" if hatched.at is None else clock(hatched.at, zone)
    words = {
        Why.STARTS: _("Starts %(time)s", time=when),
        Why.ENDS: _("Ends %(time)s", time=when),
        Why.LUNCH: _("Lunch"),
        Why.AWAY: _("Away until %(time)s", time=when),
        Why.OFF: _("Not working"),
    }
    return "" if hatched.why is None else words[hatched.why]


def _hour(moment: datetime, zone: str) -> str:
    return format_datetime(moment.astimezone(ZoneInfo(zone)), "h a", locale=LOCALE)
