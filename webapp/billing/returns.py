"""Where the gateway's pages lead back to: always the same for an attempt, or it would be another order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from webapp.billing.gateways.protocol import Return
from webapp.billing.models import AttemptAllocation, Invoice
from webapp.db import db
from webapp.practice.models import Location

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.models import Attempt, CardSetup

BY_PAGE = frozenset({"payment_link", "portal"})
"""Ways to pay on a page of the gateway's."""
# Stripe closes no page sooner than half an hour after it was made; what is over for us before, we close ourselves.
STAYS = timedelta(minutes=35)
LEFT = "left"
LONGEST = 80


def back_of(attempt: Attempt) -> Return | None:
    """Where the page of an attempt leads back to; None for an attempt without one.  Needs a transaction."""
    if attempt.method not in BY_PAGE or attempt.direction != "charge":
        return None
    path = f"/pay/back/{attempt.id}"
    if attempt.method == "portal":
        path = f"/me/{attempt.paid_as or attempt.patient_id}/payments/{attempt.id}"
    return _return(path, _title(attempt), attempt.created_at + STAYS)


def back_of_setup(setup: CardSetup) -> Return:
    """Where the page leads back to on which a card is left."""
    path = f"/billing/cards/{setup.id}"
    if setup.by_patient:
        path = f"/me/{setup.patient_id}/cards/{setup.id}"
    return _return(path, "", setup.created_at + STAYS)


def public(path: str) -> str:
    """The whole address of one of our pages, as people outside reach it."""
    return f"{current_app.config['ANTEROOM'].public_url}{path}"


def _return(path: str, title: str, expires_at: datetime) -> Return:
    address = public(path)
    return Return(address, f"{address}?{LEFT}=1", title, expires_at)


def _title(attempt: Attempt) -> str:
    """What is paid, to people and to nobody else: the numbers of invoices, or the name of the place."""
    query = (
        select(Invoice)
        .join(AttemptAllocation, AttemptAllocation.invoice_id == Invoice.id)
        .where(AttemptAllocation.attempt_id == attempt.id)
        .order_by(Invoice.year, Invoice.number, Invoice.id)
    )
    numbers = ", ".join(invoice.shown_number for invoice in db.session.scalars(query))
    return (numbers or db.session.get_one(Location, attempt.location_id).name)[:LONGEST]
