"""Signing in and out, and the start page of each role."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, current_app, g, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager, current_user, login_user
from sqlalchemy.exc import DBAPIError

from webapp import activity, cycle, hypermedia, problems, toasts
from webapp.db import Role, db
from webapp.dynamo import DynamoUnavailable
from webapp.errors import FormInvalid
from webapp.identity import forms, queries
from webapp.identity.demo_accounts import PASSWORD, demo_email
from webapp.identity.gateways.cognito import PasswordTooWeak, SignInUnavailable, WrongPassword
from webapp.identity.handle import parse_handle
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.person import Nobody, Person
from webapp.identity.return_path import return_path
from webapp.identity.service import identity
from webapp.identity.signing_in import Moment, PasswordExpired, SignedIn
from webapp.identity.words import ACTION_NAMES, PERMISSION_NAMES, ROLE_NAMES
from webapp.routing import public, requires

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response

    from webapp.activity.queries import Record

# Marks a request that only asks whether something is new; it says less about itself, never more, so it can be believed.
POLL = "X-Poll"
USER_ID = "_user_id"
CHALLENGE = "challenge"
CHALLENGE_NEXT = "challenge_next"
RETRY_SECONDS = 10
ACTIVITY_LINES = 25

# Not worth a line among what a role may do.
EVERYBODY_MAY = frozenset({Permission.HOME_VIEW, Permission.STAFF_HOME_VIEW})

# The pages that are a role's own; everybody else starts at /home.
HOMES = {
    StaffRole.RECEPTIONIST: "/board",
    StaffRole.CLINICIAN: "/board",
    StaffRole.MANAGER: "/board",
    StaffRole.PATIENT: "/me",
}

OUTAGES = (SignInUnavailable, DynamoUnavailable, DBAPIError)

bp = Blueprint("identity", __name__)
login = LoginManager()
login.session_protection = None
login.anonymous_user = Nobody

log = structlog.get_logger(__name__)

toasts.say("signed_out", _l("You are signed out."))


def load_person(handle: str) -> Person | None:
    """The person of this request's cookie, by one consistent DynamoDB read; DynamoUnavailable lets nobody in."""
    cycle.begin()
    now: datetime = g.at
    sessions = identity().sessions
    person = sessions.resolve(handle, now)
    if person is not None and POLL not in request.headers and not sessions.touch(person, now):
        return None
    return person


login.user_loader(load_person)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    """The way in; after it the person is where they wanted to go."""
    if request.method != "POST":
        return _sign_in_page(next_path=request.args.get("next"))
    try:
        form = forms.read_sign_in(request.form)
        outcome = identity().with_password(form.email, form.password.get_secret_value(), _moment())
    except FormInvalid as refusal:
        return _sign_in_page(refusal.errors, status=refusal.status)
    except WrongPassword as wrong:
        log.info("sign_in_refused", reason=str(wrong))
        # One sentence for an unknown address, a wrong password and a disabled account.
        errors = {"password": [_("That email address and password do not go together. Check both and try again.")]}
        return _sign_in_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except OUTAGES as error:
        return _sign_in_page(outage=_outage(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(outcome, PasswordExpired):
        session[CHALLENGE] = str(outcome.handle)
        session[CHALLENGE_NEXT] = return_path(form.next)
        return hypermedia.see(url_for("identity.new_password"))
    return _welcome(outcome, form.next)


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
        outcome = identity().with_new_password(challenge, form.new_password.get_secret_value(), _moment())
    except FormInvalid as refusal:
        return _new_password_page(refusal.errors, status=refusal.status)
    except PasswordTooWeak:
        errors = {"new_password": [_("Choose another password: this one is too easy to guess or was used before.")]}
        return _new_password_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except WrongPassword:
        session.pop(CHALLENGE)
        errors = {"password": [_("That took too long. Sign in again with the password you were given.")]}
        return _sign_in_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except OUTAGES as error:
        return _new_password_page(outage=_outage(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _welcome(outcome, session.pop(CHALLENGE_NEXT, "/"))


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """End this browser's session in every process; the cookie goes even when DynamoDB can't be told."""
    handle = parse_handle(session.get(USER_ID))
    session.clear()
    if handle is not None:
        try:
            identity().out(handle)
            activity.note("signed_out", actor=handle.account_id)
            activity.flush(actor=handle.account_id, at=g.at)
        except DynamoUnavailable:
            return _sign_in_page(
                outage=_("This browser is signed out. The session itself could not be ended and ends within the hour."),
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
    hypermedia.announce("signed_out")
    return hypermedia.see(url_for("identity.sign_in"))


@bp.get("/")
@requires(Permission.HOME_VIEW, role=None)
def start() -> Response:
    """Where a person begins: the first page that is their role's own."""
    for role, path in HOMES.items():
        if role in current_user.roles:
            return hypermedia.see(path)
    return hypermedia.see(url_for("identity.home"))


def _recent_activity() -> list[Record]:
    if Permission.ACTIVITY_VIEW not in current_user.permissions:
        return []
    from webapp.activity import queries as log_of

    return log_of.of_day(g.at.date(), limit=ACTIVITY_LINES)


@bp.get("/home")
@requires(Permission.STAFF_HOME_VIEW, role=Role.IDENTITY, prefetch=_recent_activity)
def home() -> Response:
    """The start page of a role whose own pages are not there yet: what it can do today, and for auditors the log."""
    records: list[Record] = g.prefetched
    names = queries.names_of(db.session(), {record.actor for record in records if record.actor})
    return hypermedia.page(
        "identity/home.html",
        role_names=[ROLE_NAMES[role] for role in sorted(current_user.roles)],
        permission_names=[
            PERMISSION_NAMES[each]
            for each in Permission
            if each in current_user.permissions and each not in EVERYBODY_MAY
        ],
        records=[
            {
                "at": record.at,
                "who": names.get(record.actor, _("Nobody signed in")) if record.actor else _("Nobody signed in"),
                "what": ACTION_NAMES.get(record.action, record.action),
                "count": len(record.listed),
                "reference": record.request.replace("-", "")[-10:].upper(),
            }
            for record in records
        ],
    )


def _moment() -> Moment:
    return Moment(at=g.at, request=g.request_id)


def _welcome(signed_in: SignedIn, next_path: str | None) -> Response:
    """Put the new handle into the cookie, unless the sign-in can't be recorded; an older session of it ends.

    The cookie keeps its other content, above all the CSRF secret, for the same account only: a half-filled form in
    another tab still posts, and nobody inherits anything from somebody else.
    """
    account_id = signed_in.standing.account_id
    activity.note("signed_in", actor=account_id)
    activity.flush(actor=account_id, at=g.at)
    before = parse_handle(session.get(USER_ID))
    if before is None or before.account_id != account_id:
        session.clear()
    if before is not None:
        identity().sessions.end(before)
    session.pop(CHALLENGE, None)
    login_user(_person(signed_in))
    return hypermedia.see(return_path(next_path))


def _person(signed_in: SignedIn) -> Person:
    return Person(
        standing=signed_in.standing,
        handle=str(signed_in.handle),
        at=g.at,
        created_at=g.at,
        seen_at=g.at,
        expires_at=g.at,
    )


def _outage(error: Exception) -> str:
    """The sentence for a service that is away; a database error that is no outage is our mistake and goes on."""
    if isinstance(error, DBAPIError) and not problems.is_outage(error):
        raise error
    log.warning("sign_in_unavailable", error=type(error).__name__, reason=str(error).partition("\n")[0])
    return str(_("Signing in does not work at the moment. Nothing is wrong with your password; try again in a minute."))


def _sign_in_page(
    errors: dict[str, list[str]] | None = None,
    *,
    next_path: str | None = None,
    outage: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    response = hypermedia.page(
        "identity/sign_in.html",
        status=status,
        errors=errors or {},
        outage=outage,
        email=request.form.get("email", ""),
        next_path=return_path(next_path if next_path is not None else request.form.get("next")),
        demo_accounts=_demo_accounts(),
    )
    if outage:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _new_password_page(
    errors: dict[str, list[str]] | None = None, *, outage: str = "", status: int = HTTPStatus.OK
) -> Response:
    return hypermedia.page("identity/new_password.html", status=status, errors=errors or {}, outage=outage)


def _demo_accounts() -> list[dict[str, object]]:
    if not current_app.config["ANTEROOM"].show_demo_accounts:
        return []
    return [{"role": ROLE_NAMES[role], "email": demo_email(role), "password": PASSWORD} for role in StaffRole]
