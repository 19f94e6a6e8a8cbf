"""Birth dates as people type them."""

from __future__ import annotations

import datetime as dt
import re

_ISO = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})", re.ASCII)
_ISO_RUN_TOGETHER = re.compile(r"((?:18|19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_AMERICAN = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", re.ASCII)
_RUN_TOGETHER = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}|\d{2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})\.?,? (\d{4}|\d{2})", re.ASCII)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FULL_MONTHS = "january february march april may june july august september october november december".split()
_CENTURY = 100

EARLIEST = dt.date(1850, 1, 1)
"""Nobody alive, and nobody in a record a clinic keeps, was born before."""


def parse(text: str, today: dt.date) -> dt.date | None:
    """Read 3/4/1973, 03/04/73, 1973-03-04, 03041973, 19730304, Mar 4, 1973 or 4 March 73; None when it is no date.

    Eight digits are month, day and year when they can be.  Two digits of a year mean the latest one that is not in the
    future: nobody is registered before birth.
    """
    words = " ".join(text.lower().split())
    orders = ((_ISO, "ymd"), (_AMERICAN, "mdy"), (_RUN_TOGETHER, "mdy"), (_ISO_RUN_TOGETHER, "ymd"))
    for pattern, order in orders:
        if found := pattern.fullmatch(words):
            parts = dict(zip(order, found.groups(), strict=True))
            date = _date(parts["y"], int(parts["m"]), int(parts["d"]), today)
            if date is not None or pattern is not _RUN_TOGETHER:
                return date
    for pattern, order in ((_MONTH_FIRST, "mdy"), (_DAY_FIRST, "dmy")):
        if found := pattern.fullmatch(words):
            parts = dict(zip(order, found.groups(), strict=True))
            return _date(parts["y"], _month(parts["m"]), int(parts["d"]), today)
    return None


def age(born: dt.date, on: dt.date) -> int:
    """Whole years on a day; 0 for a day before birth."""
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    return max(0, on.year - born.year - (not had_birthday))


def _month(word: str) -> int:
    if word in _FULL_MONTHS:
        return _FULL_MONTHS.index(word) + 1
    return _MONTHS.index(word) + 1 if word in _MONTHS else 0


def _date(year: str, month: int, day: int, today: dt.date) -> dt.date | None:
    try:
        if len(year) > 2:  # noqa: PLR2004 - a year of two digits
            return dt.date(int(year), month, day)
        candidate = today.year - today.year % _CENTURY + int(year)
        this_century = dt.date(candidate, month, day) if _exists(candidate, month, day) else None
        if this_century is not None and this_century <= today:
            return this_century
        return dt.date(candidate - _CENTURY, month, day)
    except ValueError:
        return None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
