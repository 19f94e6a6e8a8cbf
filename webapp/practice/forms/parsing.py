"""Kinds of fields that settings pages send, and the one way from a form to a frozen model with all its errors."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from flask_babel import gettext as _
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from webapp.errors import FormInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.datastructures import MultiDict

LONGEST_NAME = 100
LONGEST_LINE = 200
LATTICE = 5
YEARS = range(2000, 2200)
MOST_CENTS = 10_000_000
MOST_VERSION = 2**31 - 1
NOT_CONTENT = frozenset({"csrf_token", "_key", "rest", "cancel_reason", "back"})
NOT_CONTENT_PREFIXES = ("visit-", "seen-")
"""What the page about affected visits adds to the form that it carries along."""

_NUMBER = re.compile(r"[0-9]{1,7}")
_MONEY = re.compile(r"\$?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6})(?:\.([0-9]{1,2}))?")
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?(?::00)?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
_LAST_HOUR, _NOON = 23, 12


def wrong(code: str) -> PydanticCustomError:
    """An error whose sentence is found by its field and this code."""
    return PydanticCustomError(code, code)


def _tidy(typed: object) -> str:
    text = " ".join(str(typed).split()) if isinstance(typed, str) else ""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text) or not text.isprintable():
        raise wrong("character")
    return text


def _name(typed: object) -> str:
    text = _tidy(typed)
    if not text:
        raise wrong("missing")
    if len(text) > LONGEST_NAME:
        raise wrong("long")
    return text


def _line(typed: object) -> str:
    text = _tidy(typed)
    if len(text) > LONGEST_LINE:
        raise wrong("long")
    return text


@cache
def zones() -> tuple[str, ...]:
    """Every IANA zone by name, as a list offers them."""
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("posix")))


def _zone(typed: object) -> str:
    if typed not in zones():
        raise wrong("missing")
    return str(typed)


def _id(typed: object) -> UUID | None:
    if typed in {"", None}:
        return None
    try:
        return UUID(str(typed))
    except ValueError:
        raise wrong("format") from None


def _needed_id(typed: object) -> UUID:
    found = _id(typed)
    if found is None:
        raise wrong("missing")
    return found


def _ids(typed: object) -> frozenset[UUID]:
    return frozenset(_needed_id(each) for each in typed) if isinstance(typed, list) else frozenset()


def _words(typed: object) -> frozenset[str]:
    return frozenset(_name(each) for each in typed) if isinstance(typed, list) else frozenset()


def number(least: int, most: int, *, step: int = 1, empty: int | None = None) -> Callable[[object], int]:
    """A whole number within bounds; `empty` is what nothing stands for, without it something has to be there."""

    def read(typed: object) -> int:
        text = typed.strip() if isinstance(typed, str) else ""
        if not text and empty is not None:
            return empty
        if not text:
            raise wrong("missing")
        if not _NUMBER.fullmatch(text):
            raise wrong("format")
        value = int(text)
        if not least <= value <= most or value % step:
            raise wrong("range")
        return value

    return read


def _cents(typed: object) -> int:
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        return 0
    found = _MONEY.fullmatch(text)
    if found is None:
        raise wrong("format")
    cents = int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    if cents > MOST_CENTS:
        raise wrong("range")
    return cents


def _day(typed: object) -> date | None:
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise wrong("format")
    return day


def _needed_day(typed: object) -> date:
    day = _day(typed)
    if day is None:
        raise wrong("missing")
    return day


def _clock(typed: object) -> time | None:
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None or not text.isascii():
        raise wrong("format")
    hour, minute, half = int(found[1]), int(found[2] or "0"), (found[3] or "").lower()
    if half and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    elif half:
        raise wrong("format")
    if hour > _LAST_HOUR or minute % LATTICE or minute > 59:  # noqa: PLR2004 - minutes of an hour
        raise wrong("format")
    return time(hour, minute)


def _needed_clock(typed: object) -> time:
    moment = _clock(typed)
    if moment is None:
        raise wrong("missing")
    return moment


def _on(typed: object) -> bool:
    return typed == "1"


Name = Annotated[str, BeforeValidator(_name)]
Line = Annotated[str, BeforeValidator(_line)]
Zone = Annotated[str, BeforeValidator(_zone)]
Id = Annotated[UUID, BeforeValidator(_needed_id)]
OptionalId = Annotated[UUID | None, BeforeValidator(_id)]
Ids = Annotated[frozenset[UUID], BeforeValidator(_ids)]
Words = Annotated[frozenset[str], BeforeValidator(_words)]
Cents = Annotated[int, BeforeValidator(_cents)]
Day = Annotated[date, BeforeValidator(_needed_day)]
OptionalDay = Annotated[date | None, BeforeValidator(_day)]
Clock = Annotated[time, BeforeValidator(_needed_clock)]
OptionalClock = Annotated[time | None, BeforeValidator(_clock)]
Switch = Annotated[bool, BeforeValidator(_on)]
Version = Annotated[int, BeforeValidator(number(0, MOST_VERSION, empty=0))]


def one_of(*choices: str) -> AfterValidator:
    """A value from a short list of ours."""

    def check(value: str) -> str:
        if value not in choices:
            raise wrong("choice")
        return value

    return AfterValidator(check)


class Form(BaseModel):
    """What every settings form is: frozen, and without a field that no page of ours has."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


F = TypeVar("F", bound=Form)


def parsed(
    model: type[F],
    form: MultiDict[str, str],
    sentences: Mapping[tuple[str, str], str],
    *,
    lists: frozenset[str] = frozenset(),
) -> F:
    """The form as its model; raises FormInvalid with a sentence for every field that needs another value."""
    try:
        return model.model_validate(content(form, lists))
    except ValidationError as error:
        raise FormInvalid(errors_of(error, sentences)) from None


def content(form: MultiDict[str, str], lists: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What a person filled in, without the guard and without decisions about visits."""
    names = [name for name in form if name not in NOT_CONTENT and not name.startswith(NOT_CONTENT_PREFIXES)]
    return {name: form.getlist(name) if name in lists else form[name] for name in names}


def errors_of(error: ValidationError, sentences: Mapping[tuple[str, str], str]) -> dict[str, list[str]]:
    """The sentences of a validation error by field."""
    errors: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        errors.setdefault(field, []).append(sentence(field, problem["type"], sentences))
    return errors


def sentence(field: str, code: str, sentences: Mapping[tuple[str, str], str]) -> str:
    """What a person does about an error; never what went wrong inside."""
    general = {
        "long": _("Shorten this; it has too many characters"),
        "character": _("Type this again; it has a character that cannot be stored"),
        "choice": _("Choose one of the answers"),
    }
    found = sentences.get((field, code)) or sentences.get((field, "")) or general.get(code)
    return found or _("This page was out of date. Open it again.")
