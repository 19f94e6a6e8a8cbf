"""Days, times, lengths and refusals in the words of patients, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.booking.money_refusals import CostsMoney, DepositFirst
from webapp.booking.plan_refusals import SessionFull
from webapp.booking.refusals import (
    HoldOver,
    LocationClosed,
    NotForThisPatient,
    NotOffered,
    OutsideHours,
    PatientNotBookable,
    ProviderAway,
    ScheduleChanged,
    SlotTaken,
    TooFarAhead,
    TooSoon,
    WrongState,
)
from webapp.errors import Refusal, Sentence, VersionConflict
from webapp.languages import written
from webapp.practice.models import Location

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_BITS = 40
_MINUTES_OF_HOUR = 60
_GONE = _l("That time was just taken. Please choose another one.")
_SAID: dict[type[Refusal], Sentence] = {
    HoldOver: _l("We no longer hold that time. Please choose it again, or another one."),
    OutsideHours: _GONE,
    ProviderAway: _GONE,
    ScheduleChanged: _GONE,
    LocationClosed: _l("The clinic is closed at that time. Please choose another one."),
    TooSoon: _l("That time is too soon to book online. Choose a later one, or call us."),
    TooFarAhead: _l("That day is too far ahead to book online. Choose an earlier one, or call us."),
    NotForThisPatient: _l("This kind of visit is for other patients. Please choose another one, or call us."),
    NotOffered: _l("We do not offer this visit there any more. Please choose again."),
    PatientNotBookable: _l("This visit cannot be booked online. Please call us."),
    DepositFirst: _l("This visit is paid for before it is booked. Please call us and we book it with you."),
    SessionFull: _l("The last place was just taken. Please choose another time."),
    CostsMoney: _l("The terms have changed while you were looking. Please read them again."),
    WrongState: _l("This visit has changed in the meantime. Here is how it stands now."),
    VersionConflict: _l("This visit has changed in the meantime. Here is how it stands now."),
}


def said(refusal: Refusal) -> Sentence:
    """What a refusal is to a patient: booking's own words are for the desk."""
    if isinstance(refusal, SlotTaken):
        mine = "patient" in refusal.kinds
        return _("You already have a visit at that time. Please choose another one.") if mine else _GONE
    return _SAID.get(type(refusal), refusal.message)


def clock(moment: datetime, zone: str) -> str:
    """Wall clock at a place: "10:30 AM"; with the zone's name when clocks show that time twice that day."""
    local = moment.astimezone(ZoneInfo(zone))
    # Unicode's narrow space before AM is a box in some fonts.
    label = format_time(local, "short", locale=written()).replace("\u202f", " ")
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return f"{label} {local.tzname()}"
    return label


def local(moment: datetime, zone: str) -> datetime:
    """A moment on the clocks of a place."""
    return moment.astimezone(ZoneInfo(zone))


def span(start: datetime, end: datetime, zone: str) -> str:
    """From when to when: "10:45 to 11:15 AM", "11:45 AM to 12:15 PM"."""
    first, last = clock(start, zone), clock(end, zone)
    if first[-2:] == last[-2:] and first[-2:] in {"AM", "PM"}:
        first = first[:-3]
    return _("%(start)s to %(end)s", start=first, end=last)


def day_of(moment: datetime, zone: str) -> date:
    """The calendar day of a moment at a place."""
    return moment.astimezone(ZoneInfo(zone)).date()


def long_day(day: date) -> str:
    """Wednesday, November 25."""
    # CLDR has no pattern for the whole weekday without the year.
    weekday = format_date(day, "EEEE", locale=written())
    return _("%(weekday)s, %(day)s", weekday=weekday, day=_in_words("MMMMd", day))


def short_day(day: date) -> str:
    """Wed, Nov 25."""
    return _in_words("MMMEd", day)


def short_date(day: date) -> str:
    """Nov 25, 2026."""
    return _in_words("yMMMd", day)


def parts_of(day: date) -> dict[str, str]:
    """Month, day and weekday for a tile: "Nov", "25", "Wed"."""
    return {"month": _in_words("MMM", day), "day": str(day.day), "weekday": _in_words("E", day)}


def days_span(first: date, last: date) -> str:
    """November 23 to 27; November 30 to December 4."""
    begin = _in_words("MMMMd", first)
    return _(
        "%(first)s to %(last)s",
        first=begin,
        last=str(last.day) if _same_month(first, last) else _in_words("MMMMd", last),
    )


def _same_month(first: date, last: date) -> bool:
    # Only where the day stands last: "23 de noviembre a 27" is no Spanish.
    return first.month == last.month and written().startswith("en")


def moment_in_words(moment: datetime, zone: str) -> str:
    """Tuesday, November 24 at 10:30 AM."""
    return _("%(day)s at %(time)s", day=long_day(day_of(moment, zone)), time=clock(moment, zone))


def soon(moment: datetime, now: datetime, zone: str) -> str:
    """When the first free time is: "today at 3:00 PM", "tomorrow at 9:10 AM", "Wednesday, November 25 at 9:10 AM"."""
    day, today = day_of(moment, zone), day_of(now, zone)
    if day == today:
        return _("today at %(time)s", time=clock(moment, zone))
    if day == today + timedelta(days=1):
        return _("tomorrow at %(time)s", time=clock(moment, zone))
    return moment_in_words(moment, zone)


def minutes(count: int) -> str:
    """A length: "20 minutes", "1 hour 30 minutes"."""
    hours, rest = divmod(count, _MINUTES_OF_HOUR)
    said_hours = ngettext("%(num)s hour", "%(num)s hours", hours) if hours else ""
    said_rest = ngettext("%(num)s minute", "%(num)s minutes", rest) if rest or not hours else ""
    return " ".join(part for part in (said_hours, said_rest) if part)


def address(place: Location) -> list[str]:
    """Where a place is, line by line; its name alone when nothing else is known."""
    city = ", ".join(part for part in (place.city, place.state) if part)
    lines = [place.line, " ".join(part for part in (city, place.postal_code) if part)]
    return [line for line in lines if line] or [place.name]


def reference(visit_id: UUID) -> str:
    """What a visit is called on the phone: eight letters and digits of its id, none of which looks like another."""
    rest = visit_id.int % (1 << _REFERENCE_BITS)
    letters = "".join(_CROCKFORD[rest >> shift & 31] for shift in range(_REFERENCE_BITS - 5, -5, -5))
    return f"{letters[:4]}-{letters[4:]}"


def first_name(name: str) -> str:
    """How a page greets somebody."""
    return name.split(" ", maxsplit=1)[0]


def joined(words: Sequence[Any]) -> str:
    """Some facts in one line."""
    return " · ".join(str(word) for word in words if word)


def _in_words(skeleton: str, day: date) -> str:
    return format_skeleton(skeleton, datetime(day.year, day.month, day.day, 12), locale=written())  # noqa: DTZ001 - a day
