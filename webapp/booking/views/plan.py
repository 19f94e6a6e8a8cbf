"""Rows of a plan: what is free, and choices for what is not; the same for new series and for moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.booking.availability import FreeStart
from webapp.booking.forms import write_instant
from webapp.booking.plan_forms import OTHER, SKIP, Answer
from webapp.booking.queries import Hindrance, Planned
from webapp.booking.wording import clock, day_name, local_date, time_span

TEMPLATE = "booking/plan.html"
BLOCKS = {"dialog": "sheet", "plan-sheet": "sheet", "book-sheet": "sheet", "move-sheet": "sheet"}


def rows(
    planned: Sequence[Planned],
    skipped: Mapping[int | UUID, datetime],
    answers: Mapping[str, Answer],
    zone: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """What the page shows of each visit, by time; `skipped` are those that somebody chose to leave out, and when."""
    shown = [(each.starts_at, _row(each, answers, zone, now)) for each in planned]
    shown += [(at, _skipped(key, at, zone, now)) for key, at in skipped.items()]
    ordered = [row for _at, row in sorted(shown, key=lambda pair: pair[0])]
    return [row | {"number": number} for number, row in enumerate(ordered, 1)]


def conflicts(found: Sequence[dict[str, Any]]) -> str:
    """How many visits need an answer; empty when all are free."""
    count = sum(not row["free"] for row in found)
    return ngettext("%(num)s visit needs another time", "%(num)s visits need another time", count) if count else ""


def _row(planned: Planned, answers: Mapping[str, Answer], zone: str, now: datetime) -> dict[str, Any]:
    name = f"visit-{planned.key}"
    answer = answers.get(str(planned.key))
    offers = [_offer(start, zone, now) for start in planned.offers]
    other = answer if answer is not None and answer.chosen == OTHER else None
    chosen = OTHER if other else offers[0]["value"] if offers else SKIP
    return _when(planned.starts_at, planned.ends_at, zone, now) | {
        "key": planned.key,
        "name": name,
        "value": write_instant(planned.starts_at),
        "free": planned.free,
        "why": _why(planned.hindrance),
        "note": "",
        "offers": offers,
        "chosen": chosen,
        "other_day": other.day if other else local_date(planned.starts_at, zone).isoformat(),
        "other_time": other.time if other else f"{planned.starts_at.astimezone(ZoneInfo(zone)):%H:%M}",
    }


def _skipped(key: int | UUID, at: datetime, zone: str, now: datetime) -> dict[str, Any]:
    planned = Planned(key, at, at, Hindrance.TAKEN)
    return _row(planned, {}, zone, now) | {"chosen": SKIP, "why": _("Left out"), "time": clock(at, zone)}


def _when(start: datetime, end: datetime, zone: str, now: datetime) -> dict[str, str]:
    return {"day": day_name(local_date(start, zone), local_date(now, zone)), "time": time_span(start, end, zone)}


def _offer(start: FreeStart, zone: str, now: datetime) -> dict[str, str]:
    day = day_name(local_date(start.start, zone), local_date(now, zone))
    return {"value": write_instant(start.start), "time": clock(start.start, zone), "day": day}


def _why(hindrance: Hindrance | None) -> str:
    words = {
        Hindrance.PATIENT: _("The patient has another visit then"),
        Hindrance.CLOSED: _("The clinic is closed"),
        Hindrance.PAST: _("That time has passed"),
        Hindrance.TAKEN: _("Not free"),
    }
    return "" if hindrance is None else words[hindrance]
