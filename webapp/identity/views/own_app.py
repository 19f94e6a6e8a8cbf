"""An authenticator app for patients who want one; whoever works here has to have one anyway."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from flask import request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import FormInvalid, NotAllowed, Unavailable
from webapp.identity import forms, second_factor
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import Proof, SignInUnavailable, WrongPassword
from webapp.identity.permissions import Permission
from webapp.identity.service import identity
from webapp.identity.signing_in import PASSWORD
from webapp.identity.views.door import bp
from webapp.identity.views.signing_in import FAILURES, go_on, moment, note_failure, outage_sentence
from webapp.rate import wait_sentence
from webapp.routing import requires

if TYPE_CHECKING:
    from flask import Response

    from webapp.db import Scope

Errors = dict[str, list[str]]
USER_ID = "_user_id"

toasts.say("own_app_off", _l("No code is asked for any more. Sign in again."))


@bp.get("/me/app")
@requires(Permission.OWN_PROXIES, role=None)
def own_app() -> Response:
    """Say whether there is one, and let one be set up or taken off."""
    return _page()


@bp.post("/me/app")
@requires(Permission.OWN_PROXIES, role=None)
def set_up_app() -> Response:
    """Ask for the password, then go the same way as somebody who has to have an app."""
    me = current_user.account_id
    try:
        form = forms.read_again(request.form)
        with identity().attempts.trying(PASSWORD, str(me), moment().place.address, moment().at):
            answer = identity().service.check(str(me), form.password.get_secret_value())
        if not isinstance(answer, Proof):
            return hypermedia.see(url_for("identity.own_app"))
        return go_on(identity().ask_to_enroll(me, answer, moment()), url_for("identity.own_app"))
    except FormInvalid as refusal:
        return _page(refusal.errors, status=refusal.status)
    except FAILURES as failure:
        return _failed(failure)


@bp.post("/me/app/off")
@requires(Permission.OWN_PROXIES, role=None, recent=True)
def take_app_off() -> Response:
    """Forget app and recovery codes; whoever works here keeps theirs."""
    if second_factor.is_asked_of(current_user.roles):
        raise NotAllowed
    me = current_user.account_id
    with transactional(_as_identity(), read_only=True) as database:
        if second_factor.enrolled_at(database, me) is None:
            return hypermedia.see(url_for("identity.own_app"))
    try:
        identity().service.forget_secret(str(me))
    except SignInUnavailable as away:
        raise Unavailable from away
    except WrongPassword:
        # The pool never heard of the person, so there is no app to forget.
        pass
    with identity().sessions.cut_off(me), transactional(_as_identity()) as database:
        second_factor.reset(database, me)
    activity.note("second_factor_reset", account=me)
    session.pop(USER_ID, None)
    hypermedia.announce("own_app_off")
    return hypermedia.see(url_for("identity.sign_in"))


def _failed(failure: Exception) -> Response:
    if isinstance(failure, TooManyAttempts):
        errors = {"password": [wait_sentence(failure.wait)]}
        response = _page(errors, status=HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(ceil(failure.wait.total_seconds()))
        return response
    if isinstance(failure, WrongPassword):
        note_failure(failure, "password")
        errors = {"password": [_("That is not your password. Try again.")]}
        return _page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page({"password": [outage_sentence(failure)]}, status=HTTPStatus.SERVICE_UNAVAILABLE)


def _page(errors: Errors | None = None, *, status: int = HTTPStatus.OK) -> Response:
    with transactional(_as_identity(), read_only=True) as database:
        since = second_factor.enrolled_at(database, current_user.account_id)
        left = second_factor.codes_left(database, current_user.account_id)
    return hypermedia.page("identity/own_app.html", status=status, errors=errors or {}, since=since, left=left)


def _as_identity() -> Scope:
    return replace(scope(), role=Role.IDENTITY, patients=())
