"""Messages of one patient at the desk: whether they were told, and how they want to be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.notify import choice_words
from webapp.notify.actions.preferences import change_preferences
from webapp.notify.forms import read_preferences
from webapp.notify.notices import Kind
from webapp.notify.queries.places import places
from webapp.notify.queries.shown import how_told, messages_of
from webapp.notify.queries.shown import undelivered as last_undelivered
from webapp.notify.reach import Channel
from webapp.notify.views.door import blueprint
from webapp.notify.wording import when_short
from webapp.practice.queries import signboard
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal
    from webapp.notify.models import Message
    from webapp.notify.parcels import Place

SAVED = "notify.preferences_saved"
LATELY = timedelta(days=14)

toasts.say(SAVED, _l("Saved. The patient is told this way from now on."))


@blueprint.get("/patients/<uuid:patient_id>/messages")
@requires(Permission.PATIENT_VIEW, role=Role.DESK)
def person(patient_id: UUID) -> Response:
    """List what was sent, and show how the patient wants to be told."""
    return _page(patient_id)


def _refused(refusal: Refusal, patient_id: UUID) -> Response:
    return _page(patient_id, refusal)


@blueprint.post("/patients/<uuid:patient_id>/messages")
@requires(Permission.PATIENT_EDIT, role=Role.DESK, refused=_refused)
def change_person(patient_id: UUID) -> Response:
    """Save how the patient wants to be told, as they said it at the desk."""
    how_told(patient_id)
    wanted = read_preferences(request.form.items(multi=True))
    change_preferences(patient_id, wanted, at=scope().at)
    activity.note("changed", patient=patient_id, detail=SAVED)
    return hypermedia.done(SAVED, url_for("notify.person", patient_id=patient_id), patient=patient_id)


@blueprint.get("/patients/undelivered")
@requires(Permission.PATIENT_VIEW, role=Role.DESK)
def undelivered() -> Response:
    """List what did not arrive lately, so that somebody calls: each leads to the patient's addresses."""
    found = last_undelivered(scope().at - LATELY)
    sites = places({message.location_id for message, _name in found})
    activity.note("listed", listed={message.patient_id for message, _name in found})
    return hypermedia.page(
        "notify/undelivered.html",
        clinic=signboard(),
        rows=[
            _row(message, sites[message.location_id])
            | {"name": name, "href": url_for("notify.person", patient_id=message.patient_id)}
            for message, name in found
        ],
        days=LATELY.days,
    )


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    told = how_told(patient_id)
    messages = messages_of(patient_id)
    sites = places({message.location_id for message in messages})
    activity.note("opened", patient=patient_id)
    values = choice_words.form_of(told)
    if refusal is not None:
        values = choice_words.sent(values, request.form)
    return hypermedia.page(
        "notify/person.html",
        clinic=signboard(),
        person={"name": told.name, "href": url_for("desk.record", patient_id=patient_id)},
        action=url_for("notify.change_person", patient_id=patient_id),
        asked=choice_words.fields(values),
        addresses=choice_words.addresses_of(told),
        messages=[_row(message, sites[message.location_id]) for message in messages],
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
    )


def _row(message: Message, place: Place) -> dict[str, Any]:
    return {
        "when": when_short(message.sent_at or message.created_at, place),
        "kind": choice_words.KINDS[Kind(message.kind)],
        "about": when_short(message.starts_at, place) if message.starts_at is not None else "",
        "channel": choice_words.CHANNELS[Channel(message.channel)],
        "state": choice_words.STATES[message.state],
        "reason": choice_words.REASONS.get(message.reason or "", ""),
        "tone": {"sent": "ok", "failed": "danger", "skipped": "warn"}.get(message.state, "info"),
        "twice": message.resends > 0,
    }
