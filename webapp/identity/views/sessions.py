"""The life of a session as its person sees it: how long it lasts, and staying past its end."""

from __future__ import annotations

import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import hypermedia
from webapp.errors import FormInvalid
from webapp.identity import forms
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import WrongPassword
from webapp.identity.permissions import Permission
from webapp.identity.return_path import return_path
from webapp.identity.service import identity
from webapp.identity.signing_in import SignedIn
from webapp.identity.views.door import bp
from webapp.identity.views.signing_in import OUTAGES, go_on, moment, note_failure, outage_sentence
from webapp.rate import wait_sentence
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.identity.person import Person

NOTE = "Anteroom-Session"
OWNER_LENGTH = 16
READS = frozenset({"GET", "HEAD"})


def session_note() -> str:
    """Whose session this request had (a tag that says nothing), and whole seconds to the end of its hour and to idle.

    Pages and answers carry it, so that the page can warn of its end and hide at it; "" for nobody.
    """
    person: Person | None = g.get("session_of")
    if person is None:
        return ""
    hour, idle = (max(0, int((end - person.at).total_seconds())) for end in (person.expires_at, person.idle_ends_at))
    return f"{_owner(person)} {hour} {idle}"


def session_end() -> str:
    """What a browser without JavaScript does at the end: go to the sign-in page, which knows the way back."""
    person: Person | None = g.get("session_of")
    if person is None:
        return ""
    seconds = int((min(person.expires_at, person.idle_ends_at) - person.at).total_seconds()) + 1
    query = urlencode({"next": return_path(request.full_path.rstrip("?"))}) if request.method in READS else ""
    return f"{max(1, seconds)}; url={url_for('identity.sign_in')}?{query}".rstrip("?")


def _owner(person: Person) -> str:
    key, text = str(current_app.secret_key).encode(), f"session of {person.account_id}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:OWNER_LENGTH]


@bp.after_app_request
def tell_the_end(response: Response) -> Response:
    """Let every answer of a session say how long it goes on, also those that pages fetch by themselves."""
    note = session_note()
    if note:
        response.headers[NOTE] = note
    return response


@bp.get("/session")
@requires(Permission.HOME_VIEW, role=None, touches=False)
def ends() -> Response:
    """Nothing but the header with both ends; asking does not count as being seen."""
    return Response(status=HTTPStatus.NO_CONTENT)


@bp.post("/session/stay")
@requires(Permission.HOME_VIEW, role=None)
def stay() -> Response:
    """Count as seen: what the one button of the warning does."""
    return hypermedia.see(url_for("identity.ends"))


@bp.get("/session/renew")
@requires(Permission.HOME_VIEW, role=None, touches=False)
def renew() -> Response:
    """Ask for the password once more, in the dialog or on a page of its own."""
    return _renew_page(next_path=request.args.get("next"))


@bp.post("/session/renew")
@requires(Permission.HOME_VIEW, role=None)
def renew_it() -> Response:
    """Open a new session in place of this one: a new handle and hour, the same form guard."""
    try:
        form = forms.read_again(request.form)
        outcome = identity().again(current_user.account_id, form.password.get_secret_value(), moment())
    except FormInvalid as refusal:
        return _renew_page(refusal.errors, status=refusal.status)
    except TooManyAttempts as many:
        return _renew_page({"password": [wait_sentence(many.wait)]}, status=HTTPStatus.TOO_MANY_REQUESTS)
    except WrongPassword as wrong:
        note_failure(wrong, "password")
        errors = {"password": [_("That is not your password. Try again.")]}
        return _renew_page(errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except OUTAGES as error:
        return _renew_page({"password": [outage_sentence(error)]}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    if hypermedia.wants_fragment() and not isinstance(outcome, SignedIn):
        # A code is asked for on a page of its own, which leads back here.
        return hypermedia.leave(str(go_on(outcome, hypermedia.came_from()).location))
    return go_on(outcome, form.next or url_for("identity.ends"))


def _renew_page(
    errors: dict[str, list[str]] | None = None, *, next_path: str | None = None, status: int = HTTPStatus.OK
) -> Response:
    wanted = next_path if next_path is not None else request.form.get("next")
    # The dialog asks for nothing but the new ends; the page leads back to where it was opened.
    leads_to = url_for("identity.ends") if hypermedia.wants_fragment() else return_path(wanted)
    return hypermedia.page("identity/renew.html", block="again", status=status, errors=errors or {}, next_path=leads_to)
