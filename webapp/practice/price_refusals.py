"""What managers are told when a price can't be as they want it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses


@refuses("service_price_overlap", "item_price_overlap")
class PriceTwice(Refusal):
    """Two people set a price for the same days."""

    status = 409
    code = "price_twice"
    message = _l("Somebody else changed this price just now. Look at it again, then repeat your change.")


class PriceInThePast(Refusal):
    """What was charged was charged."""

    status = 422
    code = "price_in_the_past"
    message = _l("A price begins today or later: what was charged before stays as it is.")


@refuses("service_deposit")
class DepositAbovePrice(Refusal):
    """A deposit is a part of the price."""

    status = 422
    code = "deposit_above_price"
    message = _l("The deposit would be more than the price. Lower the deposit first.")


@refuses("billable_item_code_key")
class ItemCodeTaken(Refusal):
    """Two items of one code can't be told apart on an invoice."""

    status = 422
    code = "item_code_taken"
    message = _l("Another item has this code, maybe a retired one. Choose another, or bring that one back")
