"""The lines of a draft as somebody typed them, and what of an invoice is credited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.billing.actions.corrections import Part
from webapp.billing.actions.drafts import Line
from webapp.billing.forms.payment import amount
from webapp.errors import BadRequest, FormInvalid

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
_FIELD = re.compile(r"(line|label|quantity|unit|discount|why|payer|was)-([0-9]{1,2})", re.ASCII)
_WAS = re.compile(r"[0-9]{1,4}(?::[0-9]{1,12}){3}", re.ASCII)
_PLAIN = frozenset({"csrf_token", "_key", "version", "note", "add", "own", "own_unit", "remove", "then"})
_KINDS = ("service", "item")
MOST_LINES = 99
MOST_TEXT = 200
MOST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines of a draft with the version that was shown; `adds` is a service or item ("item:<id>") to put on it."""

    lines: tuple[Line, ...]
    version: int
    note: str
    adds: str = ""


@dataclass(slots=True)
class _Row:
    """One line while it is read."""

    position: int
    typed: dict[str, str]
    currency: str
    errors: dict[str, list[str]] = field(default_factory=dict)

    def line(self) -> Line:
        kind, _sep, id_ = self.typed.get("line", "").partition(":")
        quantity, unit = self._quantity(), self._cents("unit")
        discount = self._cents("discount") if self.typed.get("discount") else 0
        why = self.typed.get("why", "").strip()[:MOST_TEXT]
        if discount and not why:
            self._wrong("why", _("Enter why it is cheaper."))
        if discount > quantity * unit and not self.errors:
            self._wrong("discount", _("The discount is more than the line costs."))
        label = self._label(kind)
        return Line(
            quantity,
            unit,
            label,
            service_id=_id(id_) if kind == "service" else None,
            item_id=_id(id_) if kind == "item" else None,
            discount_cents=discount,
            discount_reason=why,
            payer_cents=self._payer(quantity, unit, discount),
        )

    def _label(self, kind: str) -> str:
        label = " ".join(self.typed.get("label", "").split())
        if kind not in _KINDS and not label:
            self._wrong("label", _("Enter what it is for."))
        if len(label) > MOST_TEXT or not label.isprintable():
            self._wrong("label", _("Shorten this; it has too many characters"))
        return label

    def _quantity(self) -> int:
        typed = self.typed.get("quantity", "").strip()
        if not _NUMBER.fullmatch(typed) or not int(typed):
            self._wrong("quantity", _("Enter a quantity from 1 to 999."))
            return 1
        return int(typed)

    def _cents(self, name: str) -> int:
        return amount(self.typed.get(name, ""), self.currency, f"{name}-{self.position}", self.errors, zero=True)

    def _payer(self, quantity: int, unit: int, discount: int) -> int | None:
        """What the payer takes: as typed, or worked out anew when only what it is a part of has changed."""
        if not self.typed.get("payer", "").strip():
            return None
        cents = self._cents("payer")
        if cents > quantity * unit - discount and not self.errors:
            self._wrong("payer", _("The insurer cannot pay more than the line costs."))
        was = self.typed.get("was", "")
        if not _WAS.fullmatch(was):
            return cents
        *amounts, payer = (int(part) for part in was.split(":"))
        return None if cents == payer and amounts != [quantity, unit, discount] else cents

    def _wrong(self, name: str, sentence: str) -> None:
        self.errors.setdefault(f"{name}-{self.position}", []).append(sentence)


def rows_of(form: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """What was typed, by the place of each line on the page; BadRequest for a field that no page of ours has."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        found = _FIELD.fullmatch(name)
        if found is not None:
            rows.setdefault(int(found[2]), {})[found[1]] = value
        elif name not in _PLAIN:
            raise BadRequest
    return dict(sorted(rows.items()))


def read_lines(form: MultiDict[str, str], currency: str) -> Lines:
    """The lines of a draft (FormInvalid with a sentence beside each field that needs another value)."""
    rows, lines = rows_of(form), []
    errors: dict[str, list[str]] = {}
    for position, typed in rows.items():
        if str(position) == form.get("remove"):
            continue
        row = _Row(position, typed, currency)
        lines.append(row.line())
        errors |= row.errors
    if own := " ".join(form.get("own", "").split())[:MOST_TEXT]:
        lines.append(Line(1, amount(form.get("own_unit", ""), currency, "own_unit", errors, zero=True), own))
    if errors:
        raise FormInvalid(errors)
    if len(lines) > MOST_LINES:
        raise BadRequest
    return Lines(
        tuple(lines), _version(form.get("version", "")), form.get("note", "").strip()[:MOST_NOTE], form.get("add", "")
    )


def read_parts(form: MultiDict[str, str], currency: str) -> tuple[dict[UUID, Part], str]:
    """What of each line is credited, and why: fields `patient-<line>` and `payer-<line>` (FormInvalid)."""
    errors: dict[str, list[str]] = {}
    cents: dict[UUID, dict[str, int]] = {}
    for name, value in form.items():
        whose, _sep, line = name.partition("-")
        if whose in {"patient", "payer"} and value.strip():
            cents.setdefault(_id(line), {})[whose] = amount(value, currency, name, errors, zero=True)
    reason = form.get("reason", "").strip()[:MOST_TEXT]
    if not reason:
        errors["reason"] = [_("Enter a reason. It is kept with the change.")]
    if errors:
        raise FormInvalid(errors)
    return {line: Part(each.get("patient", 0), each.get("payer", 0)) for line, each in cents.items()}, reason


def _version(typed: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", typed, re.ASCII):
        raise BadRequest
    return int(typed)


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise BadRequest from None
