"""A card for the next time, from press to file: the gateway's page takes it, and no number ever comes here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.billing import charging, returns, service
from webapp.billing.actions.cards import KeepCard, forget, keep, open_setup
from webapp.billing.attempt_refusals import CardsAway
from webapp.billing.gateways.protocol import KeepOrder, Kept, key_of
from webapp.billing.models import CardSetup
from webapp.billing.queries.balances import same_person
from webapp.billing.queries.cards import customer_of
from webapp.billing.queries.own import records_of
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.models import Location

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.billing.gateways.protocol import Page
    from webapp.db import Scope


def begin(patient_id: UUID, location_id: UUID, form_key: UUID, scope: Scope, *, by_patient: bool = False) -> UUID:
    """Write down that somebody is about to leave a card; the same press again is the same (CardsAway, NoMoneyHere)."""
    own, gateway = new_id(), service.gateway()
    customer = charging.within(scope, lambda _now: customer_of(patient_id, gateway.name))
    # Nameless, and new each time nobody of ours has one: the gateway learns nothing about who it is.
    customer = customer or gateway.customer(key_of(own, "customer"))
    if customer is None or scope.actor is None:
        raise CardsAway
    wanted = KeepCard(
        own, patient_id, location_id, gateway.name, customer, form_key, returns.STAYS, by_patient=by_patient
    )
    actor = scope.actor
    return charging.within(scope, lambda now: open_setup(wanted, actor=actor, at=now.at).id)


def page(setup_id: UUID, scope: Scope) -> Page | None:
    """The page of the gateway's on which the card is left, always the same one; None when there is nothing to leave.

    Remembers what the gateway calls it, so that a message about it finds us (NotFound).
    """
    state, order = charging.within(scope, lambda _now: (_setup(setup_id).state, _order(setup_id)))
    if state != "open":
        return None
    made = service.gateway().keep_page(order)
    if order.external_id is None:
        charging.within(scope, lambda now: keep(setup_id, Kept(made.outcome), at=now.at).state)
    return made


def look(setup_id: UUID, scope: Scope) -> str:
    """Ask the gateway what became of a card, and keep it: "kept", "ended" or "open" (NotFound)."""
    state, order = charging.within(scope, lambda _now: (_setup(setup_id).state, _order(setup_id)))
    if state != "open":
        return state
    kept = service.gateway().kept(order)
    return charging.within(scope, lambda now: keep(setup_id, kept, at=now.at).state)


def forget_own(patient_id: UUID, card_id: UUID, seen_by: Scope, scope: Scope) -> None:
    """Forget a card that row security shows to its patient, who changes nothing by their own role (NotFound).

    Also one that is kept with a record which was merged into theirs.
    """
    people = charging.within(seen_by, lambda _now: records_of(patient_id))

    def forgotten(now: Scope) -> UUID:
        # As it is by now: a merge may have been undone in between.
        return forget(card_id, set(people).intersection(same_person(patient_id)), at=now.at).id

    charging.within(scope, forgotten)


def _setup(setup_id: UUID) -> CardSetup:
    setup = db.session.get(CardSetup, setup_id)
    if setup is None:
        raise NotFound
    return setup


def _order(setup_id: UUID) -> KeepOrder:
    setup = _setup(setup_id)
    currency = db.session.get_one(Location, setup.location_id).currency
    return KeepOrder(setup.id, setup.customer, currency, returns.back_of_setup(setup), setup.external_id)
