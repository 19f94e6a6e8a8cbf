"""Who may act for a patient in the portal, as the desk invites, sees and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking.actions.feeds import revoke_feed
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role, db
from webapp.desk import access_forms
from webapp.desk.access_wording import code_line, day_of, helper_line, purpose_choices
from webapp.desk.views.door import blueprint
from webapp.errors import NotFound, Refusal
from webapp.identity import portal_actions, portal_queries
from webapp.identity.permissions import Permission, Purpose, Relation
from webapp.identity.portal_codes import code_of
from webapp.identity.service import identity
from webapp.identity.shutting_out import shut_out
from webapp.identity.words import RELATION_NAMES
from webapp.patients.queries import desk_record
from webapp.patients.wording import born, email_of, initials, record_number, tone
from webapp.practice.queries import signboard, time_zone
from webapp.rate import INVITATIONS
from webapp.routing import requires

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from webapp.identity.portal_queries import Helper
    from webapp.patients.models import Patient

INVITE = Permission.PORTAL_INVITE
TEMPLATE = "desk/portal_access.html"
INVITED, MAILED, WITHDRAWN, ENDED = "portal.invited", "portal.mailed", "portal.withdrawn", "portal.ended"

toasts.say(INVITED, _l("The code is ready. Hand it over; it counts for 7 days."))
toasts.say(MAILED, _l("The code is on its way by email, and stands here to be handed over."))
toasts.say(WITHDRAWN, _l("The code no longer lets anybody in."))
toasts.say(ENDED, _l("Access ended. Whoever is signed in is out with the next click."))


@blueprint.get("/patients/<uuid:patient_id>/portal")
@requires(INVITE, role=Role.DESK)
def portal_access(patient_id: UUID) -> Response:
    """Show who may act for a patient, which codes are open, and the form that makes another."""
    return _page(patient_id)


def refused_access(refusal: Refusal, patient_id: UUID, **_ids: UUID) -> Response:
    """Show the page again with what was typed, and why nothing was changed."""
    return _page(patient_id, refusal)


@blueprint.post("/patients/<uuid:patient_id>/portal/invite")
@requires(INVITE, role=Role.DESK, refused=refused_access, limit=INVITATIONS)
def invite_to_portal(patient_id: UUID) -> Response:
    """Make a code, mail it if that was asked for, and show it to be handed over."""
    patient = _open_record(patient_id)
    at, zone = scope().at, time_zone()
    wanted = access_forms.read_invite(request.form, patient_id, patient.birth_date, local_date(at, zone), zone)
    made = portal_actions.invite(db.session(), wanted, identity().key, by=scope().actor, at=at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    shown = url_for("desk.portal_code", patient_id=patient_id, invitation_id=made)
    return hypermedia.done(MAILED if wanted.mailed else INVITED, shown, invitation=made)


@blueprint.get("/patients/<uuid:patient_id>/portal/codes/<uuid:invitation_id>")
@requires(INVITE, role=Role.DESK)
def portal_code(patient_id: UUID, invitation_id: UUID) -> Response:
    """A code as a letter to hand over or print, while it lets somebody in."""
    patient, zone = _open_record(patient_id), time_zone()
    code = portal_queries.open_code(db.session(), patient_id, invitation_id, scope().at)
    if code is None:
        raise NotFound
    activity.note("opened", patient=patient_id, detail="portal_access")
    return hypermedia.page(
        "desk/portal_code.html",
        clinic=signboard(),
        patient=patient.name,
        code=code_of(identity().key, invitation_id),
        line=code_line(code, zone),
        address=url_for("portal.sign_up", _external=True),
        back=url_for("desk.portal_access", patient_id=patient_id),
    )


@blueprint.post("/patients/<uuid:patient_id>/portal/codes/<uuid:invitation_id>/withdraw")
@requires(INVITE, role=Role.DESK, refused=refused_access)
def withdraw_code(patient_id: UUID, invitation_id: UUID) -> Response:
    """Make a code worthless that was lost or given to the wrong person."""
    portal_actions.withdraw(db.session(), patient_id, invitation_id, at=scope().at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    return hypermedia.done(WITHDRAWN, url_for("desk.portal_access", patient_id=patient_id))


@blueprint.post("/patients/<uuid:patient_id>/portal/accounts/<uuid:account_id>/end")
@requires(INVITE, role=Role.DESK, refused=refused_access, around=shut_out)
def end_portal_access(patient_id: UUID, account_id: UUID) -> Response:
    """End what an account may do for a patient; the patient's own account loses the record altogether."""
    session, at = db.session(), scope().at
    own = any(
        each.account_id == account_id and each.relation is Relation.SELF
        for each in portal_queries.helpers_of(session, patient_id, at)
    )
    if own:
        portal_actions.part(session, patient_id, account_id)
        # Whoever had the record knows its calendar address, and nothing is left to say so.
        revoke_feed(at=at, patient_id=patient_id)
    else:
        portal_actions.end_access(session, patient_id, account_id, at=at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    return hypermedia.done(ENDED, url_for("desk.portal_access", patient_id=patient_id))


def _open_record(patient_id: UUID) -> Patient:
    """A record that stands for itself: nobody is invited to one that was merged away."""
    patient = desk_record(patient_id)
    if patient.merged_into is not None:
        raise NotFound
    return patient


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    patient, at, zone = _open_record(patient_id), scope().at, time_zone()
    activity.note("opened", patient=patient_id, detail="portal_access")
    session = db.session()
    helpers = portal_queries.helpers_of(session, patient_id, at)
    # Two forms stand on the page: what is wrong with one of them is said there, and the other one stays as it was.
    errors = {} if refusal is None else refusal.errors or {"": [str(refusal.message)]}
    of_app = request.endpoint == "desk.forget_app"
    typed = request.form if refusal is not None and not of_app else None
    own = any(each.relation is Relation.SELF for each in helpers)
    first = Relation.PARENT if own else Relation.SELF
    number = _("MRN %(number)s", number=record_number(patient.record_number))
    return hypermedia.page(
        TEMPLATE,
        clinic=signboard(),
        patient_id=patient_id,
        person={
            "name": patient.name,
            "initials": initials(patient.name),
            "tone": tone(patient.id),
            "detail": f"{born(patient.birth_date)} · {number}",
        },
        back=url_for("desk.record", patient_id=patient_id),
        helpers=[helper_line(each, zone) for each in helpers],
        app=_app(helpers, patient_id, zone),
        codes=[code_line(each, zone) for each in portal_queries.open_codes(session, patient_id, at)],
        relations=[(each.value, RELATION_NAMES[each]) for each in Relation if not (own and each is Relation.SELF)],
        **_invitation(typed, first),
        reason=request.form.get("reason", "") if of_app else "",
        identified=of_app and request.form.get("identified") == "1",
        app_errors=errors if of_app else {},
        email=email_of(patient),
        errors={} if of_app else errors,
    )


def _invitation(form: MultiDict[str, str] | None, first: Relation) -> dict[str, Any]:
    """The form that invites, as it was typed, or as it begins."""
    return {
        "relation": form.get("relation", "") if form is not None else first.value,
        "holder": form.get("holder", "") if form is not None else "",
        "until": form.get("until", "") if form is not None else "",
        "consented": form is not None and form.get("consented") == "1",
        "mailed": form is not None and form.get("mailed") == "1",
        "purposes": purpose_choices(form.getlist("purposes") if form is not None else [Purpose.VISITS]),
    }


def _app(helpers: list[Helper], patient_id: UUID, zone: str) -> dict[str, Any] | None:
    """The authenticator app of the patient's own account; None without one."""
    own = next((each for each in helpers if each.relation is Relation.SELF), None)
    since = None if own is None else portal_queries.app_since(db.session(), patient_id, own.account_id)
    if own is None or since is None:
        return None
    return {"account_id": own.account_id, "name": own.name, "since": day_of(since, zone)}
