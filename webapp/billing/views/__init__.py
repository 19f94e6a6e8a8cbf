"""Pages of money, and the door at which the card gateway knocks."""

from webapp.billing.views import day_close, papers, terminal, webhooks
from webapp.billing.views.door import blueprint

__all__ = ["blueprint", "day_close", "papers", "terminal", "webhooks"]
