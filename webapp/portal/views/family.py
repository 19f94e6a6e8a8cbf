"""Family and helpers: who acts for a patient, by codes that the patient makes, and whom one acts for oneself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, session, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role, db, transactional
from webapp.desk import access_forms
from webapp.desk.access_wording import code_line, helper_line, last_day, purpose_choices
from webapp.errors import NotFound, Refusal
from webapp.identity import portal_actions, portal_queries, signing_up
from webapp.identity.permissions import Permission, Purpose, Relation
from webapp.identity.portal_codes import code_of
from webapp.identity.service import identity
from webapp.identity.shutting_out import shut_out
from webapp.identity.views.signing_in import moment
from webapp.identity.words import RELATION_NAMES, purposes_in_words
from webapp.portal import sign_up_forms
from webapp.portal.views.door import blueprint
from webapp.portal.views.sign_up import REFUSALS, refusal_of_code
from webapp.practice.queries import signboard, time_zone
from webapp.rate import INVITATIONS
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.portal.views.sign_up import CodeRefused

FAMILY = Permission.OWN_PROXIES
INVITED, WITHDRAWN, ENDED, TAKEN = "family.invited", "family.withdrawn", "family.ended", "family.taken"
USUAL = timedelta(days=365)

toasts.say(INVITED, _l("The code is ready. Give it to the person you trust."))
toasts.say(WITHDRAWN, _l("The code no longer lets anybody in."))
toasts.say(ENDED, _l("Access ended. Whoever is signed in is out with the next click."))
toasts.say(TAKEN, _l("Done. Sign in again to go on."))


@blueprint.get("/me/<uuid:patient_id>/family")
@requires(FAMILY, role=Role.IDENTITY)
def family(patient_id: UUID) -> Response:
    """Show who acts for this patient, which codes are open, and whom the person acts for."""
    at, zone = scope().at, time_zone()
    activity.note("opened", patient=patient_id, detail="portal_access")
    return hypermedia.page(
        "portal/family.html",
        clinic=signboard(),
        patient_id=patient_id,
        helpers=[
            helper_line(each, zone)
            for each in portal_queries.helpers_of(db.session(), patient_id, at)
            if each.relation is not Relation.SELF
        ],
        codes=[code_line(each, zone) for each in portal_queries.open_codes(db.session(), patient_id, at)],
        others=[
            {
                "name": each.name,
                "relation": RELATION_NAMES[each.relation],
                "may": purposes_in_words(each.relation, each.may),
                "until": last_day(each.ends_at, zone),
            }
            for each in current_user.grants
            if each.relation is not Relation.SELF
        ],
    )


@blueprint.get("/me/<uuid:patient_id>/family/new")
@requires(FAMILY, role=Role.IDENTITY)
def new_helper(patient_id: UUID) -> Response:
    """The form that lets somebody help."""
    return _new_page(patient_id)


def _refused(refusal: Refusal, patient_id: UUID, **_ids: UUID) -> Response:
    return _new_page(patient_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/family/new")
@requires(FAMILY, role=Role.IDENTITY, refused=_refused, recent=True, limit=INVITATIONS)
def invite_helper(patient_id: UUID) -> Response:
    """Make a code for somebody whom the patient trusts; asking for it is their consent."""
    at, zone = scope().at, time_zone()
    wanted = access_forms.read_helper(request.form, patient_id, local_date(at, zone), zone)
    made = portal_actions.invite(db.session(), wanted, identity().key, by=scope().actor, at=at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    shown = url_for("portal.helper_code", patient_id=patient_id, invitation_id=made)
    return hypermedia.done(INVITED, shown, invitation=made)


@blueprint.get("/me/<uuid:patient_id>/family/codes/<uuid:invitation_id>")
@requires(FAMILY, role=Role.IDENTITY)
def helper_code(patient_id: UUID, invitation_id: UUID) -> Response:
    """A code to hand over, while it lets somebody in."""
    code = portal_queries.open_code(db.session(), patient_id, invitation_id, scope().at)
    if code is None or code.relation is Relation.SELF:
        raise NotFound
    activity.note("opened", patient=patient_id, detail="portal_access")
    return hypermedia.page(
        "portal/helper_code.html",
        clinic=signboard(),
        line=code_line(code, time_zone()),
        code=code_of(identity().key, invitation_id),
        address=url_for("portal.sign_up", _external=True),
        back=url_for("portal.family", patient_id=patient_id),
    )


@blueprint.post("/me/<uuid:patient_id>/family/codes/<uuid:invitation_id>/withdraw")
@requires(FAMILY, role=Role.IDENTITY)
def withdraw_helper(patient_id: UUID, invitation_id: UUID) -> Response:
    """Make a code worthless."""
    portal_actions.withdraw(db.session(), patient_id, invitation_id, at=scope().at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    return hypermedia.done(WITHDRAWN, url_for("portal.family", patient_id=patient_id))


@blueprint.post("/me/<uuid:patient_id>/family/helpers/<uuid:account_id>/end")
@requires(FAMILY, role=Role.IDENTITY, around=shut_out)
def end_helper(patient_id: UUID, account_id: UUID) -> Response:
    """End what somebody may do for this patient, at once."""
    portal_actions.end_access(db.session(), patient_id, account_id, at=scope().at)
    activity.note("changed", patient=patient_id, detail="portal_access")
    return hypermedia.done(ENDED, url_for("portal.family", patient_id=patient_id))


@blueprint.get("/me/code")
@requires(FAMILY, role=None)
def enter_code() -> Response:
    """Ask for a code that somebody gave to a person who has an account already."""
    return _code_page()


@blueprint.post("/me/code")
@requires(FAMILY, role=None)
def take_code() -> Response:
    """Let the account act for one more patient; its sessions end, so that the next one knows."""
    try:
        form = sign_up_forms.read(sign_up_forms.CodeForm, request.form, local_date(scope().at, "Pacific/Kiritimati"))
        signing_up.accept(identity(), current_user.account_id, form.code, form.birth_date, moment())
    except REFUSALS as refusal:
        return _code_page(refusal_of_code(refusal))
    session.pop("_user_id", None)
    hypermedia.announce(TAKEN)
    return hypermedia.see(url_for("identity.sign_in"))


def _code_page(refused: CodeRefused | None = None) -> Response:
    with transactional(scope(), read_only=True):
        clinic = signboard()
    response = hypermedia.page(
        "portal/enter_code.html",
        status=200 if refused is None else refused.status,
        clinic=clinic,
        errors={} if refused is None else refused.errors,
        trouble="" if refused is None else refused.trouble,
        typed={name: request.form.get(name, "") for name in ("code", "birth_date")},
    )
    if refused is not None and refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    return response


def _new_page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    at, zone = scope().at, time_zone()
    usual = local_date(at + USUAL, zone)
    typed = request.form if refusal is not None else None
    return hypermedia.page(
        "portal/new_helper.html",
        clinic=signboard(),
        patient_id=patient_id,
        holder=typed.get("holder", "") if typed is not None else "",
        purposes=purpose_choices(typed.getlist("purposes") if typed is not None else [Purpose.VISITS]),
        until=typed.get("until", "") if typed is not None else f"{usual.month}/{usual.day}/{usual.year}",
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
        back=url_for("portal.family", patient_id=patient_id),
    )
