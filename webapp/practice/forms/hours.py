"""What the page of a provider's weekly hours sends: a row for each block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from flask_babel import gettext as _
from pydantic import BeforeValidator, ValidationError

from webapp.errors import FormInvalid
from webapp.practice.actions import NewHours
from webapp.practice.forms.parsing import (
    Clock,
    Day,
    Form,
    Id,
    OptionalDay,
    OptionalId,
    Version,
    errors_of,
    number,
    parsed,
    wrong,
)
from webapp.practice.hours import Block, monday
from webapp.practice.patterns import overlaps

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

MOST_ROWS = 100
FIELDS = ("weekday", "starts", "ends", "location", "room", "rhythm")
_ROW = re.compile(rf"({'|'.join(FIELDS)})-([0-9]{{1,3}})")
_RHYTHM = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")
MOST_WEEKS = 12
_WEEK = timedelta(days=7)


class HoursForm(Form):
    """From when the hours hold, and, for a passing change, until when."""

    first: Day = ""  # type: ignore[assignment]
    last: OptionalDay = None
    version: Version = 0


def _rhythm(typed: object) -> tuple[int, int]:
    """Every n-th week, from the m-th on, as "n/m"."""
    found = _RHYTHM.fullmatch(typed) if isinstance(typed, str) else None
    every, phase = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    if not 1 <= every <= MOST_WEEKS or phase >= every:
        raise wrong("format")
    return every, phase


Rhythm = Annotated[tuple[int, int], BeforeValidator(_rhythm)]


class RowForm(Form):
    """One block; a row without times is none."""

    weekday: Annotated[int, BeforeValidator(number(1, 7))] = 0
    starts: Clock = ""  # type: ignore[assignment]
    ends: Clock = ""  # type: ignore[assignment]
    location: Id = ""  # type: ignore[assignment]
    room: OptionalId = None
    rhythm: Rhythm = "1/0"  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Places:
    """The sites in use, and the site of each room in use: what the rows may name."""

    locations: frozenset[UUID]
    rooms: dict[UUID, UUID]


def read_hours(form: MultiDict[str, str], provider_id: UUID, places: Places, today: date) -> NewHours:
    """The hours of a provider from a day on; raises FormInvalid with everything that is wrong, rows by number."""
    rows, rest = rows_of(form)
    errors: dict[str, list[str]] = {}
    head = _head(rest, today, errors)
    blocks: dict[str, Block] = {}
    for number_, row in rows.items():
        if not row.get("starts", "").strip() and not row.get("ends", "").strip():
            continue
        block = _block(row, number_, provider_id, head, places, errors)
        if block is not None:
            blocks[number_] = block
    numbers = {id(block): number_ for number_, block in blocks.items()}
    for one, other in overlaps(list(blocks.values())):
        later = numbers[id(max(one, other, key=lambda block: (block.starts, int(numbers[id(block)]))))]
        errors.setdefault(f"starts-{later}", []).append(_("Overlaps other hours of that day. Change one of them"))
    if errors:
        raise FormInvalid(errors)
    return NewHours(provider_id, head.first, head.last, tuple(blocks.values()), head.version)


def rows_of(form: MultiDict[str, str]) -> tuple[dict[str, dict[str, str]], MultiDict[str, str]]:
    """The rows of a form by number, and what belongs to none."""
    rows: dict[str, dict[str, str]] = {}
    rest = form.copy()
    for name in list(form):
        found = _ROW.fullmatch(name)
        if found is not None and int(found[2]) < MOST_ROWS:
            rows.setdefault(str(int(found[2])), {})[found[1]] = form[name]
            rest.poplist(name)
    return dict(sorted(rows.items(), key=lambda row: int(row[0]))), rest


def _head(rest: MultiDict[str, str], today: date, errors: dict[str, list[str]]) -> HoursForm:
    sentences = {
        ("first", ""): _("Enter the first day of the new hours"),
        ("last", ""): _("Enter a day that exists, or leave it empty"),
    }
    try:
        head = parsed(HoursForm, rest, sentences)
    except FormInvalid as invalid:
        errors.update(invalid.errors)
        return HoursForm.model_construct(first=today, last=None, version=0)
    if head.first < today:
        errors["first"] = [_("What is over cannot change. Choose today or a later day")]
    if head.last is not None and head.last < head.first:
        errors["last"] = [_("The last day is before the first. Choose a later one, or leave it empty")]
    return head


def _block(
    row: dict[str, str],
    number_: str,
    provider_id: UUID,
    head: HoursForm,
    places: Places,
    errors: dict[str, list[str]],
) -> Block | None:
    try:
        sent = RowForm.model_validate(row)
    except ValidationError as error:
        errors.update({f"{name}-{number_}": said for name, said in errors_of(error, _sentences()).items()})
        return None
    wrong = _misplaced(sent, places)
    if wrong:
        errors.update({f"{name}-{number_}": [said] for name, said in wrong.items()})
        return None
    every, phase = sent.rhythm
    begins = head.first if phase == 0 else monday(head.first) + _WEEK * phase
    if head.last is not None and begins > head.last:
        errors[f"rhythm-{number_}"] = [_("Begins after the last day of these hours. Choose an earlier week")]
        return None
    return Block(
        provider_id,
        sent.location,
        sent.room,
        sent.weekday,
        sent.starts,
        sent.ends,
        begins,
        head.last,
        every,
    )


def _misplaced(sent: RowForm, places: Places) -> dict[str, str]:
    if sent.starts >= sent.ends:
        return {"ends": _("Ends before it starts. Enter a later time")}
    if sent.location not in places.locations:
        return {"location": _("Choose a location that is in use")}
    if sent.room is not None and places.rooms.get(sent.room) != sent.location:
        return {"room": _("This room is at another location. Choose one of its own rooms, or any room")}
    return {}


def _sentences() -> dict[tuple[str, str], str]:
    clock = _("Enter a time like 8:30 AM, in steps of 5 minutes")
    return {
        ("starts", ""): clock,
        ("ends", ""): clock,
        ("location", ""): _("Choose a location"),
        ("room", ""): _("Choose a room, or any room"),
        ("rhythm", ""): _("Choose how often"),
        ("weekday", ""): _("Choose a day of the week"),
    }
