"""A payment, a refund or a credit as somebody typed it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from flask_babel import gettext as _
from pydantic import BeforeValidator

from webapp.billing.receipts import By
from webapp.errors import BadRequest, FormInvalid
from webapp.money import MOST_CENTS, WrongAmount, money, parse
from webapp.practice.forms.parsing import Form, Line, Switch, parsed, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import MultiDict

_SEEN = re.compile(r"([0-9a-f-]{36}):([0-9]{1,12})", re.ASCII)
_HOW = re.compile(r"(reader|card|cash|bank_transfer|check)(?::(.{1,80}))?", re.ASCII)
METHODS = {
    "reader": "card_reader",
    "card": "card_on_file",
    "cash": "cash",
    "bank_transfer": "bank_transfer",
    "check": "check",
}
BY_CARD = frozenset({"card_reader", "card_on_file"})
NAMED = frozenset({"card_on_file", "card_reader", "cash"})
LISTS = frozenset({"pays", "seen"})


def _ids(typed: object) -> tuple[UUID, ...]:
    if not isinstance(typed, list):
        raise wrong("format")
    try:
        return tuple(dict.fromkeys(UUID(each) for each in typed))
    except (ValueError, AttributeError, TypeError):
        raise wrong("format") from None


def _seen(typed: object) -> dict[UUID, int]:
    found = [_SEEN.fullmatch(str(each)) for each in typed] if isinstance(typed, list) else []
    try:
        return {UUID(each[1]): int(each[2]) for each in found if each is not None}
    except ValueError:
        raise wrong("format") from None


class _PaymentForm(Form):
    amount: Line = ""
    how: Line = ""
    tendered: Line = ""
    reference: Line = ""
    pays: Annotated[tuple[UUID, ...], BeforeValidator(_ids)]
    seen: Annotated[dict[UUID, int], BeforeValidator(_seen)]
    keep_rest: Switch = False
    receipt: Line = ""


@dataclass(frozen=True, slots=True)
class Tendered:
    """What somebody pays, in cents, how, and for which invoices; `seen` is what the page showed as due, by invoice.

    `named` is the reader, card or drawer; `keep_rest` that what no invoice asks for may become credit; `receipt` how
    its receipt goes.
    """

    cents: int
    method: str
    named: str
    tendered_cents: int | None
    reference: str
    pays: tuple[UUID, ...]
    seen: Mapping[UUID, int]
    keep_rest: bool
    receipt: By

    @property
    def by_card(self) -> bool:
        return self.method in BY_CARD

    @property
    def named_id(self) -> UUID:
        """The card or drawer (BadRequest when it is none)."""
        try:
            return UUID(self.named)
        except ValueError:
            raise BadRequest from None


@dataclass(frozen=True, slots=True)
class Given:
    """An amount with its reason."""

    cents: int
    reason: str
    drawer_id: UUID | None = None
    reference: str = ""
    payer: bool = False


def read_payment(form: MultiDict[str, str], currency: str) -> Tendered:
    """A payment (FormInvalid, with the sentence beside each field)."""
    filled = form.copy()
    for name in LISTS - form.keys():
        filled.setlist(name, [])
    typed = parsed(_PaymentForm, filled, {}, lists=LISTS)
    errors: dict[str, list[str]] = {}
    cents = amount(typed.amount, currency, "amount", errors)
    found = _HOW.fullmatch(typed.how)
    method = METHODS[found[1]] if found else ""
    if not found or (method in NAMED) != bool(found[2]):
        errors["how"] = [_("Choose how it is paid.")]
    tendered = _tendered(typed.tendered, currency, cents, errors) if method == "cash" else None
    if method == "check" and not typed.reference:
        errors["reference"] = [_("Enter the number of the check and its bank.")]
    if not typed.pays and not typed.keep_rest:
        errors["pays"] = [_("Choose at least one invoice that this pays for.")]
    if typed.receipt and typed.receipt not in set(By):
        errors["receipt"] = [_("Choose how the receipt goes.")]
    if errors:
        raise FormInvalid(errors)
    named = (found[2] or "") if found else ""
    reference = "" if method in {"cash", *BY_CARD} else typed.reference
    receipt = By(typed.receipt) if typed.receipt else By.PREFERRED
    return Tendered(cents, method, named, tendered, reference, typed.pays, typed.seen, typed.keep_rest, receipt)


def read_amount(form: MultiDict[str, str], currency: str, *, reason: bool = True, empty: int | None = None) -> Given:
    """An amount with its reason: a refund, a write-off (FormInvalid); `empty` is what nothing typed stands for."""
    typed = parsed(_GivenForm, form, {})
    errors: dict[str, list[str]] = {}
    cents = empty if empty is not None and not typed.amount else amount(typed.amount, currency, "amount", errors)
    if reason and not typed.reason:
        errors["reason"] = [_("Enter a reason. It is kept with the change.")]
    if errors:
        raise FormInvalid(errors)
    drawer = UUID(typed.drawer) if _is_id(typed.drawer) else None
    return Given(cents, typed.reason, drawer, typed.reference, payer=typed.whose == "payer")


class _GivenForm(Form):
    amount: Line = ""
    reason: Line = ""
    drawer: Line = ""
    reference: Line = ""
    whose: Line = ""


def amount(typed: str, currency: str, field: str, errors: dict[str, list[str]], *, zero: bool = False) -> int:
    """Cents of what was typed; what is wrong with it goes into `errors` under the field."""
    try:
        return parse(typed, currency, zero=zero).cents
    except WrongAmount as problem:
        errors.setdefault(field, []).append(str(problem))
        return 0


def _tendered(typed: str, currency: str, cents: int, errors: dict[str, list[str]]) -> int | None:
    if not typed:
        return None
    got = amount(typed, currency, "tendered", errors)
    if "tendered" not in errors and got < cents:
        short = money(cents - got, currency)
        errors["tendered"] = [_("That is %(short)s too little. Lower the amount, or take more cash.", short=short)]
    return min(got, MOST_CENTS)


def _is_id(typed: str) -> bool:
    try:
        UUID(typed)
    except ValueError:
        return False
    return True
