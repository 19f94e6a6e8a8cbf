"""What the pages send that plan several visits: how often, and what is to become of each that finds no place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext as _

from webapp.booking.actions import BookRequest
from webapp.booking.forms import YEARS, read_instant, read_visit
from webapp.booking.recurrence import FEWEST, LONGEST_STEP, MOST, Frequency, Occurrence, Repeat, at_wall
from webapp.booking.rhythm import REPEAT, Rhythm, read_rhythm
from webapp.errors import FormInvalid

SKIP, OTHER = "skip", "other"
_ANSWER = re.compile(r"(visit|day|time)-([0-9a-f-]{1,36})")
_NUMBER = re.compile(r"[0-9]{1,3}")
LATTICE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody chose for one visit of a plan: an instant, SKIP, or OTHER with a local day and time as typed."""

    chosen: str
    day: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class SeriesForm:
    """The visit that repeats, its rule, and the answers by number."""

    visit: BookRequest
    rhythm: Rhythm
    repeat: Repeat
    answers: dict[str, Answer]


def read_series(form: Mapping[str, str]) -> SeriesForm:
    """Read a series, planned or agreed on; raises FormInvalid with everything that is wrong at once."""
    answers = read_answers(form)
    errors: dict[str, list[str]] = {}
    rhythm = read_rhythm(form)
    visit, repeat = None, None
    try:
        visit = read_visit(without_answers(form))
    except FormInvalid as invalid:
        errors |= invalid.errors
    try:
        repeat = read_repeat(rhythm)
    except FormInvalid as invalid:
        errors |= invalid.errors
    if visit is None or repeat is None:
        raise FormInvalid(errors)
    return SeriesForm(visit, rhythm, repeat, answers)


def read_repeat(rhythm: Rhythm) -> Repeat:
    """Make a rule of what was typed; raises FormInvalid."""
    errors = {}
    if rhythm.unit not in set(Frequency):
        errors[f"{REPEAT}unit"] = [_("Choose days, weeks or months")]
    every = _number(rhythm.every)
    if every is None or not 1 <= every <= LONGEST_STEP:
        errors[f"{REPEAT}every"] = [_("Type a number from 1 to %(most)s", most=LONGEST_STEP)]
    count = _number(rhythm.count) if rhythm.ends == "count" else None
    if rhythm.ends == "count" and (count is None or not FEWEST <= count <= MOST):
        errors[f"{REPEAT}count"] = [_("Type how many visits: %(fewest)s to %(most)s", fewest=FEWEST, most=MOST)]
    until = _day(rhythm.until) if rhythm.ends != "count" else None
    if rhythm.ends != "count" and until is None:
        errors[f"{REPEAT}until"] = [_("Choose the last day")]
    if errors:
        raise FormInvalid(errors)
    return Repeat(Frequency(rhythm.unit), every or 1, count, until)


def rule_problems(found: Sequence[Occurrence]) -> dict[str, list[str]]:
    """Sentences for a rule that ends before it repeats, or too late; `found` may be one more than a series can have."""
    if len(found) < FEWEST:
        return {f"{REPEAT}until": [_("Choose a last day after the second visit")]}
    if len(found) > MOST:
        return {f"{REPEAT}until": [_("Choose an earlier last day: a series has at most %(most)s visits", most=MOST)]}
    return {}


def read_answers(form: Mapping[str, str]) -> dict[str, Answer]:
    """Read what was chosen for each visit of a plan, by its number or id."""
    found: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        match = _ANSWER.fullmatch(name)
        if match is not None:
            found.setdefault(match[2], {})[match[1]] = value[:32].strip()
    return {
        key: Answer(parts["visit"], parts.get("day", ""), parts.get("time", ""))
        for key, parts in found.items()
        if "visit" in parts
    }


def without_answers(form: Mapping[str, str]) -> dict[str, str]:
    """What else the form holds."""
    return {name: value for name, value in form.items() if not _ANSWER.fullmatch(name)}


def instant_of(answer: Answer, zone: str) -> datetime | None:
    """The instant that was chosen, on the clock of a place for another time; None for none that can be read."""
    if answer.chosen != OTHER:
        return read_instant(answer.chosen)
    day = _day(answer.day)
    try:
        wall = time.fromisoformat(answer.time)
    except ValueError:
        return None
    if day is None or wall.tzinfo is not None or wall.second or wall.minute % LATTICE_MINUTES:
        return None
    return at_wall(day, wall, zone)


def unreadable(answers: Mapping[str, Answer], zone: str) -> dict[str, list[str]]:
    """Sentences for the answers that name no time."""
    return {
        f"visit-{key}": [_("Type a day and a time in steps of five minutes, like 10:15 AM")]
        for key, answer in answers.items()
        if answer.chosen != SKIP and instant_of(answer, zone) is None
    }


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and _NUMBER.fullmatch(typed) else None


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if day.year in YEARS else None
