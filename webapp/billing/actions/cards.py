"""Cards on file: about to be left on a page of the gateway's, kept, and forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.billing.gateways.protocol import Answered
from webapp.billing.models import CardOnFile, CardSetup
from webapp.billing.refusals import NoMoneyHere
from webapp.db import db, reaches
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.jobs import promise

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from webapp.billing.gateways.protocol import Kept

FIRST_LOOK = timedelta(seconds=30)
LATE = timedelta(hours=1)
"""How long after its end a page is asked about whose gateway does not answer."""


@dataclass(frozen=True, slots=True)
class KeepCard:
    """A press that asks for a card to be kept; `customer` is what the gateway calls whoever it belongs to."""

    id: UUID
    patient_id: UUID
    location_id: UUID
    gateway: str
    customer: str
    form_key: UUID
    lasts: timedelta
    by_patient: bool = False


def open_setup(wanted: KeepCard, *, actor: UUID, at: datetime) -> CardSetup:
    """Write down that a card is about to be left, or return what the same press wrote down (NoMoneyHere)."""
    if not reaches(wanted.location_id):
        raise NoMoneyHere(patient=wanted.patient_id)
    values = {
        "id": wanted.id,
        "patient_id": wanted.patient_id,
        "location_id": wanted.location_id,
        "gateway": wanted.gateway,
        "customer": wanted.customer,
        "by_patient": wanted.by_patient,
        "actor_id": actor,
        "form_key": wanted.form_key,
        "created_at": at,
        "expires_at": at + wanted.lasts,
    }
    made = insert(CardSetup).values(values).on_conflict_do_nothing(index_elements=["actor_id", "form_key"])
    new = db.session.scalar(made.returning(CardSetup.id)) is not None
    query = select(CardSetup).where(CardSetup.actor_id == actor, CardSetup.form_key == wanted.form_key)
    setup = db.session.scalars(query).one()
    if setup.patient_id != wanted.patient_id:
        raise NotFound
    if new:
        from webapp.billing.jobs import settle_setup

        promise(settle_setup, at=at + FIRST_LOOK, setup=str(setup.id))
    return setup


def keep(setup_id: UUID, kept: Kept, *, at: datetime) -> CardSetup:
    """Let the gateway's answer about a card happen, once: it is on file, nobody left one in time, or we go on waiting.

    Raises NotFound.
    """
    setup = db.session.get(CardSetup, setup_id, with_for_update=True, populate_existing=True)
    if setup is None:
        raise NotFound
    if setup.state != "open":
        return setup
    setup.external_id = kept.outcome.external_id or setup.external_id
    if kept.card is not None:
        values = {
            "id": new_id(),
            "patient_id": setup.patient_id,
            "gateway": setup.gateway,
            "customer": kept.card.customer,
            "method": kept.card.method,
            "brand": kept.card.brand,
            "last4": kept.card.last4,
            "exp_month": kept.card.exp_month,
            "exp_year": kept.card.exp_year,
            "added_at": at,
        }
        setup.card_id = db.session.scalar(insert(CardOnFile).values(values).returning(CardOnFile.id))
        setup.state = "kept"
    elif kept.outcome.kind is Answered.VOIDED or at >= setup.expires_at + LATE:
        setup.state = "ended"
    db.session.flush()
    return setup


def forget(card_id: UUID, people: Collection[UUID], *, at: datetime) -> CardOnFile:
    """Charge a card of some records no more; a job tells the gateway, once (NotFound)."""
    card = db.session.get(CardOnFile, card_id, with_for_update=True, populate_existing=True)
    if card is None or card.patient_id not in people:
        raise NotFound
    if card.retired_at is None:
        from webapp.billing.jobs import forget_card

        card.retired_at = at
        db.session.flush()
        promise(forget_card, card=str(card.id))
    return card
