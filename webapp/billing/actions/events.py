"""What the gateway said by itself: kept once, before it has any effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from webapp.billing.models import Attempt, CardSetup, GatewayEvent
from webapp.db import db
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.gateways import protocol


def keep_event(gateway: str, event: protocol.GatewayEvent, *, at: datetime) -> bool:
    """Keep a message once and promise to ask about its attempt; False when it was there already.

    One about nothing of ours is kept, too, and promises nothing: another system may share the account.
    """
    attempt = db.session.scalar(
        select(Attempt.id).where(
            Attempt.gateway == gateway,
            or_(Attempt.id == event.attempt, Attempt.external_id == event.external_id),
        )
    )
    setup = db.session.scalar(
        select(CardSetup.id).where(CardSetup.gateway == gateway, CardSetup.external_id == event.external_id)
    )
    made = db.session.execute(
        insert(GatewayEvent)
        .values(
            gateway=gateway,
            event_id=event.id,
            kind=event.kind,
            attempt_id=attempt,
            external_id=event.external_id,
            received_at=at,
            handled_at=None if attempt is not None else at,
        )
        .on_conflict_do_nothing()
        .returning(GatewayEvent.event_id)
    )
    if made.scalar() is None:
        return False
    for order in (attempt, setup):
        if order is not None:
            promise_look(order)
    return True


def promise_look(order_id: UUID) -> None:
    """Promise to ask the gateway now about an attempt, or about a card that is to be kept."""
    from webapp.billing.jobs import settle_attempt, settle_setup

    if db.session.get(CardSetup, order_id) is not None:
        promise(settle_setup, setup=str(order_id))
    elif db.session.get(Attempt, order_id) is not None:
        promise(settle_attempt, attempt=str(order_id))
