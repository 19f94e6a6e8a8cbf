"""What the page about affected visits sends, beside the form that it carries along."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.booking.actions import Choice, Decisions, Target
from webapp.booking.forms import MOST_VERSION, read_instant, write_instant
from webapp.errors import FormInvalid

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from webapp.booking.availability import FreeStart

VISIT, SEEN = "visit-", "seen-"
RESTS = ("", "move", "keep", "cancel")
LONGEST_REASON = 200
MOST_VISITS = 2000
GUARD = frozenset({"csrf_token", "_key", "rest", "cancel_reason"})
_PARTS = 4


def read_decisions(form: MultiDict[str, str]) -> Decisions:
    """What was decided about which visits; nothing in a form that was sent for the first time (FormInvalid)."""
    reason = " ".join(form.get("cancel_reason", "").split())
    rest = form.get("rest", "")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise FormInvalid({"cancel_reason": [_("Shorten this; it has too many characters")]})
    if rest not in RESTS or len(form) > MOST_VISITS:
        raise FormInvalid({"rest": [_("Choose one of the answers")]})
    seen = {visit: _version(form[SEEN + str(visit)]) for visit in _ids(form, SEEN)}
    choices = {visit: _choice(form[VISIT + str(visit)]) for visit in _ids(form, VISIT)}
    return Decisions(seen, {visit: choice for visit, choice in choices.items() if choice is not None}, rest, reason)


def write_move(start: FreeStart) -> str:
    """The value that stands for moving a visit to a free time."""
    return f"move/{start.provider_id}/{start.location_id}/{write_instant(start.start)}"


def carried(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The fields of the form that asks for the change itself."""
    return [
        (name, value)
        for name, value in form.items(multi=True)
        if name not in GUARD and not name.startswith((VISIT, SEEN))
    ]


def _ids(form: MultiDict[str, str], prefix: str) -> list[UUID]:
    found = []
    for name in form:
        if name.startswith(prefix):
            text = name.removeprefix(prefix)
            try:
                visit = UUID(text)
            except ValueError:
                raise FormInvalid({name: [_("This page was out of date. Open it again.")]}) from None
            if str(visit) != text:
                raise FormInvalid({name: [_("This page was out of date. Open it again.")]})
            found.append(visit)
    return found


def _version(text: str) -> int:
    known = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_VERSION))
    return int(text) if known else 0


def _choice(text: str) -> Choice | None:
    if text in {"keep", "cancel"}:
        return Choice(text)
    parts = text.split("/")
    if len(parts) != _PARTS or parts[0] != "move":
        return None
    starts_at = read_instant(parts[3])
    try:
        provider, location = UUID(parts[1]), UUID(parts[2])
    except ValueError:
        return None
    return None if starts_at is None else Choice("move", Target(provider, location, starts_at))
