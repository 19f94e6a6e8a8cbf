"""Settings in words: lengths, amounts, days of the week, rules."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask_babel import gettext as _
from flask_babel import ngettext

LOCALE = "en_US"
_HOUR, _DAY = 60, 24 * 60
# A Monday, to name the days of the week by.
_MONDAY = date(2024, 1, 1)


def duration(minutes: int) -> str:
    """A length or a notice: "45 min", "1 h 30 min", "2 days"."""
    if minutes and minutes % _DAY == 0:
        days = minutes // _DAY
        return str(ngettext("%(num)s day", "%(num)s days", days))
    hours, rest = divmod(minutes, _HOUR)
    if not hours:
        return _("%(minutes)s min", minutes=rest)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(hours)s h", hours=hours)


def weekday_name(weekday: int) -> str:
    """Monday to Sunday for 1 to 7."""
    return format_date(_MONDAY + timedelta(days=weekday - 1), "EEEE", locale=LOCALE)


def short_day(day: date) -> str:
    """Mon, Dec 7."""
    return format_date(day, "EEE, MMM d", locale=LOCALE)


def day_with_year(day: date) -> str:
    """Monday, December 7, 2026."""
    return format_date(day, "EEEE, MMMM d, y", locale=LOCALE)


def wall(moment: time) -> str:
    """8:30 AM, noon and midnight too."""
    return format_time(moment, "h:mm a", locale=LOCALE)


def wall_span(starts: time, ends: time) -> str:
    """8:30 AM to 12:00 PM."""
    return _("%(start)s to %(end)s", start=wall(starts), end=wall(ends))


def span_days(start: datetime, end: datetime, zone: str) -> tuple[str, str]:
    """The days and the hours of a span at a place: ("Thu, Nov 26", "All day"), ("Dec 24 to Jan 1", "All day")."""
    place = ZoneInfo(zone)
    first, last = start.astimezone(place), end.astimezone(place)
    # The end is no part of it: until midnight is until the day before.
    final = (last - timedelta(seconds=1)).date()
    whole = first.time() == time.min and last.time() == time.min
    days = short_day(first.date())
    if final != first.date():
        days = _("%(first)s to %(last)s", first=days, last=short_day(final))
    if whole:
        return days, _("All day")
    return days, _("%(start)s to %(end)s", start=wall(first.time()), end=wall(last.time()))


def kind_label(kind: str) -> str:
    """What an exception is called."""
    words = {
        "sick": _("Sick"),
        "vacation": _("Vacation"),
        "training": _("Training"),
        "other": _("Away"),
        "extra": _("Extra hours"),
    }
    return words[kind]


def audience_label(audience: str) -> str:
    """Whom a service is for."""
    words = {
        "any": _("All patients"),
        "new": _("New patients only"),
        "returning": _("Returning patients only"),
    }
    return words[audience]


def check_label(check: str) -> str:
    """What the desk looks at when somebody arrives."""
    words = {
        "identity": _("Identity: name and date of birth"),
        "coverage": _("Coverage: insurance card"),
        "forms": _("Forms: filled in and signed"),
        "balance": _("Balance: what is owed"),
    }
    return words[check]


def rhythm_label(every: int) -> str:
    """How often a block is worked."""
    words = {
        1: _("Every week"),
        2: _("Every 2nd week"),
        3: _("Every 3rd week"),
    }
    return words.get(every) or _("Every %(count)sth week", count=every)
