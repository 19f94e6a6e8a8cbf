"""Signing up for the portal: with the clinic's code, or without one; it ends at the sign-in page, never inside."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from flask import g, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking.wording import local_date
from webapp.dynamo import DynamoUnavailable
from webapp.errors import FormInvalid, Refusal
from webapp.identity import forms as identity_forms
from webapp.identity import signing_up
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import PasswordTooWeak, WrongPassword
from webapp.identity.permissions import Relation
from webapp.identity.portal_actions import Applicant
from webapp.identity.refusals import CodeOver, EmailTaken
from webapp.identity.service import identity
from webapp.identity.signing_up import HalfSignedUp, SignUpOver
from webapp.identity.views.signing_in import FAILURES, moment, note_failure, outage_sentence
from webapp.portal import sign_up_forms as forms
from webapp.portal.views.door import blueprint
from webapp.rate import wait_sentence
from webapp.routing import public

if TYPE_CHECKING:
    from datetime import date

    from flask import Response

Errors = dict[str, list[str]]
HALF_WAY = "sign_up"
REFUSALS = (Refusal, PasswordTooWeak, *FAILURES)
TYPED = ("code", "birth_date", "given", "family", "phone", "email", "name")

toasts.say("signed_up", _l("Your account is ready. Sign in with the password you chose."))


@blueprint.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> Response:
    """Ask for the code of an invitation and the patient's birth date, or lead those without one on."""
    if request.method != "POST":
        return _page("code")
    try:
        form = forms.read(forms.CodeForm, request.form, _today())
        session[HALF_WAY] = str(signing_up.begin(identity(), form.code, form.birth_date, moment()))
    except REFUSALS as refusal:
        return _refused("code", refusal, {"code": [str(CodeOver.message)]})
    return hypermedia.see(url_for("portal.sign_up_account"))


@blueprint.route("/sign-up/account", methods=["GET", "POST"])
@public
def sign_up_account() -> Response:
    """Ask for the address and a password to sign in with."""
    half = _half_way()
    if not isinstance(half, HalfSignedUp):
        return half
    if half.relation is None:
        return _again()
    if request.method != "POST":
        return _page("account", half=half)
    try:
        email, secret, name = _account(half.relation)
        made = signing_up.with_password(identity(), _challenge(), email, secret, name, moment())
    except SignUpOver:
        return _again()
    except REFUSALS as refusal:
        return _refused("account", refusal, half=half)
    session[HALF_WAY] = str(made)
    return hypermedia.see(url_for("portal.sign_up_confirm"))


def _account(relation: Relation) -> tuple[str, str, str]:
    """Address, password and, of somebody who acts for the patient, their name."""
    if relation is Relation.SELF:
        own = forms.read(forms.AccountForm, request.form)
        return own.email, own.secret, ""
    helper = forms.read(forms.HelperAccountForm, request.form)
    return helper.email, helper.secret, helper.name


@blueprint.route("/sign-up/register", methods=["GET", "POST"])
@public
def register() -> Response:
    """Take down who somebody without a code is; the next page is the same whether the clinic knows them."""
    if request.method != "POST":
        return _page("register")
    try:
        form = forms.read(forms.RegisterForm, request.form, _today())
        applicant = Applicant(form.given, form.family, form.birth_date, form.phone)
        made = signing_up.register(identity(), applicant, form.email, form.secret, moment())
    except REFUSALS as refusal:
        return _refused("register", refusal)
    session[HALF_WAY] = str(made)
    return hypermedia.see(url_for("portal.sign_up_confirm"))


@blueprint.route("/sign-up/confirm", methods=["GET", "POST"])
@public
def sign_up_confirm() -> Response:
    """Prove the address with the mailed code; then one signs in."""
    half = _half_way()
    if not isinstance(half, HalfSignedUp):
        return half
    return _page("confirm", half=half) if request.method != "POST" else _confirm(half)


def _confirm(half: HalfSignedUp) -> Response:
    try:
        form = identity_forms.read_code(request.form)
        account_id = signing_up.confirm(identity(), _challenge(), form.code, moment())
    except SignUpOver:
        return _again()
    except EmailTaken:
        session.pop(HALF_WAY, None)
        return _page("taken", half=half, status=HTTPStatus.CONFLICT)
    except CodeOver as over:
        session.pop(HALF_WAY, None)
        return _page("code", {"code": [str(over.message)]}, status=over.status)
    except REFUSALS as refusal:
        wrong = {"code": [_("That code is not right, or it is too old. Check the newest email.")]}
        return _refused("confirm", refusal, wrong, half=half)
    session.pop(HALF_WAY, None)
    activity.note("signed_up", actor=account_id)
    hypermedia.announce("signed_up")
    return hypermedia.see(url_for("identity.sign_in"))


def _challenge() -> str:
    return str(session.get(HALF_WAY, ""))


def _half_way() -> HalfSignedUp | Response:
    """The sign-up of this browser, or the page that begins a new one."""
    try:
        return signing_up.half_way(identity(), _challenge(), moment())
    except SignUpOver:
        return _again()
    except DynamoUnavailable as away:
        return _refused("code", away)


def _refused(
    page: str, refusal: Exception, wrong: Errors | None = None, *, half: HalfSignedUp | None = None
) -> Response:
    """The page again, with what to do and what was typed; `wrong` is for what was shown and is not right."""
    if isinstance(refusal, FormInvalid):
        return _page(page, refusal.errors, status=refusal.status, half=half)
    if isinstance(refusal, PasswordTooWeak):
        sentence = _("Choose another password: this one is too easy to guess or was used before.")
        return _page(page, {"new_password": [sentence]}, status=HTTPStatus.UNPROCESSABLE_ENTITY, half=half)
    if isinstance(refusal, TooManyAttempts):
        wait = wait_sentence(refusal.wait)
        response = _page(page, wait=wait, status=HTTPStatus.TOO_MANY_REQUESTS, half=half)
        response.headers["Retry-After"] = str(ceil(refusal.wait.total_seconds()))
        return response
    if isinstance(refusal, WrongPassword):
        note_failure(refusal, "confirm" if page == "confirm" else "invitation")
        return _page(page, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY, half=half)
    if isinstance(refusal, Refusal):
        return _page(page, {"": [str(refusal.message)]}, status=refusal.status, half=half)
    return _page(page, outage=outage_sentence(refusal), status=HTTPStatus.SERVICE_UNAVAILABLE, half=half)


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """Why a code opened nothing: under its fields, or above them, and seconds to wait."""

    status: int
    errors: Errors
    trouble: str = ""
    wait: int = 0


def refusal_of_code(refusal: Exception) -> CodeRefused:
    """What to say of a code that was entered by somebody who has an account."""
    if isinstance(refusal, FormInvalid):
        return CodeRefused(refusal.status, refusal.errors)
    if isinstance(refusal, TooManyAttempts):
        seconds = ceil(refusal.wait.total_seconds())
        return CodeRefused(HTTPStatus.TOO_MANY_REQUESTS, {}, wait_sentence(refusal.wait), seconds)
    if isinstance(refusal, WrongPassword | CodeOver):
        if isinstance(refusal, WrongPassword):
            note_failure(refusal, "invitation")
        return CodeRefused(HTTPStatus.UNPROCESSABLE_ENTITY, {"code": [str(CodeOver.message)]})
    if isinstance(refusal, Refusal):
        return CodeRefused(refusal.status, {"": [str(refusal.message)]})
    return CodeRefused(HTTPStatus.SERVICE_UNAVAILABLE, {}, outage_sentence(refusal))


def _again() -> Response:
    """A sign-up that took too long begins anew."""
    session.pop(HALF_WAY, None)
    over = {"code": [_("That took too long, or this is another browser. Begin again.")]}
    return _page("code", over, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(
    name: str,
    errors: Errors | None = None,
    *,
    outage: str = "",
    wait: str = "",
    status: int = HTTPStatus.OK,
    half: HalfSignedUp | None = None,
) -> Response:
    return hypermedia.page(
        f"portal/sign_up/{name}.html",
        status=status,
        errors=errors or {},
        outage=outage,
        wait=wait,
        typed={each: request.form.get(each, "") for each in TYPED},
        half=half,
    )


def _today() -> date:
    """The latest day anywhere: whoever was born today in Auckland is no error in Boston."""
    return local_date(g.at, "Pacific/Kiritimati")
