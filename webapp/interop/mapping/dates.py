"""FHIR dates and times; what no calendar has is refused, what has no day can't be placed and is refused too."""

from __future__ import annotations

import datetime as dt
import re
from datetime import UTC, datetime, time

from webapp.interop.mapping.faults import Fault

EARLIEST = dt.date(1850, 1, 1)
LATEST = dt.date(2199, 12, 31)
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII
)
_LEAP_SECOND = "60"
# A day without a time: noon UTC is on that day almost everywhere on Earth.
_SOME_TIME = time(12, tzinfo=UTC)


def date(text: str, path: str, *, latest: dt.date = LATEST) -> dt.date:
    """Read a full date between 1850 and `latest`."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise Fault(f"{path} is not a date")
    year, month, day = found.groups()
    try:
        # The part that is there is checked before the missing one is asked for: 2019-13 is impossible, not incomplete.
        value = dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise Fault(f"{path} is an impossible date") from None
    if day is None:
        raise Fault(f"{path} has no day")
    if value < EARLIEST or value > latest:
        raise Fault(f"{path} is an impossible date: it is not between {EARLIEST.year} and {_end(latest)}")
    return value


def instant(text: str, path: str) -> datetime:
    """Read a time with its offset, or a day, as aware UTC; fractions are kept to the microsecond."""
    if _DATE.fullmatch(text):
        return datetime.combine(date(text, path), _SOME_TIME)
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise Fault(f"{path} is not a time with its offset from UTC")
    day, clock, seconds, fraction, offset = found.groups()
    leap = seconds == _LEAP_SECOND
    try:
        value = datetime.fromisoformat(f"{day}T{clock}:{'59' if leap else seconds or '00'}{offset}")
        microseconds = int((fraction or "0")[:6].ljust(6, "0"))
        value = value.astimezone(UTC) + dt.timedelta(seconds=leap, microseconds=microseconds)
    except (ValueError, OverflowError):
        raise Fault(f"{path} is an impossible date or time") from None
    if not EARLIEST <= value.date() <= LATEST:
        raise Fault(f"{path} is an impossible date: it is not between {EARLIEST.year} and {LATEST.year}")
    return value


def _end(latest: dt.date) -> str:
    return str(latest.year) if latest == LATEST else "today"
