"""Times to choose from: the first free ones, a week of them, or the nearest to one that is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app, g
from flask_babel import gettext as _

from webapp.booking import projected
from webapp.booking.availability import FreeStart, first_free, nearest_alternatives, one_each
from webapp.booking.forms import HALVES, Choice, write_instant
from webapp.booking.projected import Ahead
from webapp.booking.queries import Found, Search, any_times
from webapp.booking.wording import LOCALE, clock, day_name, local_date, week_title
from webapp.practice.hours import Span, local_day

LOOK_AHEAD = timedelta(days=14)
NEAR = timedelta(days=7)
WEEK = 7
FIRST = 3
MOST_OF_A_DAY = 8
NOON = 12
Link = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Times:
    """What was found, and what of it is chosen; `gone` is a wanted time that is not free."""

    found: Found
    offers: list[FreeStart]
    week: list[FreeStart]
    first_day: date
    zone: str
    chosen: datetime | None
    gone: datetime | None


def look(
    search: Search, choice: Choice, zone: str, now: datetime, *, refused: bool = False, proposes: bool = True
) -> Times | None:
    """Look for times, in what a door has prefetched of them (`ahead`); None when there is no such service.

    After a refusal the nearest to the wanted time come first, and PostgreSQL alone is asked; `proposes` chooses the
    first free one already.
    """
    known = g.get("prefetched")
    first = replace(search, window=Span(now, now + LOOK_AHEAD))
    found = projected.any_times(first, now, known if isinstance(known, Ahead) and not refused else None)
    if found is None:
        return None
    wanted = choice.at
    today = local_date(now, zone)
    first_day = choice.week or (local_date(wanted, zone) if wanted and wanted > now else today)
    first_day = max(first_day, today)
    week = _elsewhere(search, _week(search, found, first_day, zone, now))
    offers = first_free(_elsewhere(search, found.starts), FIRST, found.zones)
    if not week and offers and wanted is None and choice.week is None:
        # A week of nothing but "No times" says less than the one with the first of them.
        first_day = local_date(offers[0].start, zone)
        week = _elsewhere(search, _week(search, found, first_day, zone, now))
    free = wanted is not None and not refused and _is_free(search, wanted, now)
    if wanted is not None and free and all(start.start != wanted for start in week):
        week = [*week, *_exactly(search, wanted, now)]
    if wanted is not None and not free:
        offers = _nearest(search, wanted, now)
    proposed = offers[0].start if offers and wanted is None and proposes else None
    chosen = wanted if free else proposed
    # The time that a visit has already is not free for it, and not gone either.
    stays = search.moving is not None and wanted == search.moving.starts_at
    gone = wanted if wanted is not None and not free and not stays else None
    return Times(found, offers, one_each(week), first_day, zone, chosen, gone)


def ahead(location_id: UUID | None, now: datetime) -> Ahead | None:
    """Read before the transaction what DynamoDB holds of the days that are looked at first."""
    settings = current_app.config["ANTEROOM"]
    return projected.ahead(location_id, Span(now, now + LOOK_AHEAD), now) if settings.projected_times else None


def _week(search: Search, found: Found, first_day: date, zone: str, now: datetime) -> list[FreeStart]:
    span = Span(local_day(zone, first_day).start, local_day(zone, first_day + timedelta(days=WEEK - 1)).end)
    if span.end <= now + LOOK_AHEAD:
        return [start for start in found.starts if span.start <= start.start < span.end]
    later = any_times(replace(search, window=span), now)
    return [] if later is None else later.starts


def _elsewhere(search: Search, starts: list[FreeStart]) -> list[FreeStart]:
    """Leave out the place a visit has already."""
    if search.moving is None:
        return starts
    here = (search.moving.starts_at, search.moving.provider_id)
    return [start for start in starts if (start.start, start.provider_id) != here]


def _exactly(search: Search, wanted: datetime, now: datetime) -> list[FreeStart]:
    # A time that somebody at the desk names is held against notice and furthest day no more.
    named = replace(search, window=Span(wanted, wanted + timedelta(minutes=1)), asked=True)
    found = any_times(named, now, step=5)
    return [] if found is None else _elsewhere(search, found.starts)


def _is_free(search: Search, wanted: datetime, now: datetime) -> bool:
    return bool(_exactly(search, wanted, now))


def _nearest(search: Search, wanted: datetime, now: datetime) -> list[FreeStart]:
    window = Span(max(now, wanted - NEAR), max(now, wanted) + NEAR)
    found = any_times(replace(search, window=window), now)
    return [] if found is None else nearest_alternatives(_elsewhere(search, found.starts), wanted, FIRST)


def context(times: Times, choice: Choice, link: Link, now: datetime, sheet: str) -> dict[str, Any]:
    """What the picker shows; `link(**changes)` is the address of the same dialog with some of the choice changed.

    `sheet` is the id of the dialog's content, which every link inside it replaces.
    """
    today = local_date(now, times.zone)
    last_day = times.first_day + timedelta(days=WEEK - 1)
    shown = [start for start in times.week if _in_half(start, choice.half, times.zone)]
    large = {start.start for start in times.offers}

    def to(**changes: object) -> dict[str, Any]:
        href = link(**changes)
        return {"href": href, "attrs": {"hx-get": href, "hx-target": f"#{sheet}", "hx-swap": "outerMorph"}}

    words = {"any": _("Any"), "am": _("AM"), "pm": _("PM")}
    return {
        "offers": [_large(n, start, times, today) for n, start in enumerate(times.offers)],
        "alternatives": times.gone is not None,
        # Two radios of one value can't both be checked: the large one has it when there is one.
        "week_value": write_instant(times.chosen) if times.chosen and times.chosen not in large else "",
        "title": week_title(times.first_day, last_day),
        "previous": to(week=times.first_day - timedelta(days=WEEK)) if times.first_day > today else None,
        "next": to(week=times.first_day + timedelta(days=WEEK)),
        "halves": [to(half=half) | {"label": words[half], "current": choice.half == half} for half in HALVES],
        "days": _days(shown, times),
    }


def _large(n: int, start: FreeStart, times: Times, today: date) -> dict[str, Any]:
    # The error summary leads to the first one; the dialog opens with the focus on the chosen one, else on the first.
    attrs = {"id": "f-starts_at"} if n == 0 else {}
    if start.start == times.chosen or (n == 0 and times.chosen is None):
        attrs["data-first"] = ""
    return {
        "value": write_instant(start.start),
        "label": clock(start.start, times.zone),
        "detail": day_name(local_date(start.start, times.zone), today),
        "checked": start.start == times.chosen,
        "attrs": attrs,
    }


def _days(shown: Sequence[FreeStart], times: Times) -> list[dict[str, Any]]:
    """The days of the week; one with many times shows some of each part of it."""
    found: dict[date, list[FreeStart]] = {times.first_day + timedelta(days=n): [] for n in range(WEEK)}
    for start in shown:
        found.setdefault(local_date(start.start, times.zone), []).append(start)
    return [
        {
            "weekday": format_date(day, "EEE", locale=LOCALE),
            "day": format_date(day, "d", locale=LOCALE),
            "slots": [
                {"value": write_instant(start.start), "label": clock(start.start, times.zone)}
                for start in _thinned(starts, times.chosen)
            ],
        }
        for day, starts in sorted(found.items())
    ]


def _thinned(starts: Sequence[FreeStart], chosen: datetime | None) -> list[FreeStart]:
    if len(starts) <= MOST_OF_A_DAY:
        return list(starts)
    step = (len(starts) - 1) / (MOST_OF_A_DAY - 1)
    kept = {round(n * step) for n in range(MOST_OF_A_DAY)}
    return [start for n, start in enumerate(starts) if n in kept or start.start == chosen]


def _in_half(start: FreeStart, half: str, zone: str) -> bool:
    if half == "any":
        return True
    morning = start.start.astimezone(ZoneInfo(zone)).hour < NOON
    return morning == (half == "am")
