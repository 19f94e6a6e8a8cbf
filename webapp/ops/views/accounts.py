"""Staff accounts: who may sign in, as what; inviting, changing roles, disabling, ending sessions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Response, current_app, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import form_claim, scope
from webapp.db import Role, db, transactional
from webapp.dynamo import DynamoUnavailable
from webapp.errors import FormInvalid, NotFound, Refusal, VersionConflict
from webapp.identity import actions, last_sign_in, queries
from webapp.identity.actions import AccountRequest, RolesChange
from webapp.identity.inviting import Invited, Inviting
from webapp.identity.permissions import Permission
from webapp.identity.refusals import NotInvited, OwnAccount
from webapp.identity.service import identity
from webapp.ids import new_id
from webapp.ops.forms import RolesForm, read_invitation, read_roles, write_seen
from webapp.ops.views import role_choices
from webapp.ops.views.door import blueprint
from webapp.practice import queries as practice
from webapp.rate import INVITATIONS
from webapp.routing import requires

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from webapp.identity.queries import StaffAccount
    from webapp.identity.sessions import OpenSession

MANAGE = Permission.ACCOUNTS_MANAGE

log = structlog.get_logger(__name__)

toasts.say("account_invited", _l("The account was made."))
toasts.say("account_roles", _l("Saved. The person is signed out and comes back with the new roles."))
toasts.say("account_disabled", _l("The account is disabled and signed out everywhere."))
toasts.say("account_enabled", _l("The account can sign in again."))
toasts.say("account_signed_out", _l("The account is signed out everywhere."))


@dataclass(frozen=True, slots=True)
class Presence:
    """What the sessions table knows of an account: when it came in last, and where it is signed in now."""

    last: datetime | None = None
    sessions: list[OpenSession] = field(default_factory=list)


@blueprint.get("/accounts")
@requires(MANAGE, role=Role.MANAGER, gateway=True)
def accounts() -> Response:
    """Everybody who works here, with their roles and when they came in last."""
    with transactional(scope(), read_only=True) as session:
        people = queries.staff(session)
        zone, names = practice.time_zone(), practice.site_names()
    last = last_sign_in.of([person.id for person in people])
    rows = [_row(person, last.get(person.id), names) for person in people]
    return hypermedia.page("ops/accounts.html", accounts=rows, zone=zone)


@blueprint.get("/accounts/invite")
@requires(MANAGE, role=Role.MANAGER, recent=True)
def invitation() -> Response:
    """Ask for name, address and roles."""
    return _invitation_page(None)


def _too_often(refusal: Refusal) -> Response:
    return _invitation_page(refusal)


@blueprint.post("/accounts/invite")
@requires(MANAGE, role=Role.MANAGER, refused=_too_often, gateway=True, recent=True, limit=INVITATIONS)
def invite() -> Response:
    """Make the account, have the pool mail a temporary password; on a local machine show it once instead."""
    try:
        with transactional(scope(), read_only=True):
            form = read_invitation(request.form, role_choices.offered())
        wanted = AccountRequest(new_id(), form.email, form.display_name, form.roles, form.provider_id, sites=form.sites)
        location = url_for("ops.account", account_id=wanted.account_id)
        outcome = _inviting().invite(wanted, scope(), form_claim({}), location)
    except (FormInvalid, Refusal) as refusal:
        if refusal.status not in {409, 422} or not refusal.errors:
            raise
        activity.note("refused", detail=refusal.code)
        with transactional(scope(), read_only=True):
            return _invitation_page(refusal)
    if isinstance(outcome, str):
        return hypermedia.see(outcome)
    activity.note("changed", detail="account.invited", account=outcome.account_id)
    return _invited_page(outcome)


@blueprint.get("/accounts/<uuid:account_id>")
@requires(MANAGE, role=Role.MANAGER, gateway=True)
def account(account_id: UUID) -> Response:
    """One account: its roles, where it is signed in, and what can be done about it."""
    at = scope().at
    with transactional(scope(), read_only=True) as session:
        if queries.staff_account(session, account_id) is None:
            raise NotFound
    presence = Presence(last_sign_in.of([account_id]).get(account_id), identity().sessions.of_account(account_id, at))
    with transactional(scope(), read_only=True):
        return _account_page(account_id, None, presence)


@contextmanager
def cut_off(account_id: UUID) -> Iterator[None]:
    """Bump, commit, bump: sessions of before end, and a sign-in that read the old roles in between opens none.

    The second bump is repeated by the job that the change promised, so its failure doesn't undo what is saved.
    """
    with transactional(scope(), read_only=True) as session:
        if queries.staff_account(session, account_id) is None:
            raise NotFound
    sessions = identity().sessions
    sessions.bump(account_id)
    yield
    try:
        sessions.bump(account_id)
    except DynamoUnavailable:
        log.warning("sessions_end_later")


@contextmanager
def _cut_off_somebody_else(account_id: UUID) -> Iterator[None]:
    if account_id == scope().actor:
        raise OwnAccount
    with cut_off(account_id):
        yield


@contextmanager
def _cut_off_for_roles(account_id: UUID) -> Iterator[None]:
    """Look at the form before anybody is signed out: what is refused changes nothing."""
    with transactional(scope(), read_only=True) as session:
        form, person = _roles_form(), queries.staff_account(session, account_id)
    if person is not None and (form.seen, form.seen_sites) != (person.roles, person.sites):
        raise VersionConflict
    with _cut_off_somebody_else(account_id):
        yield


def _roles_form() -> RolesForm:
    return read_roles(request.form, role_choices.offered())


def refused(refusal: Refusal, account_id: UUID) -> Response:
    return _account_page(account_id, refusal, None)


@blueprint.post("/accounts/<uuid:account_id>/roles")
@requires(MANAGE, role=Role.MANAGER, refused=refused, around=_cut_off_for_roles, recent=True)
def change_roles(account_id: UUID) -> Response:
    """Give somebody else other roles; their next request finds the old ones gone."""
    form = _roles_form()
    change = RolesChange(account_id, form.roles, form.seen, form.provider_id, form.sites, form.seen_sites)
    actions.change_roles(db.session(), change, by=me(), at=scope().at)
    return _done("account_roles", account_id)


@blueprint.post("/accounts/<uuid:account_id>/disable")
@requires(MANAGE, role=Role.MANAGER, refused=refused, around=_cut_off_somebody_else)
def disable(account_id: UUID) -> Response:
    """Keep somebody else from signing in; they are out at their next request."""
    actions.disable_other(db.session(), account_id, by=me(), at=scope().at)
    return _done("account_disabled", account_id)


@blueprint.post("/accounts/<uuid:account_id>/enable")
@requires(MANAGE, role=Role.MANAGER, refused=refused, recent=True)
def enable(account_id: UUID) -> Response:
    """Let somebody sign in again."""
    actions.enable(db.session(), account_id, by=me())
    return _done("account_enabled", account_id)


@blueprint.post("/accounts/<uuid:account_id>/end-sessions")
@requires(MANAGE, role=Role.MANAGER, refused=refused, around=cut_off)
def end_sessions(account_id: UUID) -> Response:
    """Sign an account out in every browser; it may sign in again."""
    actions.sign_out_everywhere(db.session(), account_id, by=me())
    return _done("account_signed_out", account_id)


@blueprint.post("/accounts/<uuid:account_id>/invite")
@requires(MANAGE, role=Role.MANAGER, gateway=True, limit=INVITATIONS)
def invite_again(account_id: UUID) -> Response:
    """Send the invitation again to somebody who has never signed in: safe to press twice, the last password counts."""
    form_claim({})
    with transactional(scope(), read_only=True) as session:
        person = queries.staff_account(session, account_id)
    if person is None:
        raise NotFound
    if person.disabled_at is not None or last_sign_in.of([account_id]):
        raise NotInvited
    activity.note("changed", detail="account.invited", account=account_id)
    return _invited_page(_inviting().send(account_id, person.email, scope()))


def _done(code: str, account_id: UUID) -> Response:
    activity.note("changed", detail=code.replace("_", ".", 1), account=account_id)
    return hypermedia.done(code, url_for("ops.account", account_id=account_id), account=account_id)


def me() -> UUID:
    me = scope().actor
    if me is None:
        raise NotFound
    return me


def _inviting() -> Inviting:
    return Inviting(identity().service, local=current_app.config["ANTEROOM"].aws_endpoint_url is not None)


def _invitation_page(refusal: Refusal | None) -> Response:
    return hypermedia.page(
        "ops/invite.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        errors=refusal.errors if refusal else {},
        values={name: request.form.get(name, "") for name in ("display_name", "email")},
        **role_choices.context(role_choices.ticked_by_form(), request.form.get("provider", "")),
    )


def _invited_page(invited: Invited) -> Response:
    with transactional(scope(), read_only=True) as session:
        person = queries.staff_account(session, invited.account_id)
        if person is None:
            raise NotFound
        return hypermedia.page("ops/invited.html", invited=invited, person=_row(person, None, practice.site_names()))


def _account_page(account_id: UUID, refusal: Refusal | None, presence: Presence | None) -> Response:
    person = queries.staff_account(db.session(), account_id)
    if person is None:
        raise NotFound
    sent = isinstance(refusal, FormInvalid)
    ticked = role_choices.ticked_by_form() if sent else role_choices.ticked_by_account(person)
    return hypermedia.page(
        "ops/account.html",
        person=_row(person, presence.last if presence else None, practice.site_names()),
        presence=presence,
        zone=practice.time_zone(),
        seen=write_seen(person.roles, person.sites),
        is_me=account_id == scope().actor,
        refusal=refusal,
        errors=refusal.errors if refusal else {},
        **role_choices.context(ticked, request.form.get("provider", "") if sent else str(person.provider_id or "")),
    )


def _row(person: StaffAccount, last: datetime | None, names: Mapping[UUID, str]) -> dict[str, Any]:
    state = "disabled" if person.disabled_at else "active" if last else "invited" if person.in_pool else "unsent"
    return {
        "id": person.id,
        "href": url_for("ops.account", account_id=person.id),
        "name": person.display_name,
        "email": person.email,
        "roles": role_choices.in_words(person, names),
        "last": last,
        "state": state,
        "disabled": person.disabled_at is not None,
    }
