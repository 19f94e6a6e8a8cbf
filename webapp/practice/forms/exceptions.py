"""What the dialogs send that say what is different once: leave, extra hours, a closed site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.errors import FormInvalid
from webapp.practice.actions import NewClosure, NewExtraHours, NewLeave
from webapp.practice.forms.parsing import (
    Day,
    Form,
    Id,
    Line,
    OptionalClock,
    OptionalDay,
    OptionalId,
    one_of,
    parsed,
)
from webapp.practice.hours import Span, local_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

EXTRA = "extra"
LEAVES = ("sick", "vacation", "training", "other")
KINDS = (*LEAVES, EXTRA)
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Sites:
    """The zone of each site in use, and the site of each room in use: what a form may name."""

    zones: Mapping[UUID, str]
    rooms: Mapping[UUID, UUID]


class ExceptionForm(Form):
    """Who, what, from which day to which; without times whole days, which extra hours never are."""

    provider: Id = ""  # type: ignore[assignment]
    kind: Annotated[str, one_of(*KINDS)] = "sick"
    first: Day = ""  # type: ignore[assignment]
    last: OptionalDay = None
    starts: OptionalClock = None
    ends: OptionalClock = None
    location: OptionalId = None
    room: OptionalId = None
    note: Line = ""
    offer: Literal["", "1"] = ""
    offer_asked: Literal["", "1"] = ""


class ClosureForm(Form):
    """Which site, from when to when, and what people are told."""

    location: Id = ""  # type: ignore[assignment]
    first: Day = ""  # type: ignore[assignment]
    last: OptionalDay = None
    starts: OptionalClock = None
    ends: OptionalClock = None
    reason: Line = ""


def read_exception(form: MultiDict[str, str], sites: Sites, zone: str, now: datetime) -> NewLeave | NewExtraHours:
    """A leave (in the wall time of `zone`) or extra hours (in that of their site); raises FormInvalid."""
    sent = parsed(ExceptionForm, form, _sentences())
    if sent.kind != EXTRA:
        span = _span(sent, zone, now)
        return NewLeave(sent.provider, span, sent.kind, sent.note)
    errors: dict[str, list[str]] = {}
    if sent.starts is None:
        errors["starts"] = [_("Enter when the extra hours begin")]
    if sent.ends is None:
        errors["ends"] = [_("Enter when the extra hours end")]
    if sent.location not in sites.zones:
        errors["location"] = [_("Choose where the extra hours are worked")]
    elif sent.room is not None and sites.rooms.get(sent.room) != sent.location:
        errors["room"] = [_("This room is at another location. Choose one of its own rooms, or any room")]
    if sent.last is not None and sent.last != sent.first:
        errors["last"] = [_("Extra hours are on one day. Enter the other days one by one")]
    if errors or sent.location is None:
        raise FormInvalid(errors)
    span = _span(sent, sites.zones[sent.location], now)
    # As where a visit is canceled: unless somebody is asked and says no, the time goes to whoever waits.
    offer = bool(sent.offer) or not sent.offer_asked
    return NewExtraHours(sent.provider, sent.location, sent.room, span, sent.note, offer)


def read_closure(form: MultiDict[str, str], zones: Mapping[UUID, str], now: datetime) -> NewClosure:
    """A closure in the wall time of its site; raises FormInvalid."""
    sent = parsed(ClosureForm, form, _sentences())
    errors: dict[str, list[str]] = {}
    if sent.location not in zones:
        errors["location"] = [_("Choose the location that is closed")]
    if not sent.reason:
        errors["reason"] = [_("Enter why, as people at the desk should say it")]
    if errors:
        raise FormInvalid(errors)
    return NewClosure(sent.location, _span(sent, zones[sent.location], now), sent.reason)


def _span(sent: ExceptionForm | ClosureForm, zone: str, now: datetime) -> Span:
    last = sent.last or sent.first
    if last < sent.first:
        raise FormInvalid({"last": [_("The last day is before the first. Choose a later one, or leave it empty")]})
    if (last - sent.first).days > MOST_DAYS:
        raise FormInvalid({"last": [_("That is more than a year. Choose an earlier last day")]})
    start = local_day(zone, sent.first).start if sent.starts is None else _instant(zone, sent.first, sent.starts)
    end = local_day(zone, last).end if sent.ends is None else _instant(zone, last, sent.ends)
    if end <= start:
        raise FormInvalid({"ends": [_("Ends before it starts. Enter a later time")]})
    if end <= now:
        raise FormInvalid({"first": [_("That is over already. Choose today or a later day")]})
    return Span(start, end)


def _instant(zone: str, day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, ZoneInfo(zone)).astimezone(UTC)


def _sentences() -> dict[tuple[str, str], str]:
    clock = _("Enter a time like 8:30 AM, in steps of 5 minutes")
    return {
        ("provider", ""): _("Choose who"),
        ("kind", ""): _("Choose what it is"),
        ("location", ""): _("Choose a location"),
        ("first", ""): _("Enter the day"),
        ("last", ""): _("Enter a day that exists, or leave it empty"),
        ("starts", ""): clock,
        ("ends", ""): clock,
    }
