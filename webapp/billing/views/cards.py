"""Cards on file of a patient: which there are, leave another one, forget one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import keeping, service, wording
from webapp.billing.actions.cards import forget
from webapp.billing.models import CardOnFile
from webapp.billing.queries import balances, cards, desk
from webapp.billing.views.door import blueprint
from webapp.booking.wording import local_date, short_date
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.identity.qr import draw
from webapp.patients.queries import desk_record
from webapp.practice.catalog import thing, things
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from webapp.errors import Refusal
    from webapp.practice.models import Location

TEMPLATE, SETUP = "billing/cards.html", "billing/card_setup.html"
TAKE = Permission.PAYMENT_TAKE
FORGOTTEN = "card.forgotten"

toasts.say(FORGOTTEN, _l("The card is forgotten."))


def _refused(refusal: Refusal, patient_id: UUID, card_id: UUID | None = None) -> Response:
    del card_id
    return _page(patient_id, refusal)


@blueprint.get("/billing/patients/<uuid:patient_id>/cards")
@requires(TAKE, role=Role.DESK)
def cards_of(patient_id: UUID) -> Response:
    """List the cards that a patient lets the clinic keep."""
    return _page(patient_id)


@blueprint.post("/billing/patients/<uuid:patient_id>/cards")
@requires(TAKE, role=Role.DESK, refused=_refused, gateway=True)
def keep_card(patient_id: UUID) -> Response:
    """Ask for a card to be kept: its page is the card company's, here or on the patient's own phone."""
    claim = cycle.form_claim({"patient_id": patient_id})
    with transactional(scope(), read_only=True):
        desk_record(patient_id)
        place = _site().id
    setup = keeping.begin(patient_id, place, claim.key, scope())
    activity.note("changed", patient=patient_id, detail="card.asked")
    return hypermedia.see(url_for("billing.card_setup", setup_id=setup))


@blueprint.post("/billing/patients/<uuid:patient_id>/cards/<uuid:card_id>/forget")
@requires(TAKE, role=Role.DESK, refused=_refused)
def forget_card(patient_id: UUID, card_id: UUID) -> Response:
    """Forget a card, here at once and at the card company by a job."""
    forget(card_id, balances.same_person(patient_id), at=scope().at)
    activity.note("changed", patient=patient_id, detail=FORGOTTEN)
    return hypermedia.done(FORGOTTEN, url_for("billing.cards_of", patient_id=patient_id), card=card_id)


def pages_address(setup_id: UUID) -> str:
    """Where the card is left, the same each time; empty when there is nothing to leave, or nobody answers."""
    made = keeping.page(setup_id, scope())
    return "" if made is None or made.url is None else made.url


@blueprint.get("/billing/cards/<uuid:setup_id>")
@requires(TAKE, role=Role.DESK, prefetch=pages_address)
def card_setup(setup_id: UUID) -> Response:
    """Show the page on which a card is left, to be opened here or scanned; then how it went."""
    found = cards.setup(setup_id)
    same = hypermedia.unchanged(found.state)
    if same is not None:
        return same
    patient = desk_record(found.patient_id)
    activity.note("opened", patient=patient.id)
    address: str = g.prefetched
    card = None if found.card_id is None else cards.card(found.card_id)
    return hypermedia.page(
        SETUP,
        block="story",
        tag=found.state,
        revision=found.state,
        clinic=letterhead(thing("locations", found.location_id)),
        href=url_for("billing.card_setup", setup_id=found.id),
        look=url_for("billing.look_for_card", setup_id=found.id),
        back=url_for("billing.cards_of", patient_id=patient.id),
        person={"name": patient.name, "href": url_for("desk.record", patient_id=patient.id)},
        state=found.state,
        address=address,
        qr=draw(address) if address else None,
        card="" if card is None else wording.card_label(card),
    )


@blueprint.post("/billing/cards/<uuid:setup_id>")
@requires(TAKE, role=Role.DESK, gateway=True)
def look_for_card(setup_id: UUID) -> Response:
    """Ask the card company now whether the card is there."""
    keeping.look(setup_id, scope())
    return hypermedia.see(url_for("billing.card_setup", setup_id=setup_id))


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    patient = desk_record(patient_id)
    activity.note("opened", patient=patient.id)
    site = _site()
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(site),
        person={"name": patient.name, "href": url_for("desk.record", patient_id=patient.id)},
        cards=[
            _card(each, patient_id, site.time_zone)
            for each in desk.cards_of(balances.same_person(patient_id), service.gateway_name())
        ],
        add=url_for("billing.keep_card", patient_id=patient_id),
        messages=[] if refusal is None else [refusal.message],
    )


def _card(each: CardOnFile, patient_id: UUID, zone: str) -> dict[str, Any]:
    return {
        "label": wording.card_label(each),
        "ends": _("Good through %(month)02d/%(year)d", month=each.exp_month, year=each.exp_year),
        "added": _("Kept since %(day)s", day=short_date(local_date(each.added_at, zone))),
        "forget": url_for("billing.forget_card", patient_id=patient_id, card_id=each.id),
    }


def _site() -> Location:
    """Where somebody takes money: the currency that a card is asked for in is that place's."""
    for each in things("locations"):
        if each.retired_at is None and may_at(TAKE, each.id):
            found: Location = each
            return found
    raise NotFound
