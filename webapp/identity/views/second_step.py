"""The pages between a right password and a session: code, enrollment of an authenticator app, recovery code."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from flask import request, session, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.errors import FormInvalid
from webapp.identity import forms, qr, second_step
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import WrongCode, WrongPassword
from webapp.identity.handle import parse_handle
from webapp.identity.return_path import return_path
from webapp.identity.service import identity
from webapp.identity.views.door import bp
from webapp.identity.views.signing_in import (
    CHALLENGE,
    CHALLENGE_NEXT,
    FAILURES,
    go_on,
    moment,
    note_failure,
    outage_sentence,
    sign_in_page,
    welcome,
)
from webapp.rate import wait_sentence
from webapp.routing import public

if TYPE_CHECKING:
    from flask import Response

Errors = dict[str, list[str]]


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Response:
    """The code of the authenticator app."""
    challenge = _challenge()
    if not challenge:
        return hypermedia.see(url_for("identity.sign_in"))
    if request.method != "POST":
        return _page("code")
    try:
        form = forms.read_code(request.form)
        outcome = second_step.with_code(identity(), challenge, form.code, moment())
    except FormInvalid as refusal:
        return _page("code", refusal.errors, status=refusal.status)
    except FAILURES as failure:
        return _failed("code", failure, {"code": [_("That code is wrong or was used. Enter the one shown now.")]})
    return go_on(outcome, session.pop(CHALLENGE_NEXT, "/"))


@bp.route("/sign-in/recovery", methods=["GET", "POST"])
@public
def recover() -> Response:
    """A printed recovery code in place of the app, and on to the enrollment of a new one."""
    challenge = _challenge()
    if not challenge:
        return hypermedia.see(url_for("identity.sign_in"))
    if request.method != "POST":
        return _page("recover")
    try:
        form = forms.read_recovery(request.form)
        outcome = second_step.with_recovery_code(
            identity(), challenge, form.recovery_code, form.password.get_secret_value(), moment()
        )
    except FormInvalid as refusal:
        return _page("recover", refusal.errors, status=refusal.status)
    except FAILURES as failure:
        sentence = _("That recovery code and password do not go together, or the code was used. Check both.")
        return _failed("recover", failure, {"recovery_code": [sentence]}, stays=True)
    activity.note("recovery_code_used", actor=outcome.handle.account_id)
    return go_on(outcome, session.pop(CHALLENGE_NEXT, "/"))


@bp.route("/sign-in/enroll", methods=["GET", "POST"])
@public
def enroll() -> Response:
    """Set up an authenticator app; the last step shows the recovery codes, this once."""
    challenge = _challenge()
    if not challenge:
        return hypermedia.see(url_for("identity.sign_in"))
    try:
        if request.method != "POST":
            return _enroll_page(challenge)
        form = forms.read_code(request.form)
        enrolled = second_step.with_first_code(identity(), challenge, form.code, moment())
    except FormInvalid as refusal:
        return _enroll_page(challenge, refusal.errors, status=refusal.status)
    except WrongCode as wrong:
        note_failure(wrong, "enroll")
        errors = {"code": [_("That code does not fit. Wait for the next one and enter it.")]}
        return _enroll_page(challenge, errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except FAILURES as failure:
        return _failed("code", failure, {})
    next_path = return_path(session.pop(CHALLENGE_NEXT, "/"))
    activity.note("second_factor_set", actor=enrolled.signed_in.standing.account_id)
    welcome(enrolled.signed_in, next_path)
    return hypermedia.page("identity/recovery_codes.html", codes=enrolled.codes, next_path=next_path)


def _challenge() -> str:
    text = session.get(CHALLENGE)
    return "" if parse_handle(text) is None else str(text)


def _failed(step: str, failure: Exception, errors: Errors, *, stays: bool = False) -> Response:
    """The page again for a wrong code (`stays`: also for a wrong password), the sign-in page when all is over."""
    if isinstance(failure, TooManyAttempts):
        response = _page(step, wait=wait_sentence(failure.wait), status=HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(ceil(failure.wait.total_seconds()))
        return response
    if isinstance(failure, WrongPassword):
        note_failure(failure, step)
        if stays or isinstance(failure, WrongCode):
            return _page(step, errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        session.pop(CHALLENGE, None)
        over = {"password": [_("That took too long. Sign in again.")]}
        return sign_in_page(over, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(step, outage=outage_sentence(failure), status=HTTPStatus.SERVICE_UNAVAILABLE)


def _page(
    step: str, errors: Errors | None = None, *, outage: str = "", wait: str = "", status: int = HTTPStatus.OK
) -> Response:
    return hypermedia.page(f"identity/{step}.html", status=status, errors=errors or {}, outage=outage, wait=wait)


def _enroll_page(challenge: str, errors: Errors | None = None, *, status: int = HTTPStatus.OK) -> Response:
    try:
        secret = second_step.secret_of(identity(), challenge, moment())
    except FAILURES as failure:
        return _failed("code", failure, {})
    return hypermedia.page(
        "identity/enroll.html", status=status, errors=errors or {}, secret=secret, qr=qr.draw(secret.address)
    )
