"""Days and their times, as pages that let somebody choose one show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.booking.availability import FreeStart
from webapp.booking.forms import GROUP, write_instant
from webapp.booking.queries import Group
from webapp.errors import FormInvalid, Refusal
from webapp.portal import wording
from webapp.portal.forms import Choice
from webapp.portal.times import Day, Times

NOON = 12
Address = Callable[..., str]


def strip(found: Times, choice: Choice, zone: str, now: datetime, address: Address) -> dict[str, Any]:
    """Some days side by side, with their times; `address` leads to the same page with something else chosen."""
    earlier, later = (
        None if begins is None else address(begins=begins.isoformat()) for begins in (found.earlier, found.later)
    )
    return {
        "title": wording.days_span(found.days[0].date, found.days[-1].date) if found.days else "",
        "days": [_day(day, choice, found, zone, address) for day in found.days],
        "any": any(day.left for day in found.days),
        "earlier": earlier,
        "later": later,
        "first": None if found.first is None else wording.soon(found.first, now, zone),
        "first_href": address(begins=None),
    }


def _day(day: Day, choice: Choice, found: Times, zone: str, address: Address) -> dict[str, Any]:
    slots = [_slot(start, choice, zone) for start in day.starts] + [_seat(group) for group in day.groups]
    return {
        **wording.parts_of(day.date),
        "iso": day.date.isoformat(),
        "long": wording.long_day(day.date),
        "left": _left(day),
        "open": bool(day.left),
        "shown": day.date == found.chosen,
        "href": address(day=day.date.isoformat()),
        "halves": [
            {"title": title, "icon": icon, "count": _count(some), "slots": some}
            for title, icon, some in (
                (_("Morning"), "sunrise", [slot for slot in slots if slot["hour"] < NOON]),
                (_("Afternoon"), "sun", [slot for slot in slots if slot["hour"] >= NOON]),
            )
            if some
        ],
    }


def _left(day: Day) -> str:
    if day.closed and not day.left:
        return _("Closed")
    return ngettext("%(num)s left", "%(num)s left", day.left) if day.left else _("Full")


def _count(slots: Sequence[object]) -> str:
    return ngettext("%(num)s time", "%(num)s times", len(slots))


def _slot(start: FreeStart, choice: Choice, zone: str) -> dict[str, Any]:
    return {
        "value": write_instant(start.start),
        "label": wording.clock(start.start, zone),
        "said": wording.moment_in_words(start.start, zone),
        "detail": None,
        "checked": start.start == choice.at,
        "disabled": False,
        "hour": _hour(start.start, zone),
    }


def _seat(group: Group) -> dict[str, Any]:
    few = ngettext("%(num)s left", "%(num)s left", group.left)
    return {
        "value": f"{GROUP}{group.id}",
        "label": wording.clock(group.starts_at, group.zone),
        "said": wording.moment_in_words(group.starts_at, group.zone),
        "detail": few if group.left else _("Full"),
        "checked": False,
        "disabled": not group.left,
        "hour": _hour(group.starts_at, group.zone),
    }


def _hour(moment: datetime, zone: str) -> int:
    return wording.local(moment, zone).hour


def said_errors(refusal: Refusal | None) -> dict[str, list[str]]:
    """What a refusal says above the times: of the form that was sent, or of the time that was chosen."""
    if refusal is None:
        return {}
    return refusal.errors if isinstance(refusal, FormInvalid) else {"": [str(wording.said(refusal))]}
