"""Tell a patient of a payment link that the desk has made, in the way they chose; or tell the desk why not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.queries import links
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.jobs import promise
from webapp.notify.jobs import tell_payment_link
from webapp.notify.notices import Kind
from webapp.notify.queries.outlook import outlook
from webapp.notify.queries.shown import is_told
from webapp.notify.queries.truth import pays
from webapp.notify.reach import Channel, Choice
from webapp.notify.refusals import NoWayToTell, OnlyInPortal, TextsSwitchedOff
from webapp.notify.views.door import blueprint
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.notify.queries.outlook import Outlook

BY_EMAIL, BY_SMS, BY_BOTH = "link.by_email", "link.by_sms", "link.by_both"
ALREADY = "link.told_already"

toasts.say(BY_EMAIL, _l("The patient is sent the link by email."))
toasts.say(BY_SMS, _l("The patient is sent the link by text message; at night it waits for the morning."))
toasts.say(BY_BOTH, _l("The patient is sent the link by email and text message; at night the text waits."))
toasts.say(ALREADY, _l("It was sent already: see Messages in the record. To send another, make a new link."), "info")


@blueprint.post("/billing/invoices/<uuid:invoice_id>/link/send")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK)
def send_link(invoice_id: UUID) -> Response:
    """Promise the message; a second press, or another desk's, sends nothing twice."""
    at = scope().at
    found = links.of_invoice(invoice_id, at)
    link = None if found is None else pays(found.id, at)
    if link is None:
        raise NotFound
    back = url_for("billing.link", invoice_id=invoice_id)
    if is_told(link.id):
        return hypermedia.done(ALREADY, back)
    code = _code(outlook(Kind.PAYMENT_LINK, link.patient_id, at), link.patient_id)
    promise(tell_payment_link, link=str(link.id))
    activity.note("changed", patient=link.patient_id, detail=code)
    return hypermedia.done(code, back, link=link.id)


def _code(ahead: Outlook, patient_id: UUID) -> str:
    """How it goes; a refusal says why it can't, so that the desk knows while the patient is there."""
    if ahead.choice is Choice.NONE:
        raise OnlyInPortal(patient=patient_id)
    if not ahead.ways:
        raise TextsSwitchedOff(patient=patient_id) if ahead.texts_off else NoWayToTell(patient=patient_id)
    if len(ahead.ways) > 1:
        return BY_BOTH
    return BY_EMAIL if ahead.ways[0] is Channel.EMAIL else BY_SMS
