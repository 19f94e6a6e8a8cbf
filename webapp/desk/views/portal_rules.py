"""What the practice decides about the portal: until when parents act for a child."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import hypermedia, toasts
from webapp.db import Role, db
from webapp.desk.views.door import blueprint
from webapp.errors import BadRequest, FormInvalid, Refusal
from webapp.identity import portal_actions, portal_queries
from webapp.identity.permissions import Permission
from webapp.practice.queries import signboard
from webapp.routing import requires

SAVED = "portal.rules_saved"
YOUNGEST, OLDEST = 10, 25
LONGEST_VERSION = 9

toasts.say(SAVED, _l("Saved. Parents sign in again, and act until then."))


@blueprint.get("/settings/portal")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def portal_rules() -> Response:
    """Show the age."""
    return _page()


def _refused(refusal: Refusal) -> Response:
    return _page(refusal)


@blueprint.post("/settings/portal")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER, refused=_refused)
def save_portal_rules() -> Response:
    """Set it, for everybody who acts for a child."""
    years, version = request.form.get("adult_at", "").strip(), request.form.get("version", "")
    if not (version.isascii() and version.isdecimal() and len(version) <= LONGEST_VERSION):
        raise BadRequest
    if not (years.isascii() and years.isdecimal() and len(years) <= LONGEST_VERSION):
        raise FormInvalid({"adult_at": [_sentence()]})
    if not YOUNGEST <= int(years) <= OLDEST:
        raise FormInvalid({"adult_at": [_sentence()]})
    portal_actions.set_adult_at(db.session(), int(years), seen=int(version))
    return hypermedia.done(SAVED, url_for("desk.portal_rules"))


def _sentence() -> str:
    return str(_("Enter whole years between 10 and 25"))


def _page(refusal: Refusal | None = None) -> Response:
    years, version = portal_queries.adult_at(db.session())
    return hypermedia.page(
        "desk/portal_rules.html",
        clinic=signboard(),
        adult_at=request.form.get("adult_at", "") if refusal is not None else years,
        version=version,
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
        back=url_for("practice.settings"),
    )
