"""What the portal's pages send: a choice in the address, and forms to frozen requests, all errors at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.booking.actions import HoldRequest
from webapp.booking.actions.waiting.wishes import WishTerms
from webapp.booking.forms import LONGEST_NOTE, read_group, read_instant
from webapp.errors import BadRequest, FormInvalid

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

ANYONE = "any"
LONGEST_NUMBER = 9
YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen so far of a visit; what can't be read is not chosen.

    `anyone` is said, not only left open: without it the provider of before is looked for first.
    """

    service: UUID | None = None
    provider: UUID | None = None
    anyone: bool = False
    location: UUID | None = None
    begins: date | None = None
    day: date | None = None
    at: datetime | None = None
    group: UUID | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a page said that canceling costs, and the note that goes with a booking."""

    fee_cents: int
    notice_minutes: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Canceling:
    """A visit to be canceled as its page showed it: which version, at which fee."""

    version: int
    fee_cents: int


def read_choice(args: Mapping[str, str]) -> Choice:
    """Read a choice from an address or a form that was sent."""
    provider = args.get("provider", "")
    return Choice(
        service=_uuid(args.get("service", "")),
        provider=_uuid(provider),
        anyone=provider == ANYONE,
        location=_uuid(args.get("location", "")),
        begins=_date(args.get("begins", "")),
        day=_date(args.get("day", "")),
        at=read_instant(args.get("starts_at", "")),
        group=read_group(args.get("starts_at", "")),
    )


def read_hold(form: Mapping[str, str], patient_id: UUID) -> HoldRequest:
    """Read which time is to be held (FormInvalid without one, BadRequest for what no page of ours sends)."""
    choice = read_choice(form)
    if choice.service is None or choice.location is None:
        raise BadRequest
    return HoldRequest(patient_id, choice.service, choice.location, read_time(form), choice.provider, _note(form))


def read_time(form: Mapping[str, str]) -> datetime:
    """Read the time that was chosen (FormInvalid without one)."""
    moment = read_instant(form.get("starts_at", ""))
    if moment is None:
        raise FormInvalid({"starts_at": [_("Choose a time")]})
    return moment


def read_agreed(form: Mapping[str, str]) -> Agreed:
    """Read the press of "Book this visit": the rule that it agreed to, and the note (FormInvalid, BadRequest)."""
    return Agreed(number(form, "fee"), number(form, "notice"), _note(form))


def _note(form: Mapping[str, str]) -> str:
    note = form.get("note", "").replace("\r\n", "\n").strip()
    if "\0" in note or any("\ud800" <= char <= "\udfff" for char in note):
        raise FormInvalid({"note": [_("Leave out the characters that cannot be printed")]})
    if len(note) > LONGEST_NOTE:
        raise FormInvalid({"note": [_("Shorten your note to %(count)s characters", count=LONGEST_NOTE)]})
    return note


def read_canceling(form: Mapping[str, str]) -> Canceling:
    """Read the press of "Cancel this visit" (BadRequest)."""
    return Canceling(number(form, "version"), number(form, "fee"))


def number(form: Mapping[str, str], name: str) -> int:
    """A whole number that a page of ours wrote into a form (BadRequest)."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise BadRequest
    return int(text)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


HALVES: dict[str, tuple[time, time]] = {
    "any": (time(0), time(23, 59, 59)),
    "am": (time(0), time(12)),
    "pm": (time(12), time(23, 59, 59)),
}
NOTICES = (0, 120, 1440)
"""How long before a visit somebody must know, in minutes."""


def read_own_wish(form: MultiDict[str, str], today: date) -> WishTerms:
    """Read what a patient waits for (FormInvalid); no weekday ticked means any day, no provider anybody."""
    errors: dict[str, list[str]] = {}
    service = _uuid(form.get("service", ""))
    days = tuple(sorted({int(day) for day in form.getlist("weekday") if day in "1234567" and len(day) == 1}))
    half, latest = form.get("half", "any"), form.get("latest", "").strip()
    last = _date(latest) if latest else None
    if latest and (last is None or last < today or last.year > today.year + YEARS_AHEAD):
        errors["latest"] = [_("Enter a day to come, or leave it empty")]
    notice = form.get("notice", "0")
    if half not in HALVES or notice not in map(str, NOTICES) or service is None:
        raise BadRequest
    if errors:
        raise FormInvalid(errors)
    provider = _uuid(form.get("provider", ""))
    return WishTerms(
        service_id=service,
        earliest=today,
        latest=last,
        provider_ids=() if provider is None else (provider,),
        weekdays=days or (1, 2, 3, 4, 5, 6, 7),
        from_time=HALVES[half][0],
        to_time=HALVES[half][1],
        notice_minutes=int(notice),
    )


def write_wish() -> list[tuple[int, str]]:
    """How much notice somebody can ask for, in words, for a select."""
    words = {0: _("At once"), 120: _("Two hours before"), 1440: _("A day before")}
    return [(minutes, words[minutes]) for minutes in NOTICES]
