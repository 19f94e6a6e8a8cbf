"""Days and times as people type them in a hurry: "tue", "dec 3", "in 2 weeks", "3pm", "15:30", "noon"."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from webapp.patients import birth_dates

MOST_WORDS_OF_A_DAY = 3
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_SHORT_WEEKDAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4,
                   "sat": 5, "sun": 6}  # fmt: skip
_MONTHS = "january february march april may june july august september october november december".split()
_FEWEST_OF_A_MONTH = 3
_LATER = {"today": 0, "tod": 0, "tomorrow": 1, "tmr": 1, "tmrw": 1, "tomorow": 1}
_IN = re.compile(r"(?:in )?(\d{1,2}|an?|one|two|three|four) (day|week|month)s?", re.ASCII)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_NUMERIC = re.compile(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?", re.ASCII)
_ISO = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})", re.ASCII)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})\.?(?: (\d{4}))?", re.ASCII)
_TIME = re.compile(r"(?:at )?(\d{1,2})(?:[:.](\d{2}))? ?(am?|pm?)", re.ASCII)
_CLOCK = re.compile(r"(?:at )?(\d{1,2})[:.](\d{2})", re.ASCII)
_AT = re.compile(r"at (\d{1,2})", re.ASCII)
_LENGTH = re.compile(r"\d{1,3} ?(?:m|min|mins|minute|minutes|h|hr|hrs|hour|hours)", re.ASCII)
_SHORT_YEAR = re.compile(r" \d{1,2}$", re.ASCII)
_NOON = 12
_HOURS = 24
_LAST_AFTERNOON_HOUR = 6
_YEARS_AHEAD = 3
_DAYS_OF_A_WEEK = 7
_CENTURY = 100


@dataclass(frozen=True, slots=True)
class SaidDay:
    """A day that was typed; `weekly` when the next such day of the week will do as well."""

    day: dt.date
    weekly: bool = False

    def for_times(self, times: tuple[dt.time, ...], now: dt.datetime) -> dt.date:
        """The day, or the one a week later when it is today and every time that was said is over."""
        over = bool(times) and all(time <= now.time() for time in times)
        return self.day + dt.timedelta(days=7 if self.weekly and over and self.day == now.date() else 0)


def read_day(words: str, today: dt.date) -> SaidDay | None:
    """Read lower-case words, parted by one space, as a day from today on; None when they say none.

    A weekday is the next such day, today included; "next tue" lies in the week after this one, which ends on Sunday.
    A day of a month without its year is the next one.
    """
    if words in _LATER:
        return SaidDay(today + dt.timedelta(days=_LATER[words]))
    if (weekday := _weekday(words)) is not None:
        return SaidDay(today + dt.timedelta(days=(weekday - today.weekday()) % _DAYS_OF_A_WEEK), weekly=True)
    first, _, rest = words.partition(" ")
    if first in {"next", "this", "on"} and (weekday := _weekday(rest)) is not None:
        if first != "next":
            return read_day(rest, today)
        monday = today - dt.timedelta(days=today.weekday())
        return SaidDay(monday + dt.timedelta(days=_DAYS_OF_A_WEEK + weekday))
    if found := _IN.fullmatch(words):
        count = int(found[1]) if found[1].isdecimal() else _COUNTS[found[1]]
        return SaidDay(_ahead(today, count, found[2]))
    day = _date(words, today)
    return None if day is None else SaidDay(day)


def is_birth_date(words: str, today: dt.date) -> bool:
    """Whether words are a date of the past with its year, or eight digits that can be one.

    After a space the year has four digits: "dec 3 10 am" is a day and a time.
    """
    if _SHORT_YEAR.search(words):
        return False
    born = birth_dates.parse(words, today)
    if born is None or not birth_dates.EARLIEST <= born < today:
        return False
    return _NUMERIC.fullmatch(words) is None or _date(words, today) is None


def read_time(words: str) -> dt.time | None:
    """Read lower-case words as a time on the wall clock; hours from 1 to 6 without a half of the day are afternoon."""
    tidy = words.replace("a.m.", "am").replace("p.m.", "pm").replace("a.m", "am").replace("p.m", "pm")
    if tidy in {"noon", "midday", "at noon", "12 noon"}:
        return dt.time(_NOON)
    if found := _TIME.fullmatch(tidy):
        hour, minute = int(found[1]), int(found[2] or 0)
        if not 1 <= hour <= _NOON:
            return None
        return _time(hour % _NOON + (_NOON if found[3].startswith("p") else 0), minute)
    if found := _CLOCK.fullmatch(tidy) or _AT.fullmatch(tidy):
        hour, minute = int(found[1]), int(found[2]) if found.re is _CLOCK else 0
        # A zero in front is how people write the 24-hour clock.
        afternoon = 1 <= hour <= _LAST_AFTERNOON_HOUR and not found[1].startswith("0")
        return _time(hour + (_NOON if afternoon else 0), minute)
    return None


def read_length(words: str) -> bool:
    """Whether words say how long something takes; the type of visit says it better."""
    return _LENGTH.fullmatch(words) is not None


def moments(day: dt.date, time: dt.time, zone: str) -> tuple[dt.datetime, ...]:
    """The instants at which clocks at a place show a time on a day: one; two or none on days that clocks change."""
    found = []
    for fold in (0, 1):
        wall = dt.datetime.combine(day, time, ZoneInfo(zone)).replace(fold=fold)
        instant = wall.astimezone(dt.UTC)
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == dt.datetime.combine(day, time):
            found.append(instant)
    return tuple(sorted(set(found)))


def _weekday(word: str) -> int | None:
    if word in _WEEKDAYS:
        return _WEEKDAYS.index(word)
    return _SHORT_WEEKDAYS.get(word.removesuffix("."))


def _ahead(today: dt.date, count: int, unit: str) -> dt.date:
    if unit != "month":
        return today + dt.timedelta(days=count * (_DAYS_OF_A_WEEK if unit == "week" else 1))
    month = today.month - 1 + count
    year, month = today.year + month // 12, month % 12 + 1
    # The last day of a shorter month: nobody means the first of the next one.
    return next(day for last in range(today.day, 0, -1) if (day := _day(year, month, last)) is not None)


def _date(words: str, today: dt.date) -> dt.date | None:
    if found := _ISO.fullmatch(words):
        return _to_come(_day(int(found[1]), int(found[2]), int(found[3])), today)
    for pattern, month, day in ((_MONTH_FIRST, 1, 2), (_DAY_FIRST, 2, 1), (_NUMERIC, 1, 2)):
        if found := pattern.fullmatch(words):
            number = int(found[month]) if found[month].isdecimal() else _month(found[month])
            return _of_year(found[3], number, int(found[day]), today)
    return None


def _of_year(year: str | None, month: int, day: int, today: dt.date) -> dt.date | None:
    if year is None:
        return _to_come(_day(today.year, month, day), today) or _day(today.year + 1, month, day)
    whole = int(year) if len(year) > 2 else today.year - today.year % _CENTURY + int(year)  # noqa: PLR2004 - 26 is 2026
    return _to_come(_day(whole, month, day), today)


def _to_come(day: dt.date | None, today: dt.date) -> dt.date | None:
    """A day that somebody may mean: nobody books for the year 9999."""
    return day if day is not None and today <= day and day.year < today.year + _YEARS_AHEAD else None


def _month(word: str) -> int:
    return next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(word)), 13)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _time(hour: int, minute: int) -> dt.time | None:
    try:
        return dt.time(hour, minute)
    except ValueError:
        return None
