"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

import structlog
from flask import current_app, g, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import login_user
from sqlalchemy.exc import DBAPIError

from webapp import activity, hypermedia, languages, problems, toasts
from webapp.dynamo import DynamoUnavailable
from webapp.errors import FormInvalid
from webapp.identity import forms, last_sign_in
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.demo_accounts import PASSWORD, demo_email
from webapp.identity.gateways.cognito import PasswordTooWeak, SignInUnavailable, WrongPassword
from webapp.identity.handle import parse_handle
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Person
from webapp.identity.place import place_of
from webapp.identity.return_path import return_path
from webapp.identity.service import identity
from webapp.identity.signing_in import CodeAsked, EnrollmentAsked, Moment, Outcome, PasswordExpired, SignedIn
from webapp.identity.views import leaving
from webapp.identity.views.door import bp
from webapp.identity.words import ROLE_NAMES
from webapp.rate import wait_sentence
from webapp.routing import public

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Response

USER_ID = "_user_id"
CHALLENGE = "challenge"
CHALLENGE_NEXT = "challenge_next"

OUTAGES = (SignInUnavailable, DynamoUnavailable, DBAPIError)
STEPS: dict[type, str] = {
    PasswordExpired: "identity.new_password",
    CodeAsked: "identity.code",
    EnrollmentAsked: "identity.enroll",
}
FAILURES = (TooManyAttempts, WrongPassword, *OUTAGES)

log = structlog.get_logger(__name__)

toasts.say("signed_out", _l("You are signed out."))


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    """The way in; after it the person is where they wanted to go."""
    if request.method != "POST":
        return sign_in_page(next_path=request.args.get("next"))
    try:
        form = forms.read_sign_in(request.form)
        outcome = identity().with_password(form.email, form.password.get_secret_value(), moment())
    except FormInvalid as refusal:
        return sign_in_page(refusal.errors, status=refusal.status)
    except FAILURES as failure:
        return _sign_in_failed(failure)
    return go_on(outcome, form.next)


def _sign_in_failed(failure: Exception) -> Response:
    """One sentence for an unknown address, a wrong password and a disabled account."""
    if isinstance(failure, TooManyAttempts):
        return sign_in_page(wait=failure.wait, status=HTTPStatus.TOO_MANY_REQUESTS)
    if isinstance(failure, WrongPassword):
        note_failure(failure, "password")
        errors = {"password": [_("That email address and password do not go together. Check both and try again.")]}
        return sign_in_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return sign_in_page(outage=outage_sentence(failure), status=HTTPStatus.SERVICE_UNAVAILABLE)


def go_on(outcome: Outcome, next_path: str | None) -> Response:
    """The page of the next step, with the handle to the half-done sign-in in the cookie; after the last one, inside."""
    if isinstance(outcome, SignedIn):
        return welcome(outcome, next_path)
    session[CHALLENGE] = str(outcome.handle)
    session[CHALLENGE_NEXT] = return_path(next_path)
    return hypermedia.see(url_for(STEPS[type(outcome)]))


@bp.route("/sign-in/new-password", methods=["GET", "POST"])
@public
def new_password() -> Response:
    """A password of one's own in place of a temporary one."""
    challenge = session.get(CHALLENGE)
    if parse_handle(challenge) is None:
        return hypermedia.see(url_for("identity.sign_in"))
    return _new_password_page() if request.method != "POST" else _replace_password(str(challenge))


def _replace_password(challenge: str) -> Response:
    try:
        form = forms.read_new_password(request.form)
        outcome = identity().with_new_password(challenge, form.new_password.get_secret_value(), moment())
    except FormInvalid as refusal:
        return _new_password_page(refusal.errors, status=refusal.status)
    except PasswordTooWeak:
        errors = {"new_password": [_("Choose another password: this one is too easy to guess or was used before.")]}
        return _new_password_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except WrongPassword as wrong:
        note_failure(wrong, "new_password")
        session.pop(CHALLENGE)
        errors = {"password": [_("That took too long. Sign in again with the password you were given.")]}
        return sign_in_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except OUTAGES as error:
        return _new_password_page(outage=outage_sentence(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return go_on(outcome, session.pop(CHALLENGE_NEXT, "/"))


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """End this browser's session in every process; the cookie goes even when DynamoDB can't be told."""
    handle = parse_handle(session.get(USER_ID))
    session.clear()
    if handle is not None:
        session[leaving.LAST] = str(handle.account_id)
        try:
            identity().out(handle)
            activity.note("signed_out", actor=handle.account_id)
            activity.flush(actor=handle.account_id, at=g.at)
        except DynamoUnavailable:
            return sign_in_page(
                outage=_("This browser is signed out. The session itself could not be ended and ends within the hour."),
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
    hypermedia.announce("signed_out")
    return hypermedia.see(url_for("identity.sign_in"))


def moment() -> Moment:
    place = place_of(request.user_agent.string, request.remote_addr)
    return Moment(at=g.at, request=g.request_id, place=place)


def note_failure(wrong: WrongPassword, step: str) -> None:
    """Record a failed attempt, and the wait that begins with it, for whom it was about; what was typed stays out."""
    log.info("sign_in_refused", reason=str(wrong))
    activity.note("sign_in_failed", actor=wrong.account, detail=step)
    if wrong.locks:
        activity.note("locked_out", actor=wrong.account, detail=step)


def welcome(signed_in: SignedIn, next_path: str | None) -> Response:
    """Put the new handle into the cookie, unless the sign-in can't be recorded; an older session of it ends.

    The cookie keeps its other content, above all the CSRF secret, for the same account only: a half-filled form in
    another tab still posts, and nobody inherits anything from somebody else.
    """
    account_id = signed_in.standing.account_id
    activity.note("signed_in", actor=account_id)
    activity.flush(actor=account_id, at=g.at)
    last_sign_in.remember(account_id, g.at)
    place = leaving.way_back(account_id, next_path)
    before = parse_handle(session.get(USER_ID))
    if before is None or before.account_id != account_id:
        session.clear()
    if before is not None:
        identity().sessions.end(before)
    session.pop(CHALLENGE, None)
    languages.bind(signed_in.standing.language)
    leaving.remember_drafts()
    login_user(_person(signed_in))
    return hypermedia.see(place)


def _person(signed_in: SignedIn) -> Person:
    return Person(
        standing=signed_in.standing,
        handle=str(signed_in.handle),
        at=g.at,
        created_at=g.at,
        seen_at=g.at,
        expires_at=g.at,
        idle_ends_at=g.at,
    )


def outage_sentence(error: Exception) -> str:
    """The sentence for a service that is away; a database error that is no outage is our mistake and goes on."""
    if isinstance(error, DBAPIError) and not problems.is_outage(error):
        raise error
    log.warning("sign_in_unavailable", error=type(error).__name__, reason=str(error).partition("\n")[0])
    return str(_("Signing in does not work at the moment. Nothing is wrong with your password; try again in a minute."))


def sign_in_page(
    errors: dict[str, list[str]] | None = None,
    *,
    next_path: str | None = None,
    outage: str = "",
    wait: timedelta | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    response = hypermedia.page(
        "identity/sign_in.html",
        status=status,
        errors=errors or {},
        outage=outage,
        wait=wait_sentence(wait) if wait else "",
        email=request.form.get("email", ""),
        next_path=return_path(next_path if next_path is not None else request.form.get("next")),
        demo_accounts=_demo_accounts(),
        second_factor=identity().second_factor_required,
    )
    if wait:
        response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def _new_password_page(
    errors: dict[str, list[str]] | None = None, *, outage: str = "", status: int = HTTPStatus.OK
) -> Response:
    return hypermedia.page("identity/new_password.html", status=status, errors=errors or {}, outage=outage)


def _demo_accounts() -> list[dict[str, object]]:
    if not current_app.config["ANTEROOM"].show_demo_accounts:
        return []
    return [{"role": ROLE_NAMES[role], "email": demo_email(role), "password": PASSWORD} for role in StaffRole]
