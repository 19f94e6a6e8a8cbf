"""How somebody wants to be told: which way for what, in which language, and when not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import acting, activity, hypermedia, languages, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.notify import choice_words
from webapp.notify.actions.preferences import change_preferences
from webapp.notify.forms import read_preferences
from webapp.notify.queries.shown import how_told
from webapp.portal.views.door import blueprint
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

SAVED = "portal.preferences_saved"

toasts.say(SAVED, _l("Saved. We tell you the way you chose from now on."))


@blueprint.get("/me/<uuid:patient_id>/preferences")
@requires(Permission.OWN_PREFERENCES, role=Role.PATIENT)
def preferences(patient_id: UUID) -> Response:
    """Show how one is told, to be changed."""
    return _page(patient_id)


def _refused(refusal: Refusal, patient_id: UUID) -> Response:
    return _page(patient_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/preferences")
@requires(Permission.OWN_PREFERENCES, role=Role.PATIENT, refused=_refused)
def change_how_told(patient_id: UUID) -> Response:
    """Save it, unless somebody else changed it since it was shown."""
    wanted = read_preferences(request.form.items(multi=True))
    change_preferences(patient_id, wanted, at=scope().at)
    if acting.acting_for() is None:
        languages.bind(wanted.language)
    activity.note("changed", patient=patient_id, detail=SAVED)
    return hypermedia.done(SAVED, url_for("portal.preferences", patient_id=patient_id))


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    told = how_told(patient_id)
    activity.note("opened", patient=patient_id)
    values = choice_words.form_of(told)
    if refusal is not None:
        values = choice_words.sent(values, request.form)
    return hypermedia.page(
        "portal/preferences.html",
        action=url_for("portal.change_how_told", patient_id=patient_id),
        asked=choice_words.fields(values),
        addresses=choice_words.addresses_of(told),
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
    )
