"""Amounts of money: whole cents of one currency, read from what people type and written as they expect it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import category

from babel.numbers import format_currency, get_currency_symbol
from flask_babel import gettext as _

from webapp.languages import written

LOCALE = "en_US"
MOST_CENTS = 1_000_000_000
"""Ten million: more is a slip of the finger."""

# Digits, with commas only between thousands, and at most two decimals; anything else is said not to be an amount.
_TYPED = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)?(?:\.(?P<part>\d*))?", re.ASCII)
_CENTS_DIGITS = 2
_LONGEST = 30


class WrongAmount(ValueError):  # noqa: N818 - it is an answer to a person, not a failure
    """What was typed is no amount that could be charged; its text is the sentence to show beside the field."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """Cents of a currency (ISO 4217); below zero it is owed the other way.  Two currencies never meet (ValueError)."""

    cents: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(self.cents)

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        """As the clinic writes it: "$1,086.50", "-$5.00"."""
        return format_currency(Decimal(self.cents) / 100, self.currency, locale=written())

    @property
    def typed(self) -> str:
        """As a form shows it: "120", "120.50"."""
        return typed(self.cents)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            message = f"{other.currency} is not {self.currency}"
            raise ValueError(message)
        return other.cents


def money(cents: int, currency: str) -> str:
    """An amount as the clinic writes it: "$120.00"."""
    return str(Money(cents, currency))


def typed(cents: int) -> str:
    """An amount as a form shows it: "120", "120.50"."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}.{cents % 100:02}" if cents % 100 else f"{sign}{cents // 100}"


def parse(text: str, currency: str, *, zero: bool = False) -> Money:
    """Read an amount that somebody typed: "86.50", "$1,086.5", "USD 12"; raises WrongAmount with the sentence to show.

    Refused: nothing, words, another currency, below zero, zero unless `zero`, parts of a cent, more than ten million.
    """
    rest = _without_currency(text.strip(), currency)
    if rest.startswith(("-", "\u2212", "(")):
        raise WrongAmount(_("Enter an amount above zero. Money that goes back is a refund."))
    found = None if len(rest) > _LONGEST else _TYPED.fullmatch(rest)
    if found is None or not (found["whole"] or found["part"]):
        raise WrongAmount(_("Enter an amount like 86.50."))
    part = found["part"] or ""
    if part[_CENTS_DIGITS:].strip("0"):
        raise WrongAmount(_("There is nothing smaller than a cent. Enter at most two decimals."))
    cents = int((found["whole"] or "0").replace(",", "")) * 100 + int(part[:_CENTS_DIGITS].ljust(_CENTS_DIGITS, "0"))
    if cents > MOST_CENTS:
        raise WrongAmount(_("That is more than %(most)s. Check the amount.", most=money(MOST_CENTS, currency)))
    if cents == 0 and not zero:
        raise WrongAmount(_("Enter an amount above zero."))
    return Money(cents, currency)


def _without_currency(text: str, currency: str) -> str:
    """Take the clinic's own currency off either end; another one is refused, never converted."""
    symbol = get_currency_symbol(currency, locale=LOCALE)
    for own in (symbol, currency):
        if own and text.upper().startswith(own.upper()):
            return text[len(own) :].strip()
        if own and text.upper().endswith(own.upper()):
            return text[: -len(own)].strip()
    other = re.fullmatch(r"(\D*?)\s*[\d.,]+\s*(\D*)", text)
    named = (other[1] or other[2]).strip() if other else ""
    if re.fullmatch(r"[A-Za-z]{3}", named) or (len(named) == 1 and category(named) == "Sc"):
        sentence = _("The clinic is paid in %(currency)s. Enter the amount without a currency.", currency=currency)
        raise WrongAmount(sentence)
    return text
