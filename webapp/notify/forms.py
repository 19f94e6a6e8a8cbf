"""What the pages about messages send."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

from flask_babel import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from webapp.errors import FormInvalid
from webapp.notify.choosing import REMINDER_CHOICES, Preferences
from webapp.notify.reach import Choice, Topic
from webapp.notify.timing import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_CONTENT = frozenset({"csrf_token", "_key"})
_SINGLE = ("version", "language", "quiet_from", "quiet_to", *Topic)


def _wall_time(typed: object) -> dt.time | None:
    text = typed.strip() if isinstance(typed, str) else ""
    if not text:
        return None
    try:
        return dt.datetime.strptime(text[:5], "%H:%M").time()  # noqa: DTZ007 - wall time has no zone
    except ValueError:
        raise PydanticCustomError("time", "time") from None


WallTime = Annotated[dt.time | None, BeforeValidator(_wall_time)]


class PreferencesForm(BaseModel):
    """How somebody wants to be told."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: int
    language: str = ""
    visits: Choice
    reminders: Choice
    offers: Choice
    money: Choice
    reminder_minutes: tuple[int, ...] = ()
    quiet_from: WallTime = None
    quiet_to: WallTime = None

    @field_validator("language", mode="after")
    @classmethod
    def _known(cls, language: str) -> str:
        if language not in {"", "en", "es"}:
            raise PydanticCustomError("choice", "choice")
        return language

    @field_validator("reminder_minutes", mode="after")
    @classmethod
    def _offered(cls, minutes: tuple[int, ...]) -> tuple[int, ...]:
        if not set(minutes) <= set(REMINDER_CHOICES) or len(set(minutes)) > Preferences.MOST_REMINDERS:
            raise PydanticCustomError("choice", "choice")
        return tuple(sorted(set(minutes), reverse=True))


def read_preferences(pairs: Iterable[tuple[str, str]]) -> Preferences:
    """Read the form from its names and values; raises FormInvalid."""
    content: dict[str, Any] = {}
    many = []
    for name, value in pairs:
        if name == "reminder_minutes":
            many.append(value)
        elif name not in NOT_CONTENT:
            content[name] = value
    try:
        sent = PreferencesForm.model_validate(content | {"reminder_minutes": many})
    except ValidationError as error:
        raise FormInvalid(_sentences(error)) from None
    return Preferences(
        version=sent.version,
        language=sent.language or None,
        choices={topic: getattr(sent, topic.value) for topic in Topic},
        reminder_minutes=sent.reminder_minutes or None,
        quiet=_quiet(sent.quiet_from, sent.quiet_to),
    )


def _quiet(starts: dt.time | None, ends: dt.time | None) -> Quiet | None:
    if (starts is None) != (ends is None):
        missing = "quiet_from" if starts is None else "quiet_to"
        raise FormInvalid({missing: [_("Enter both times, or neither")]})
    if starts is None or ends is None:
        return None
    if starts == ends:
        raise FormInvalid({"quiet_to": [_("Enter another time than the one above")]})
    return Quiet(starts, ends)


def _sentences(error: ValidationError) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(problem["loc"][0])
        sentence = _("Enter a time like 9:00 PM") if problem["type"] == "time" else _("Choose one of the answers")
        if field not in {*_SINGLE, "reminder_minutes"} or field == "version":
            field, sentence = "", _("This page was out of date. Open it again.")
        errors[field] = [sentence]
    return errors
