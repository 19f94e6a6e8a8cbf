"""The desk takes a lost authenticator app off a patient's portal account, once it knows who is asking."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.db import Role, db
from webapp.desk.views.door import blueprint
from webapp.desk.views.portal_access import INVITE, refused_access
from webapp.errors import FormInvalid
from webapp.identity.lost_app import forget, forgotten_by_pool
from webapp.rate import INVITATIONS
from webapp.routing import requires

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

FORGOTTEN = "portal.app_forgotten"
REASONS = frozenset({"lost", "replaced", "misuse"})

toasts.say(FORGOTTEN, _l("The app is off. The patient signs in with the password, and gets an email that says so."))


@contextmanager
def _around(patient_id: UUID, account_id: UUID) -> Iterator[None]:
    _reason()
    with forgotten_by_pool(patient_id, account_id):
        yield


@blueprint.post("/patients/<uuid:patient_id>/portal/accounts/<uuid:account_id>/forget-app")
@requires(INVITE, role=Role.DESK, refused=refused_access, around=_around, limit=INVITATIONS)
def forget_app(patient_id: UUID, account_id: UUID) -> Response:
    """Take the app off; whoever is signed in with the account is out."""
    forget(db.session(), patient_id, account_id)
    activity.note("second_factor_reset", patient=patient_id, account=account_id, detail=f"account.{_reason()}")
    return hypermedia.done(FORGOTTEN, url_for("desk.portal_access", patient_id=patient_id))


def _reason() -> str:
    """Why, as the activity log keeps it; raises FormInvalid, also where nobody looked who is asking."""
    errors = {}
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        errors["reason"] = [_("Choose why the app is taken off")]
    if request.form.get("identified") != "1":
        errors["identified"] = [_("Check who it is first, and say so here")]
    if errors:
        raise FormInvalid(errors)
    return reason
