"""Saved cards of a patient: which there are, another one, and one less."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import by_patient, keeping, service, wording
from webapp.billing.attempt_refusals import CardsAway
from webapp.billing.queries import own
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.portal.views.door import blueprint
from webapp.portal.views.money import errors_of
from webapp.practice import queries as practice
from webapp.routing import requires

MONEY = Permission.OWN_MONEY
FORGOTTEN = "portal.card_forgotten"

toasts.say(FORGOTTEN, _l("The card is forgotten."))


def _refused(refusal: Refusal, patient_id: UUID, **_other: object) -> Response:
    return _page(patient_id, refusal)


@blueprint.get("/me/<uuid:patient_id>/cards")
@requires(MONEY, role=Role.PATIENT)
def cards(patient_id: UUID) -> Response:
    """List the saved cards."""
    return _page(patient_id)


@blueprint.post("/me/<uuid:patient_id>/cards")
@requires(MONEY, role=Role.PATIENT, refused=_refused, gateway=True)
def save_card(patient_id: UUID) -> Response:
    """Lead to the card company's page, on which the card is left."""
    claim = cycle.form_claim({"patient_id": patient_id})
    with transactional(scope(), read_only=True):
        site = next(iter(practice.locations()), None)
        if site is None:
            raise NotFound
        place = site.id
    acting = by_patient.acting(scope())
    setup = keeping.begin(patient_id, place, claim.key, acting, by_patient=True)
    activity.note("changed", patient=patient_id, detail="card.asked")
    made = keeping.page(setup, acting)
    if made is None:
        return hypermedia.see(url_for("portal.card", patient_id=patient_id, setup_id=setup))
    if made.url is None:
        raise CardsAway
    return hypermedia.away(made.url)


@blueprint.get("/me/<uuid:patient_id>/cards/<uuid:setup_id>")
@requires(MONEY, role=Role.PATIENT)
def card(patient_id: UUID, setup_id: UUID) -> Response:
    """Tell what became of a card, whatever the address says."""
    found = own.own_setup(patient_id, setup_id)
    same = hypermedia.unchanged(found.state)
    if same is not None:
        return same
    activity.note("opened", patient=patient_id)
    return hypermedia.page(
        "portal/card.html",
        block="story",
        tag=found.state,
        revision=found.state,
        patient_id=patient_id,
        state=found.state,
        href=url_for("portal.card", patient_id=patient_id, setup_id=found.id),
        back=url_for("portal.cards", patient_id=patient_id),
    )


@blueprint.post("/me/<uuid:patient_id>/cards/<uuid:setup_id>")
@requires(MONEY, role=Role.PATIENT, gateway=True)
def look_for_card(patient_id: UUID, setup_id: UUID) -> Response:
    """Ask the card company now whether the card is there."""
    with transactional(scope(), read_only=True):
        own.own_setup(patient_id, setup_id)
    keeping.look(setup_id, by_patient.acting(scope()))
    return hypermedia.see(url_for("portal.card", patient_id=patient_id, setup_id=setup_id))


@blueprint.post("/me/<uuid:patient_id>/cards/<uuid:card_id>/forget")
@requires(MONEY, role=Role.PATIENT, refused=_refused, gateway=True)
def forget_card(patient_id: UUID, card_id: UUID) -> Response:
    """Forget a card; a second press finds it forgotten."""
    keeping.forget_own(patient_id, card_id, scope(), by_patient.acting(scope()))
    activity.note("changed", patient=patient_id, detail=FORGOTTEN)
    hypermedia.announce(FORGOTTEN)
    return hypermedia.see(url_for("portal.cards", patient_id=patient_id))


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    activity.note("opened", patient=patient_id)
    return hypermedia.page(
        "portal/cards.html",
        patient_id=patient_id,
        cards=[
            {
                "label": wording.card_label(each),
                "ends": _("Good through %(month)02d/%(year)d", month=each.exp_month, year=each.exp_year),
                "forget": url_for("portal.forget_card", patient_id=patient_id, card_id=each.id),
            }
            for each in own.own_cards(own.records_of(patient_id), service.gateway_name())
        ],
        add=url_for("portal.save_card", patient_id=patient_id),
        errors=errors_of(refusal),
    )
