"""What pages of prices send: an amount from a day on, and the words of an item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from flask_babel import gettext as _
from pydantic import AfterValidator

from webapp.errors import FormInvalid
from webapp.money import WrongAmount, parse
from webapp.practice.actions.prices import SaveItem, SetPrice
from webapp.practice.forms.parsing import Day, Form, Line, Name, Version, parsed, wrong

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,19}")
LONGEST_CATEGORY = 60


def _code(typed: str) -> str:
    if not _CODE.fullmatch(typed):
        raise wrong("format")
    return typed.upper()


def _category(typed: str) -> str:
    if len(typed) > LONGEST_CATEGORY:
        raise wrong("long")
    return typed


class PriceForm(Form):
    """A price and the day it begins."""

    price: Line = ""
    since: Day = None  # type: ignore[assignment] # a form without it is told so
    version: Version = 0


class ItemForm(Form):
    """An item that can be charged beside a visit."""

    code: Annotated[Name, AfterValidator(_code)] = ""
    label: Name = ""
    category: Annotated[Name, AfterValidator(_category)] = ""
    version: Version = 0


def read_price(form: MultiDict[str, str], of: UUID, currency: str) -> SetPrice:
    """Raises FormInvalid with everything that is wrong with it."""
    errors: dict[str, list[str]] = {}
    since: dt.date | None = None
    version = 0
    try:
        sent = parsed(PriceForm, form, _sentences())
        since, version = sent.since, sent.version
    except FormInvalid as invalid:
        errors |= invalid.errors
    cents = 0
    try:
        cents = parse(form.get("price", ""), currency, zero=True).cents
    except WrongAmount as amount:
        errors = {"price": [str(amount)], **errors}
    if errors or since is None:
        raise FormInvalid(errors)
    return SetPrice(of, cents, since, version)


def read_item(form: MultiDict[str, str], item: UUID | None, currency: str) -> SaveItem:
    """Raises FormInvalid."""
    sent = parsed(ItemForm, form, _sentences())
    return SaveItem(sent.code, sent.label, sent.category, currency, item, sent.version)


def _sentences() -> dict[tuple[str, str], str]:
    day = _("Enter the day it begins, like 2027-01-01.")
    return {
        ("since", "missing"): day,
        ("since", "format"): day,
        ("code", "missing"): _("Enter a code, like 90471."),
        ("code", "format"): _("Use letters, digits, points, hyphens and slashes, 20 at most."),
        ("label", "missing"): _("Enter what it is, as it stands on invoices."),
        ("category", "missing"): _("Enter a category, like Vaccines: revenue is counted by it."),
    }
