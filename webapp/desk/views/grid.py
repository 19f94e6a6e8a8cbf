"""Grids of time: a day with a column for each provider, or one provider's week with a column for each day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import url_for
from flask_babel import gettext as _

from webapp.booking.forms import write_instant
from webapp.booking.wording import LOCALE, clock, local_date, long_day, short_day
from webapp.desk import day_plan
from webapp.desk.day_plan import Column, Grid, Hatched, Placed, Why
from webapp.desk.queries import Colleague, Day, Week
from webapp.desk.views.address import Address
from webapp.desk.views.cards import Card, Cards
from webapp.patients.wording import provider_initials
from webapp.templating import may_at

_TONES = 5


@dataclass(slots=True)
class Free:
    """Free time as the macro takes it."""

    href: str
    label: str
    place: str
    row: int
    kind: str = "free"


def day(asked: Address, found: Day, at: datetime) -> dict[str, Any]:
    """One day: a column for each provider who is asked for, or who works."""
    chosen = [provider for provider in found.providers if provider.id in asked.providers]
    shown = chosen or found.working
    facts = [found.facts[provider.id] for provider in shown]
    on = day_plan.grid(facts, found.span.start, found.location.time_zone)
    drawn = _Drawn(asked, found, at)
    rooms = _rooms(found)
    columns = [
        _headed(_who(provider, rooms.get(provider.id)), drawn.column(provider, on), provider, on) for provider in shown
    ]
    return _grid(long_day(asked.day), columns, [on], day_plan.shortest(facts), _now(on, asked.day, at))


def week(asked: Address, found: Week, at: datetime) -> dict[str, Any]:
    """One provider's week: a column for each day, all on the same hours of the clock."""
    provider = next((each for each in found.shown.providers if each.id in asked.providers), None)
    if provider is None:
        return _grid("", [], [day_plan.grid([], found.shown.span.start, found.shown.location.time_zone)], 15, None)
    facts = [each.facts[provider.id] for each in found.days]
    grids = day_plan.aligned(
        [(each.day, each.facts[provider.id]) for each in found.days], found.shown.location.time_zone
    )
    today = local_date(at, found.shown.location.time_zone)
    columns = [
        _headed(_when(each.day, asked, today), _Drawn(asked, each, at).column(provider, on), provider, on)
        for each, on in zip(found.days, grids, strict=True)
    ]
    now = next((_now(on, each.day, at) for each, on in zip(found.days, grids, strict=True) if each.day == today), None)
    return _grid(provider.name, columns, grids, day_plan.shortest(facts), now) | {"days": True}


def _grid(
    label: str, columns: list[dict[str, Any]], grids: Sequence[Grid], zoom: int, now: dict[str, Any] | None
) -> dict[str, Any]:
    longest = max(grids, key=lambda each: each.rows)
    return {
        "label": label,
        "rows": longest.rows,
        "zoom": str(zoom),
        "zone": longest.zone,
        "hours": [{"label": _hour(moment, longest.zone), "row": row} for moment, row in longest.hours()],
        "columns": columns,
        "now": now,
        "days": False,
        "table": False,
    }


def _headed(head: dict[str, Any], column: dict[str, Any], provider: Colleague, on: Grid) -> dict[str, Any]:
    return {"head": head | {"provider_id": provider.id, "start": on.start, "spoken": provider.name}} | column


def _rooms(found: Day) -> dict[UUID, Counter[str]]:
    rooms: dict[UUID, Counter[str]] = defaultdict(Counter)
    for visit in found.visits:
        if visit.room_name:
            rooms[visit.provider_id][visit.room_name] += 1
    return rooms


def _who(provider: Colleague, rooms: Counter[str] | None) -> dict[str, Any]:
    usual = rooms.most_common(1)[0][0] if rooms else ""
    return {
        "id": provider.id,
        "name": provider.name,
        "detail": " · ".join(part for part in (provider.specialty, usual) if part),
        "initials": provider_initials(provider.name),
        "tone": provider.position % _TONES + 1,
        "href": None,
        "today": False,
    }


def _when(day: date, asked: Address, today: date) -> dict[str, Any]:
    return {
        "id": day.isoformat(),
        "name": short_day(day),
        "detail": _("Today") if day == today else "",
        "initials": "",
        "tone": 1,
        "href": asked.url(day=day, view="day", visit=None),
        "today": day == today,
    }


def _now(on: Grid, day: date, at: datetime) -> dict[str, Any] | None:
    row = on.row_at(at)
    if row is None or local_date(at, on.zone) != day:
        return None
    return {
        "row": row,
        "label": clock(at, on.zone),
        "start": on.starts_at.isoformat(),
        "zone": on.zone,
        "now": at.isoformat(timespec="seconds"),
    }


class _Drawn:
    """Draws the columns of one day; what they share is looked up once."""

    def __init__(self, asked: Address, found: Day, at: datetime) -> None:
        self._asked, self._found, self._at = asked, found, at
        self._zone = found.location.time_zone
        maker = Cards(asked, at, found.location)
        self._cards = {visit.id: maker.card(visit) for visit in found.visits if asked.shows(visit)}
        if not asked.status and asked.room is None:
            self._cards |= {session.id: maker.group(session) for session in found.sessions}
        self._free = may_at("visit.book", found.location.id) and not asked.status and asked.room is None
        self._book = url_for("booking.book")
        self._words = _("%(time)s · %(minutes)s min free", time="{time}", minutes="{minutes}")

    def column(self, provider: Colleague, on: Grid) -> dict[str, Any]:
        """Hatched time, and cards and free times by their row: Tab and screen readers go down the day."""
        laid = day_plan.column(self._found.facts[provider.id], on, self._at)
        return {
            "hatched": [_hatch(each, self._zone) for each in laid.hatched],
            "items": sorted(self._items(laid, provider), key=lambda item: (item.row, item.place)),
        }

    def _items(self, laid: Column, provider: Colleague) -> Iterable[Card | Free]:
        for placed in laid.cards:
            card = self._cards.get(placed.id)
            if card is not None:
                yield _place(placed, card)
        if self._free:
            for gap in laid.gaps:
                yield self._gap(gap, provider.id)

    def _gap(self, gap: day_plan.Gap, provider_id: UUID) -> Free:
        at = write_instant(gap.start)
        return Free(
            href=f"{self._book}?provider={provider_id}&at={at}&location={self._found.location.id}",
            label=self._words.format(time=clock(gap.start, self._zone), minutes=gap.minutes),
            place=f"row-{gap.row} span-{gap.span}",
            row=gap.row,
        )


def _place(placed: Placed, card: Card) -> Card:
    card.row = placed.row
    card.place = f"row-{placed.row} span-{placed.span} lane-{placed.lane} lanes-{placed.lanes}"
    return card


def _hatch(hatched: Hatched, zone: str) -> dict[str, Any]:
    label = hatched.label or (_("Away") if hatched.why is None else _why(hatched.why, hatched.at, zone))
    return {"label": label, "row": hatched.row, "span": hatched.span}


def _why(why: Why, at: datetime | None, zone: str) -> str:
    if why is Why.LUNCH:
        return _("Lunch")
    if why is Why.OFF:
        return _("Not working")
    if at is None:
        return _("Away")
    when = clock(at, zone)
    if why is Why.STARTS:
        return _("Starts %(time)s", time=when)
    return _("Ends %(time)s", time=when) if why is Why.ENDS else _("Away until %(time)s", time=when)


@lru_cache(maxsize=4096)
def _hour(moment: datetime, zone: str) -> str:
    return format_datetime(moment.astimezone(ZoneInfo(zone)), "h a", locale=LOCALE)
