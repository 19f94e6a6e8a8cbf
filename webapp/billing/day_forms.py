"""What the page that closes a day sends: counts by piece or in all, reasons, and the drawers that are opened."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.billing.actions.drawers import Count
from webapp.billing.counting import Counted, notes_of
from webapp.errors import BadRequest, FormInvalid
from webapp.money import WrongAmount, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from werkzeug.datastructures import MultiDict

MOST_COUNTS = 60
MOST_PIECES = 99_999
LONGEST_WORDS = 200
LONGEST_NAME = 60
VERSION = re.compile(r"[0-9]{1,10}")
PIECES = re.compile(r"[0-9]{1,5}")
REASONS = {
    "change": _l("Wrong change given"),
    "entry": _l("Entered by another method"),
    "float": _l("The start was not right"),
    "unknown": _l("Not found"),
    "other": _l("Something else"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """One drawer of the form: what was counted, why it differs, and which version of it the person saw."""

    id: UUID
    counted: Counted
    reason: str = ""
    words: str = ""
    version: int | None = None

    def count(self, countersigned_by: UUID | None) -> Count | None:
        """What there is to sign; None for a drawer that was not counted."""
        cents = self.counted.cents
        if cents is None:
            return None
        reason = str(REASONS[self.reason]) if self.reason else ""
        pieces = self.counted.pieces() if self.counted.by_piece else None
        return Count(self.id, cents, reason, self.words, pieces, self.version, countersigned_by)


@dataclass(slots=True)
class Sent:
    """All drawers of the form by id, and what was wrong with it by field."""

    drawers: dict[UUID, Typed] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)


def read_counts(form: MultiDict[str, str], kinds: Mapping[UUID, str], currency: str) -> Sent:
    """Read the counts of a form; `kinds` are of the counts of this day (BadRequest for others, nothing is raised else).

    Only what goes back by card may be more than what came in, so only cards are counted below zero.
    """
    sent = Sent()
    ids = form.getlist("count")
    if len(ids) > MOST_COUNTS:
        raise BadRequest
    for text in dict.fromkeys(ids):
        each = _id(text)
        if each is None or each not in kinds:
            raise BadRequest
        sent.drawers[each] = _typed(form, each, kinds[each], currency, sent.errors)
    return sent


def _typed(form: MultiDict[str, str], each: UUID, kind: str, currency: str, errors: dict[str, list[str]]) -> Typed:
    notes = {}
    for cents in notes_of(currency) if kind == "cash" else ():
        number = _pieces(form.get(f"note-{cents}-{each}", ""), f"note-{cents}-{each}", errors)
        if number is not None:
            notes[cents] = number
    coins = _amount(form, f"coins-{each}", currency, errors) if kind == "cash" else None
    counted = Counted(_amount(form, f"counted-{each}", currency, errors, below=kind == "cards"), notes, coins)
    if counted.contradicts:
        errors[f"counted-{each}"] = [_("The notes and coins come to another amount. Correct one of them.")]
    reason = form.get(f"reason-{each}", "")
    words = " ".join(form.get(f"words-{each}", "").split())
    if reason and reason not in REASONS:
        errors[f"reason-{each}"], reason = [_("Choose one of the reasons.")], ""
    if len(words) > LONGEST_WORDS or not words.isprintable() or "\0" in words:
        errors[f"words-{each}"], words = [_("Use at most 200 plain characters.")], ""
    version = form.get(f"version-{each}", "")
    if not VERSION.fullmatch(version):
        raise BadRequest
    return Typed(each, counted, reason, words, int(version))


def _pieces(text: str, name: str, errors: dict[str, list[str]]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and PIECES.fullmatch(text)):
        errors[name] = [_("Enter how many there are, like 12.")]
        return None
    return int(text)


def _amount(
    form: MultiDict[str, str], name: str, currency: str, errors: dict[str, list[str]], *, below: bool = False
) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    sign = -1 if below and text[0] in "-\u2212" else 1
    try:
        return sign * parse(text[1:] if sign < 0 else text, currency, zero=True).cents
    except WrongAmount as wrong:
        errors[name] = [str(wrong)]
        return None


def read_start(form: MultiDict[str, str], currency: str, name: str = "float") -> int:
    """The change that a drawer is opened with, in cents (FormInvalid)."""
    errors: dict[str, list[str]] = {}
    cents = _amount(form, name, currency, errors)
    if cents is None and not errors:
        errors[name] = [_("Enter the starting cash, 0 for none.")]
    if errors or cents is None:
        raise FormInvalid(errors)
    return cents


def read_name(form: MultiDict[str, str]) -> str:
    """The name of a drawer to add (FormInvalid)."""
    name = " ".join(form.get("name", "").split())
    if not name:
        raise FormInvalid({"name": [_("Enter a name, like Desk 2.")]})
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise FormInvalid({"name": [_("Use at most 60 plain characters.")]})
    return name


def read_visits(form: MultiDict[str, str]) -> list[UUID]:
    """Visits that are to be billed (BadRequest for what is no id)."""
    found = [_id(text) for text in form.getlist("visit")[:500]]
    if None in found:
        raise BadRequest
    return [each for each in found if each is not None]


def id_of(values: Mapping[str, Any], name: str) -> UUID | None:
    """An id that an address or a form names; None for anything else."""
    return _id(str(values.get(name, "")))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
