"""What stands around the board: its head with the flow bar, the calendar, the filters."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import gettext as _

from webapp.booking.states import Status
from webapp.booking.wording import LOCALE, local_date, long_day
from webapp.desk.queries import Day, Month
from webapp.desk.views.address import Address

FLOW = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM, Status.FINISHED, Status.NOSHOW)
_WEEK = 7


def head(asked: Address, day: Day, at: datetime) -> dict[str, Any]:
    """Title, steps to other days, views, and how many visits stand where."""
    shown = [visit for visit in day.visits if not asked.providers or visit.provider_id in asked.providers]
    counts = Counter(visit.status for visit in shown)
    return {
        "title": long_day(asked.day),
        "previous": asked.url(day=asked.day - timedelta(days=1), visit=None),
        "next": asked.url(day=asked.day + timedelta(days=1), visit=None),
        "today": url_for("desk.today", view=None if asked.view == "day" else asked.view),
        "is_today": asked.day == local_date(at, day.location.time_zone),
        "views": [
            {"label": label, "href": asked.url(view=view), "current": asked.view == view}
            for view, label in (("day", _("Day")), ("list", _("List")))
        ],
        "narrow": asked.url(view="list"),
        "flow": [
            {
                "status": status.value,
                "count": counts[status],
                "href": asked.url(status="" if asked.status == status.value else status.value),
                "current": asked.status == status.value,
            }
            for status in FLOW
        ],
        "poll": asked.url(visit=None),
    }


def context(asked: Address, day: Day, at: datetime) -> dict[str, Any]:
    """Calendar and filters."""
    counts = Counter(visit.provider_id for visit in day.visits if visit.status is not Status.CANCELLED)
    working = {provider.id for provider in day.working}
    providers: list[dict[str, Any]] = [
        {
            "id": provider.id,
            "name": provider.name,
            "count": counts[provider.id],
            "checked": provider.id in (asked.providers or working),
        }
        for provider in day.providers
    ]
    canceled = sum(visit.status is Status.CANCELLED for visit in day.visits)
    return {
        "action": url_for("desk.board", day=asked.day),
        "keep": [(name, value) for name, value in (("view", asked.view), ("status", asked.status)) if value],
        "canceled": canceled
        and {
            "label": _("%(count)s canceled", count=canceled),
            "href": asked.url(view="list", status=Status.CANCELLED.value, visit=None),
        },
        "calendar": _calendar(asked, day.month, local_date(at, day.location.time_zone)),
        "providers": providers,
        "waiting": url_for("desk.waiting_beside", day=asked.day, location=day.location.id),
        "meta": _("%(some)s of %(all)s", some=sum(each["checked"] for each in providers), all=len(providers)),
    }


def _calendar(asked: Address, month: Month, today: date) -> dict[str, Any]:
    days = [
        {
            "day": day.day,
            "iso": day.isoformat(),
            "href": asked.url(day=day, visit=None),
            "label": _label(day, load),
            "current": day == asked.day,
            "today": day == today,
            "outside": day.month != month.first.month,
            "load": load,
        }
        for day, load in month.days
    ]
    names = [day for day, _load in month.days[:_WEEK]]
    return {
        "title": format_date(month.first, "MMMM y", locale=LOCALE),
        "previous": asked.url(day=_other_month(asked.day, -1), visit=None),
        "next": asked.url(day=_other_month(asked.day, 1), visit=None),
        "weekdays": [
            (format_date(day, "EEEEE", locale=LOCALE), format_date(day, "EEEE", locale=LOCALE)) for day in names
        ],
        "weeks": [days[n : n + _WEEK] for n in range(0, len(days), _WEEK)],
    }


def _label(day: date, load: str) -> str:
    words = {"some": _("visits booked"), "full": _("nearly full"), "closed": _("closed"), "": _("no visits")}
    return f"{format_date(day, 'EEEE, MMMM d', locale=LOCALE)}, {words[load]}"


def _other_month(day: date, step: int) -> date:
    """The same day of the month before or after, or its last one."""
    first = (day.replace(day=1) + timedelta(days=31 * step if step > 0 else -1)).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last)
