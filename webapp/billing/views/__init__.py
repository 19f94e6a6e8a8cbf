"""Pages of money, and the door at which the card gateway knocks."""

from webapp.billing.views import (
    attempts_page,
    book_paid,
    cancel_paid,
    cashier,
    corrections,
    day_close,
    held,
    invoices,
    papers,
    payment,
    payments,
    terminal,
    webhooks,
    worklists,
)
from webapp.billing.views.door import blueprint

__all__ = [
    "attempts_page",
    "blueprint",
    "book_paid",
    "cancel_paid",
    "cashier",
    "corrections",
    "day_close",
    "held",
    "invoices",
    "papers",
    "payment",
    "payments",
    "terminal",
    "webhooks",
    "worklists",
]
