"""Words of the end of a day, the same on the page, in print and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.money import money

if TYPE_CHECKING:
    from webapp.billing.queries.closing import DrawerCount, Taken

METHODS = {
    "card_reader": _l("Card reader"),
    "card_on_file": _l("Card on file"),
    "payment_link": _l("Payment link"),
    "portal": _l("Paid online"),
    "cash": _l("Cash"),
    "check": _l("Checks"),
    "bank_transfer": _l("Bank transfer"),
}
REFUNDED = {
    "card": _l("Refunded to cards"),
    "cash": _l("Refunded in cash"),
    "check": _l("Refunded by check"),
    "bank_transfer": _l("Refunded by bank transfer"),
}


def taken_label(taken: Taken) -> str:
    """A line of what was taken: "Cash", "Refunded in cash"."""
    if taken.kind == "failed":
        return _("Card payments that failed")
    words = METHODS if taken.kind == "payment" else REFUNDED
    return str(words.get(taken.method, taken.method))


def drawer_name(count: DrawerCount) -> str:
    """What stands on a drawer; a site has one count of checks and one of cards, which nobody named."""
    if count.kind == "checks":
        return _("Checks")
    return _("Cards") if count.kind == "cards" else count.name


def difference(cents: int, currency: str) -> str:
    """How a count came out: "$5.00 short", "$2.00 over", "no difference"."""
    if not cents:
        return _("no difference")
    size = money(abs(cents), currency)
    return _("%(size)s short", size=size) if cents < 0 else _("%(size)s over", size=size)


def signed(cents: int, currency: str) -> str:
    """An amount with a minus that is as wide as a figure: "−$5.00"."""
    return money(cents, currency).replace("-", "\u2212")
