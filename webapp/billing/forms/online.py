"""How a patient pays by themselves, as their page sends it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from webapp.billing.forms.payment import amount
from webapp.errors import BadRequest, FormInvalid

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_HOW = re.compile(r"page|card:([0-9a-f-]{36})", re.ASCII)
_CENTS = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Online:
    """What somebody pays, in cents; `card_id` is a saved card, None the card company's page.  `seen` was due."""

    cents: int
    card_id: UUID | None
    seen: int


def read_online(form: MultiDict[str, str], currency: str, *, free: int) -> Online:
    """A payment of an invoice of which `free` cents can be paid (FormInvalid, BadRequest)."""
    seen, card_id = _seen(form), None
    errors: dict[str, list[str]] = {}
    cents = seen if form.get("part", "all") == "all" else amount(form.get("amount", ""), currency, "amount", errors)
    if not errors and cents > free and seen == free:
        errors["amount"] = [_("That is more than is due. Enter less, or pay all of it.")]
    found = _HOW.fullmatch(form.get("how", ""))
    if found is None:
        errors["how"] = [_("Choose how you pay.")]
    elif found[1]:
        card_id = _id(found[1])
    if errors:
        raise FormInvalid(errors)
    return Online(cents, card_id, seen)


def read_deposit(form: MultiDict[str, str], *, asked: int, price: int) -> Online:
    """The payment of a held time: what is asked for before, or the whole price (FormInvalid, BadRequest)."""
    seen, card_id = _seen(form), None
    found = _HOW.fullmatch(form.get("how", ""))
    if found is None:
        raise FormInvalid({"how": [_("Choose how you pay.")]})
    if found[1]:
        card_id = _id(found[1])
    return Online(price if form.get("part") == "price" else asked, card_id, seen)


def _seen(form: MultiDict[str, str]) -> int:
    if not _CENTS.fullmatch(form.get("seen", "")):
        raise BadRequest
    return int(form["seen"])


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest from None
