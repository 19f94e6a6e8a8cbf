"""What cannot be booked or canceled because money is at stake, and billing has to see to it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal


class DepositFirst(Refusal):
    """The service asks for a deposit, and this way of booking takes none."""

    status = 422
    code = "deposit_first"
    message = _l(
        "This type of visit is paid for, at least in part, before it is booked. Book it by itself, at the desk."
    )


class CostsMoney(Refusal):
    """Canceling takes a fee, gives back what was paid, or ends a payment: that is shown before anybody decides."""

    code = "costs_money"
    message = _l("Canceling this visit costs a fee or gives money back. Open the visit and cancel it there, by itself.")


class MoneyMoved(Refusal):
    """A cancellation that charged a fee or sent money back stays."""

    code = "money_moved"
    message = _l(
        "A fee was charged or money went back when this visit was canceled, so that cannot be undone. Book it again."
    )


class PriceChanged(Refusal):
    """The price of the chosen time is another one than the page showed; the time itself is as free as before."""

    status = 409
    code = "price_changed"
    message = _l("The price of that day has changed meanwhile. Here is what it costs now.")
