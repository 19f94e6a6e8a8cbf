"""A provider's weekly hours as a form: from which day on, and for each day of the week its blocks."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import hypermedia
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.practice import catalog, queries
from webapp.practice.forms import Places, rows_of
from webapp.practice.forms.hours import MOST_ROWS
from webapp.practice.forms.parsing import YEARS
from webapp.practice.hours import Block, monday
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.practice.views.schedules import provider_of, zone_for
from webapp.practice.views.week import local_today
from webapp.practice.wording import day_with_year, rhythm_label, short_day, weekday_name
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

WEEK = timedelta(days=7)
RHYTHMS = range(1, 5)
LONGER = range(5, 13)
DAYS = range(1, 8)


@blueprint.get("/settings/schedules/<uuid:provider_id>/hours")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def hours(provider_id: UUID) -> Response:
    """The hours that hold on a day, to be changed from it on; `first` is that day, next Monday without one."""
    return hours_page(provider_id)


def hours_page(provider_id: UUID, refusal: Refusal | None = None) -> Response:
    """The form, or what was sent when that was refused (NotFound)."""
    provider = provider_of(provider_id)
    today = local_today(scope().at, zone_for(provider_id))
    first = _first(request.values.get("first", ""), today)
    sent = refusal is not None and request.method == "POST"
    rows = _sent() if sent else _known(queries.blocks_of(provider_id), first)
    return hypermedia.page(
        "practice/hours.html",
        tabs=tabs("schedules"),
        provider=provider,
        first=first,
        first_text=day_with_year(first),
        last=request.values.get("last", ""),
        before=day_with_year(first - timedelta(days=1)),
        version=request.form.get("version", "") if sent else catalog.hours_version(provider_id),
        days=_days(rows, _home(rows)),
        places=[(place.id, place.name) for place in queries.locations()],
        rooms=_rooms(),
        rhythms=_rhythms(first, {row.get("rhythm", "") for row in rows.values()}),
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        action=url_for("booking.change_hours", provider_id=provider_id),
        reopen=url_for("practice.hours", provider_id=provider_id),
        back=url_for("practice.schedule", provider_id=provider_id),
    )


def places_in_use() -> Places:
    """What the rows of a form may name."""
    return Places(
        frozenset(place.id for place in queries.locations()),
        {room.id: room.location_id for room in catalog.rooms_in_use()},
    )


def _first(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return monday(today) + WEEK
    return day if day.year in YEARS else monday(today) + WEEK


def _known(blocks: list[Block], first: date) -> dict[str, dict[str, str]]:
    """The blocks that hold from a day on, as rows of the form."""
    begin = monday(first)
    rows = {}
    for number, block in enumerate(each for each in blocks if _holds(each, first)):
        # In how many weeks from the first one the rhythm comes round.
        phase = (monday(block.valid_from) - begin).days // 7 % block.every_weeks
        rows[str(number)] = {
            "weekday": str(block.weekday),
            "starts": block.starts.strftime("%H:%M"),
            "ends": block.ends.strftime("%H:%M"),
            "location": str(block.location_id),
            "room": str(block.room_id or ""),
            "rhythm": f"{block.every_weeks}/{phase}",
        }
    return rows


def _holds(block: Block, first: date) -> bool:
    return block.valid_from < first + block.every_weeks * WEEK and (block.valid_to is None or block.valid_to >= first)


def _sent() -> dict[str, dict[str, str]]:
    rows, _rest = rows_of(request.form)
    return rows


def _home(rows: dict[str, dict[str, str]]) -> str:
    """The site of most of the hours: where a new row most likely is."""
    sites = Counter(row.get("location", "") for row in rows.values() if row.get("starts"))
    return next((site for site, _count in sites.most_common(1)), "")


def _days(rows: dict[str, dict[str, str]], home: str) -> list[dict[str, Any]]:
    """Rows by day of the week, with one more that is empty."""
    numbers = iter(n for n in range(MOST_ROWS) if str(n) not in rows)
    days = []
    for weekday in DAYS:
        mine = [(number, row) for number, row in rows.items() if row.get("weekday") == str(weekday)]
        filled = [{"number": number, **_whole(row)} for number, row in mine]
        if all(row["starts"] or row["ends"] for row in filled):
            filled.append({"number": str(next(numbers, 0)), **_whole({"weekday": str(weekday), "location": home})})
        days.append({"name": weekday_name(weekday), "weekday": weekday, "rows": filled})
    return days


def _whole(row: dict[str, str]) -> dict[str, str]:
    empty = {"weekday": "", "starts": "", "ends": "", "location": "", "room": "", "rhythm": "1/0"}
    return {**empty, **row}


def _rhythms(first: date, chosen: set[str]) -> list[tuple[str, str]]:
    """Every week, and every n-th from each week that it could begin in; longer ones only where they are set."""
    usual = [(every, phase) for every in RHYTHMS for phase in range(every)]
    longer = [(every, phase) for every in LONGER for phase in range(every) if f"{every}/{phase}" in chosen]
    return [(f"{every}/{phase}", _rhythm(first, every, phase)) for every, phase in [*usual, *longer]]


def _rhythm(first: date, every: int, phase: int) -> str:
    if every == 1:
        return rhythm_label(every)
    week = short_day(monday(first) + phase * WEEK)
    return _("%(rhythm)s, from %(day)s", rhythm=rhythm_label(every), day=week)


def _rooms() -> list[tuple[Any, str]]:
    names = {place.id: place.name for place in catalog.things("locations")}
    several = len({room.location_id for room in catalog.rooms_in_use()}) > 1
    return [
        ("", _("Any room")),
        *(
            (room.id, f"{room.name}, {names[room.location_id]}" if several else room.name)
            for room in catalog.rooms_in_use()
        ),
    ]
