"""Attempts that are paid on a page of the gateway's: an invoice has one that is open, and everybody is led there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.billing.actions.attempts import find, open_attempt
from webapp.billing.actions.posting import lock_invoices
from webapp.billing.queries.attempts import page_open_for

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.actions.attempts import Wanted
    from webapp.billing.models import Attempt


def open_page(wanted: Wanted, *, actor: UUID | None, at: datetime) -> Attempt:
    """Open an attempt on a page, or return the one on which these invoices are paid already, whoever opened that.

    Raises what `open_attempt` raises.
    """
    before = find(wanted.once, actor)
    if before is not None:
        return before
    # Two that come at once meet here: the second one finds the first one's page.
    lock_invoices(wanted.shares)
    going = page_open_for(wanted.shares, wanted.patient_id, at)
    return open_attempt(wanted, actor=actor, at=at) if going is None else going
