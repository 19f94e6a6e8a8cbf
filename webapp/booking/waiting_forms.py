"""What the form of the waiting list sends: what somebody waits for, all errors at once."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.booking.actions.waiting.wishes import WishTerms
from webapp.booking.forms import LONGEST_NOTE, MOST_VERSION, NOT_CONTENT, YEARS
from webapp.errors import FormInvalid

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

URGENCIES = (1, 2, 3)
NOTICES = (0, 30, 60, 120, 240, 1440, 2880, 10080)
"""How long before a visit somebody must know, in minutes: at once to a week."""
END_OF_DAY = time(23, 59, 59)
MOST_PROVIDERS = 200
FIELDS = frozenset(
    {
        "patient", "appointment", "version", "service", "location", "provider", "weekday", "from_time", "to_time",
        "earliest", "latest", "urgency", "notice", "note",
    }
)  # fmt: skip


def read_wish(form: MultiDict[str, str]) -> WishTerms:
    """Read what somebody waits for (FormInvalid); no weekday ticked means any day, no provider anybody."""
    errors: dict[str, list[str]] = {}
    if set(form) - FIELDS - NOT_CONTENT:
        errors[""] = [_("This page was out of date. Open it again.")]
    earliest = _day(form.get("earliest", ""))
    if earliest is None:
        errors["earliest"] = [_("Enter the first day, like 11/24/2026")]
    latest = _day(form.get("latest", ""))
    if form.get("latest", "").strip() and latest is None:
        errors["latest"] = [_("Enter the last day, or leave it empty")]
    elif latest is not None and earliest is not None and latest < earliest:
        errors["latest"] = [_("The last day is before the first one")]
    from_time, to_time = _times(form, errors)
    service, location = _service(form, errors), _optional(form.get("location", ""), "location", errors)
    note = form.get("note", "").replace("\r\n", "\n").strip()
    if len(note) > LONGEST_NOTE or "\0" in note or any("\ud800" <= char <= "\udfff" for char in note):
        errors["note"] = [_("Shorten this to 500 characters")]
    terms = WishTerms(
        service_id=service,
        earliest=earliest or date.min,
        latest=latest,
        location_id=location,
        provider_ids=_providers(form, errors),
        weekdays=_weekdays(form, errors),
        from_time=from_time,
        to_time=to_time,
        urgency=_one_of(form.get("urgency", "1"), URGENCIES, "urgency", errors),
        notice_minutes=_one_of(form.get("notice", "0"), NOTICES, "notice", errors),
        note=note,
    )
    if errors:
        raise FormInvalid(errors)
    return terms


def read_version(form: MultiDict[str, str]) -> int:
    """The version of a wish that the page showed (FormInvalid)."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_VERSION):
        raise FormInvalid({"": [_("This page was out of date. Open it again.")]})
    return int(text)


def read_id(text: str) -> UUID | None:
    """Read an id; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _service(form: MultiDict[str, str], errors: dict[str, list[str]]) -> UUID:
    found = read_id(form.get("service", ""))
    if found is None:
        errors["service"] = [_("Choose the type of visit")]
    return found or UUID(int=0)


def _optional(text: str, field: str, errors: dict[str, list[str]]) -> UUID | None:
    found = read_id(text)
    if text and found is None:
        errors[field] = [_("Choose one of the list")]
    return found


def _providers(form: MultiDict[str, str], errors: dict[str, list[str]]) -> tuple[UUID, ...]:
    found = [read_id(text) for text in form.getlist("provider") if text]
    known = tuple(dict.fromkeys(one for one in found if one is not None))
    if len(found) > MOST_PROVIDERS or None in found:
        errors["provider"] = [_("Choose providers of the list")]
    return known


def _weekdays(form: MultiDict[str, str], errors: dict[str, list[str]]) -> tuple[int, ...]:
    days = form.getlist("weekday")
    if not set(days) <= set("1234567"):
        errors["weekday"] = [_("Choose days of the week")]
        return ()
    return tuple(sorted({int(day) for day in days})) or tuple(range(1, 8))


def _times(form: MultiDict[str, str], errors: dict[str, list[str]]) -> tuple[time, time]:
    from_text, to_text = form.get("from_time", "").strip(), form.get("to_time", "").strip()
    begins = _time(from_text) if from_text else time.min
    ends = _time(to_text) if to_text else END_OF_DAY
    if begins is None:
        errors["from_time"] = [_("Enter a time, like 9:00 AM")]
    if ends is None:
        errors["to_time"] = [_("Enter a time, like 5:00 PM")]
    if begins is not None and ends is not None and begins >= ends:
        errors["to_time"] = [_("This is not after the time from which it suits")]
    return begins or time.min, ends or END_OF_DAY


def _one_of(text: str, choices: tuple[int, ...], field: str, errors: dict[str, list[str]]) -> int:
    if text not in map(str, choices):
        errors[field] = [_("Choose one of the list")]
        return choices[0]
    return int(text)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _time(text: str) -> time | None:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(microsecond=0) if found.tzinfo is None else None
