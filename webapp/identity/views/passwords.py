"""Forgotten password and changed password."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

import structlog
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.errors import FormInvalid
from webapp.identity import forms, passwords
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import PasswordTooWeak, WrongPassword
from webapp.identity.permissions import Permission
from webapp.identity.service import identity
from webapp.identity.signing_in import SignedIn
from webapp.identity.views.door import bp, frame
from webapp.identity.views.signing_in import FAILURES, go_on, moment, note_failure, outage_sentence
from webapp.rate import wait_sentence
from webapp.routing import public, requires

if TYPE_CHECKING:
    from flask import Response

Errors = dict[str, list[str]]
PUBLIC = "base_public.html"
REFUSALS = (FormInvalid, PasswordTooWeak, *FAILURES)

log = structlog.get_logger(__name__)

toasts.say("password_changed", _l("Your password is changed. Sessions elsewhere are signed out."))


@bp.route("/sign-in/forgot", methods=["GET", "POST"])
@public
def forgot() -> Response:
    """Ask for a mailed code; the next page is the same whether the account exists."""
    if request.method != "POST":
        return _page("forgot")
    try:
        form = forms.read_forgotten(request.form)
        asked = passwords.mail_code(identity(), form.email, moment())
    except REFUSALS as refusal:
        return _refused("forgot", refusal, {})
    activity.note("password_forgotten", actor=asked.account)
    if asked.locks:
        activity.note("locked_out", actor=asked.account, detail="forgot")
    return _page("reset", sent=True)


@bp.route("/sign-in/reset", methods=["GET", "POST"])
@public
def reset() -> Response:
    """Choose a new password with the mailed code; then sign in with it."""
    if request.method != "POST":
        return _page("reset")
    try:
        form = forms.read_reset(request.form)
        account_id = passwords.reset(identity(), form.email, form.code, form.new_password.get_secret_value(), moment())
    except REFUSALS as refusal:
        sentence = _("That code and email address do not go together, or the code is too old. Check both.")
        return _refused("reset", refusal, {"code": [sentence]})
    activity.note("password_changed", actor=account_id, detail="forgotten")
    hypermedia.announce("password_changed")
    return hypermedia.see("/sign-in")


@bp.get("/password")
@requires(Permission.HOME_VIEW, role=None)
def password() -> Response:
    """The form that changes one's own password."""
    return _page("password")


@bp.post("/password")
@requires(Permission.HOME_VIEW, role=None)
def change_password() -> Response:
    """Change it, sign out everywhere, and go on here; a code is asked for where the account has an app."""
    account_id = current_user.account_id
    try:
        form = forms.read_password_change(request.form)
        old, new = form.password.get_secret_value(), form.new_password.get_secret_value()
        passwords.change(identity(), account_id, old, new, moment())
    except REFUSALS as refusal:
        return _refused("password", refusal, {"password": [_("That is not your password. Try again.")]})
    activity.note("password_changed", actor=account_id)
    try:
        outcome = passwords.enter(identity(), account_id, new, moment())
    except FAILURES as failure:
        # The password is another one already: who has to sign in with it must not think that it is the old one.
        log.warning("changed_and_out", reason=type(failure).__name__)
        hypermedia.announce("password_changed")
        return hypermedia.see("/sign-in")
    response = go_on(outcome, "/")
    if isinstance(outcome, SignedIn):
        hypermedia.announce("password_changed")
    return response


def _refused(page: str, refusal: Exception, wrong: Errors) -> Response:
    """The page again, with what to do; `wrong` is for what was shown and is not right."""
    if isinstance(refusal, FormInvalid):
        return _page(page, refusal.errors, status=refusal.status)
    if isinstance(refusal, PasswordTooWeak):
        sentence = _("Choose another password: this one is too easy to guess or was used before.")
        return _page(page, {"new_password": [sentence]}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(refusal, TooManyAttempts):
        response = _page(page, wait=wait_sentence(refusal.wait), status=HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(ceil(refusal.wait.total_seconds()))
        return response
    if isinstance(refusal, WrongPassword):
        note_failure(refusal, page)
        return _page(page, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(page, outage=outage_sentence(refusal), status=HTTPStatus.SERVICE_UNAVAILABLE)


def _page(
    name: str,
    errors: Errors | None = None,
    *,
    outage: str = "",
    wait: str = "",
    sent: bool = False,
    status: int = HTTPStatus.OK,
) -> Response:
    return hypermedia.page(
        f"identity/{name}.html",
        status=status,
        errors=errors or {},
        outage=outage,
        wait=wait,
        sent=sent,
        email=request.form.get("email", ""),
        base=frame(staff=PUBLIC) if current_user.is_authenticated else PUBLIC,
    )
