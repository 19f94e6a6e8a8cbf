"""The waiting list in the words of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from babel.dates import format_time, get_day_names
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.booking.models.plans import WaitingWish
from webapp.booking.waiting_forms import NOTICES, URGENCIES
from webapp.booking.wording import LOCALE, minutes, short_date

_DAY = 24 * 60
_WORKING_DAYS = [1, 2, 3, 4, 5]
_ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


def urgency_label(urgency: int) -> tuple[str, str]:
    """Word and tone of how urgent a wish is."""
    return {1: (_("Any"), "neutral"), 2: (_("Soon"), "warn"), 3: (_("Urgent"), "danger")}[urgency]


def urgencies() -> list[tuple[int, str]]:
    """The choices of a form."""
    words = {1: _("Any time"), 2: _("Soon"), 3: _("Urgent")}
    return [(urgency, words[urgency]) for urgency in URGENCIES]


def notices() -> list[tuple[int, str]]:
    """How long before they must know: the choices of a form."""
    return [(count, notice(count)) for count in NOTICES]


def notice(count: int) -> str:
    """Minutes of notice: "None", "2 h", "1 day"."""
    if count == 0:
        return _("Can come at once")
    if count % _DAY == 0:
        return ngettext("%(num)s day", "%(num)s days", count // _DAY)
    return minutes(count)


def weekday_names() -> list[tuple[int, str]]:
    """ISO days by their short names, from Monday."""
    names = get_day_names("abbreviated", locale=LOCALE)
    return [(day, names[day - 1]) for day in _ALL_DAYS]


def with_whom(wish: WaitingWish, names: Mapping[UUID, str]) -> str:
    """The providers somebody asked for, "Anybody" without any."""
    return ", ".join(names[each] for each in wish.provider_ids if each in names) or _("Anybody")


def suits(wish: WaitingWish, today: date) -> str:
    """When a time would suit: "Mon, Wed · 9:00 AM to 12:00 PM · until Dec 4, 2026"."""
    parts = [_days(wish.weekdays), _times(wish.from_time, wish.to_time)]
    if wish.earliest > today:
        parts.append(_("from %(day)s", day=short_date(wish.earliest)))
    if wish.latest is not None:
        parts.append(_("until %(day)s", day=short_date(wish.latest)))
    if wish.notice_minutes:
        parts.append(_("%(time)s notice", time=notice(wish.notice_minutes)))
    return " · ".join(part for part in parts if part)


def waited(since: datetime, at: datetime) -> str:
    """How long somebody has waited, in the largest unit that says it: "today", "3 days", "5 weeks"."""
    days = max(0, (at - since) // timedelta(days=1))
    if days == 0:
        return _("less than a day")
    return ngettext("%(num)s day", "%(num)s days", days)


def left_of(until: datetime, at: datetime) -> str:
    """What is left of an offer in whole minutes: "24 min left"."""
    left = max(0, int((until - at).total_seconds() // 60))
    return _("%(time)s left", time=minutes(left)) if left else _("less than a minute left")


def _days(days: list[int]) -> str:
    if sorted(days) == _ALL_DAYS:
        return _("Any day")
    if sorted(days) == _WORKING_DAYS:
        return _("Mon to Fri")
    names = dict(weekday_names())
    return ", ".join(names[day] for day in sorted(days))


def _times(begins: time, ends: time) -> str:
    whole = begins == time.min, ends >= time(23, 59)
    if all(whole):
        return _("any time")
    if whole[0]:
        return _("until %(time)s", time=_clock(ends))
    if whole[1]:
        return _("from %(time)s", time=_clock(begins))
    return _("%(start)s to %(end)s", start=_clock(begins), end=_clock(ends))


def _clock(wall: time) -> str:
    return format_time(wall, "h:mm a", locale=LOCALE)
