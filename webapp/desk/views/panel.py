"""What stands around the board: its head with the flow bar, the calendar, the filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import gettext as _

from webapp.booking.queries import BoardVisit
from webapp.booking.states import TO_PAY, Status
from webapp.booking.wording import LOCALE, local_date, long_day, short_day, week_title
from webapp.desk.queries import Day, Month
from webapp.desk.views.address import Address

FLOW = (
    *(each.value for each in (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)),
    TO_PAY,
    *(each.value for each in (Status.FINISHED, Status.NOSHOW)),
)
_WEEK = 7


def head(asked: Address, visits: Sequence[BoardVisit], day: Day, at: datetime) -> dict[str, Any]:
    """Title, steps to other days, views, and how many visits stand where."""
    counts = Counter(visit.shown for visit in visits if asked.among(visit))
    first, last = asked.days
    step = timedelta(days=(last - first).days + 1)
    weekly = asked.view == "week"
    title = week_title(first, last) if weekly else long_day(asked.day)
    return {
        "title": _named(title, asked, day) if weekly else title,
        "short": title if weekly else short_day(asked.day),
        "previous": asked.url(day=asked.day - step, visit=None),
        "next": asked.url(day=asked.day + step, visit=None),
        "previous_label": _("Previous week") if weekly else _("Previous day"),
        "next_label": _("Next week") if weekly else _("Next day"),
        "today": url_for("desk.today", view=None if asked.view == "day" else asked.view, location=asked.location),
        "is_today": first <= local_date(at, day.location.time_zone) <= last,
        "views": [
            {
                "label": label,
                "href": asked.url(view=view),
                "current": asked.view == view,
                "attrs": {"data-key": key, "aria-keyshortcuts": key},
            }
            for view, label, key in (("day", _("Day"), "d"), ("week", _("Week"), "w"), ("list", _("List"), "l"))
        ],
        "narrow": asked.url(view="list"),
        "flow": [
            {
                "status": status,
                "count": counts[status],
                "href": asked.url(status="" if asked.status == status else status),
                "current": asked.status == status,
                "key": str(number),
            }
            for number, status in enumerate(FLOW, start=1)
        ],
        "poll": asked.url(visit=None),
        "filtered": _narrowed(asked, day),
        "sheet": url_for("desk.day_sheets", day=asked.day, location=asked.location),
    }


def _named(title: str, asked: Address, day: Day) -> str:
    """A week with whose it is, when it is one provider's."""
    names = [provider.name for provider in day.providers if (provider.id,) == asked.providers]
    return ", ".join([*names, title])


def _narrowed(asked: Address, day: Day) -> dict[str, str] | None:
    """What the board leaves out besides providers, in words, and the way back."""
    parts = [name for id_, name in day.clinic.rooms if id_ == asked.room]
    if not parts:
        return None
    return {"text": _("Only %(what)s", what=", ".join(parts)), "href": asked.url(room=None)}


def context(asked: Address, visits: Sequence[BoardVisit], day: Day, at: datetime) -> dict[str, Any]:
    """Calendar and filters."""
    counts = Counter(visit.provider_id for visit in visits if visit.status is not Status.CANCELLED)
    working = {provider.id for provider in (day.providers if asked.view == "week" else day.working)}
    shown = asked.providers or working
    # As the macro `provider_check` takes them.
    providers = [
        (str(provider.id), provider.name, counts[provider.id], provider.id in shown) for provider in day.providers
    ]
    canceled = sum(visit.status is Status.CANCELLED for visit in visits)
    kept = (("view", asked.view), ("status", asked.status), ("location", asked.location))
    return {
        "action": url_for("desk.board", day=asked.day),
        "keep": [(name, value) for name, value in kept if value],
        "canceled": canceled
        and {
            "label": _("%(count)s canceled", count=canceled),
            "href": asked.url(view="list", status=Status.CANCELLED.value, visit=None),
        },
        "calendar": _calendar(asked, day.month, local_date(at, day.location.time_zone)),
        "providers": providers,
        "everybody": asked.url(providers=()) if asked.providers else None,
        "waiting": url_for("desk.waiting_beside", day=asked.day, location=day.location.id),
        "meta": _("%(some)s of %(all)s", some=sum(checked for *_rest, checked in providers), all=len(providers)),
        "rooms": [("", _("All rooms")), *((str(id_), name) for id_, name in day.clinic.rooms)],
        "room": "" if asked.room is None else str(asked.room),
        "sites": _sites(asked, day),
    }


def _sites(asked: Address, day: Day) -> list[dict[str, Any]]:
    """The places to choose from; none where there is only one."""
    if len(day.clinic.sites) == 1:
        return []
    return [
        {
            "label": name,
            "href": asked.url(location=id_, providers=(), room=None, visit=None),
            "current": id_ == day.location.id,
        }
        for id_, name in day.clinic.sites
    ]


def _calendar(asked: Address, month: Month, today: date) -> dict[str, Any]:
    here, own = asked.url(visit=None), asked.day.isoformat()
    words = {"some": _("visits booked"), "full": _("nearly full"), "closed": _("closed"), "": _("no visits")}
    days = [
        {
            "day": day.day,
            "iso": day.isoformat(),
            "href": here.replace(own, day.isoformat(), 1),
            "label": f"{long_day(day)}, {words[load]}",
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
        "previous": here.replace(own, _other_month(asked.day, -1).isoformat(), 1),
        "next": here.replace(own, _other_month(asked.day, 1).isoformat(), 1),
        "weekdays": [_weekday(day) for day in names],
        "weeks": [days[n : n + _WEEK] for n in range(0, len(days), _WEEK)],
    }


@lru_cache(maxsize=64)
def _weekday(day: date) -> tuple[str, str]:
    return format_date(day, "EEEEE", locale=LOCALE), format_date(day, "EEEE", locale=LOCALE)


def _other_month(day: date, step: int) -> date:
    """The same day of the month before or after, or its last one."""
    first = (day.replace(day=1) + timedelta(days=31 * step if step > 0 else -1)).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last)
