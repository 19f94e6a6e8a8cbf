"""Cards on file, and cards that somebody is about to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.billing.models import CardOnFile, CardSetup
from webapp.billing.queries.balances import same_person
from webapp.db import db
from webapp.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

AT_ONCE = 200


def customer_of(patient_id: UUID, gateway: str) -> str | None:
    """What a gateway calls a patient who has left a card there before."""
    query = select(CardOnFile.customer).where(
        CardOnFile.patient_id.in_(same_person(patient_id)), CardOnFile.gateway == gateway
    )
    return db.session.scalars(query.order_by(CardOnFile.added_at.desc(), CardOnFile.id).limit(1)).first()


def setup(setup_id: UUID) -> CardSetup:
    """A card that somebody is about to leave (NotFound)."""
    found = db.session.get(CardSetup, setup_id)
    if found is None:
        raise NotFound
    return found


def card(card_id: UUID) -> CardOnFile:
    """A card, also one that was forgotten (NotFound)."""
    found = db.session.get(CardOnFile, card_id)
    if found is None:
        raise NotFound
    return found


def open_setups(before: datetime) -> list[UUID]:
    """Cards that somebody was about to leave before a moment, the oldest first."""
    query = select(CardSetup.id).where(CardSetup.state == "open", CardSetup.created_at <= before)
    return list(db.session.scalars(query.order_by(CardSetup.created_at, CardSetup.id).limit(AT_ONCE)))
