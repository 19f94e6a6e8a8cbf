"""How a deposit is paid, as the booking dialog sends it beside the visit itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.billing.forms.payment import BY_CARD, METHODS, amount
from webapp.errors import BadRequest, FormInvalid
from webapp.money import money
from webapp.practice.forms.parsing import Form, Line, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import MultiDict

_HOW = re.compile(r"(reader|card|cash|bank_transfer|check)(?::(.{1,80}))?", re.ASCII)
_CENTS = re.compile(r"[0-9]{1,12}", re.ASCII)
FIELDS = frozenset({"how", "deposit", "tendered", "reference", "waive_reason"})
"""What of a form is about money; the rest is the visit."""


class _DepositForm(Form):
    how: Line = ""
    deposit: Line = ""
    tendered: Line = ""
    reference: Line = ""
    waive_reason: Line = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """Cents as the page showed them, and how they are paid; `named` is the reader, card or drawer, empty for any."""

    cents: int
    method: str
    named: str
    tendered_cents: int | None
    reference: str

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


def about_the_visit(form: Mapping[str, str]) -> dict[str, str]:
    """The form without what is about money."""
    return {name: value for name, value in form.items() if name not in FIELDS}


def read_paid(form: MultiDict[str, str], currency: str) -> Paid:
    """How the deposit is paid (FormInvalid, with the sentence beside each field)."""
    typed = _read(form)
    errors: dict[str, list[str]] = {}
    found, cents = _HOW.fullmatch(typed.how), int(typed.deposit) if _CENTS.fullmatch(typed.deposit) else 0
    method, named = (METHODS[found[1]], found[2] or "") if found else ("", "")
    if cents <= 0:
        raise BadRequest
    if not method or (method in {"cash", "card_on_file"} and not named):
        errors["how"] = [_("Choose how the deposit is paid.")]
    tendered = None
    if method == "cash" and typed.tendered:
        tendered = amount(typed.tendered, currency, "tendered", errors)
        if "tendered" not in errors and tendered < cents:
            short = money(cents - tendered, currency)
            errors["tendered"] = [_("That is %(short)s too little. The whole deposit is needed to book.", short=short)]
    if method == "check" and not typed.reference:
        errors["reference"] = [_("Enter the number of the check and its bank.")]
    if errors:
        raise FormInvalid(errors)
    reference = typed.reference if method in {"check", "bank_transfer"} else ""
    return Paid(cents, method, named, tendered, reference)


def read_waived(form: MultiDict[str, str]) -> str:
    """Why no deposit is taken (FormInvalid)."""
    reason = _read(form).waive_reason
    if not reason:
        raise FormInvalid({"waive_reason": [_("Say why no deposit is taken. The reason stays with the visit.")]})
    return reason


def _read(form: MultiDict[str, str]) -> _DepositForm:
    about_money = form.copy()
    for name in form.keys() - FIELDS:
        del about_money[name]
    return parsed(_DepositForm, about_money, {})
