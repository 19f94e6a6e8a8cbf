"""The marks of the small calendar: which days of a month have visits, are nearly full, or closed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from webapp.booking.queries import booked_minutes
from webapp.desk.queries.clinic import Clinic
from webapp.practice.hours import Span, local_day

FULL = 0.85
FRESH = timedelta(minutes=1)
MOST_KEPT = 64
_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Month:
    """The days around a day in whole weeks from Sunday, each with its load: "", "some", "full" or "closed"."""

    first: date
    days: tuple[tuple[date, str], ...]


def weeks(day: date) -> tuple[date, date]:
    """First Sunday and last Saturday of the weeks that the day's month touches; the whole ISO week of the day too."""
    first, last = _shown(day)
    monday = day - timedelta(days=day.isoweekday() - 1)
    return min(first, monday), max(last, monday + timedelta(days=6))


# The sums over a month cost more than the day itself and are a hint: visits in them may be a minute old, hours and
# closures never. They are numbers of a whole day, nobody's data.
_kept: OrderedDict[tuple[UUID, int, date], tuple[datetime, Month]] = OrderedDict()


def month(clinic: Clinic, day: date, at: datetime) -> Month:
    """Marks of the month a day lies in; the visits in them were counted at most a minute before `at`."""
    key = (clinic.location.id, clinic.plan, day.replace(day=1))
    kept = _kept.get(key)
    if kept is not None and timedelta() <= at - kept[0] < FRESH:
        return kept[1]
    found = _counted(clinic, day)
    _kept[key] = (at, found)
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _counted(clinic: Clinic, day: date) -> Month:
    first, last = _shown(day)
    zone = clinic.location.time_zone
    span = Span(local_day(zone, first).start, local_day(zone, last).end)
    booked = booked_minutes(clinic.location.id, span, zone)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Month(day.replace(day=1), tuple((each, _load(clinic, each, booked)) for each in days))


def _shown(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first - timedelta(days=first.isoweekday() % _SUNDAY), last + timedelta(days=6 - last.isoweekday() % _SUNDAY)


def _load(clinic: Clinic, day: date, booked: dict[str, int]) -> str:
    worked = sum(end - start for spans in clinic.worked(day).values() for start, end in spans)
    if not worked or _is_shut(clinic, day):
        return "closed"
    minutes = booked.get(day.isoformat(), 0)
    if not minutes:
        return ""
    return "full" if minutes * 60 >= worked * FULL else "some"


def _is_shut(clinic: Clinic, day: date) -> bool:
    if not clinic.shut:
        return False
    start, end = local_day(clinic.location.time_zone, day).seconds
    return any(opens <= start and closes >= end for (opens, closes), _reason in clinic.shut)
