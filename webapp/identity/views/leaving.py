"""Leaving the desk to somebody else, and finding what was half done when one comes back."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, current_app, g, jsonify, request, session, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, dynamo, hypermedia, toasts
from webapp.dynamo import DynamoUnavailable
from webapp.identity.drafts import Drafts, read_draft
from webapp.identity.handle import parse_handle
from webapp.identity.permissions import Permission
from webapp.identity.return_path import return_path
from webapp.identity.service import identity
from webapp.identity.views.door import bp
from webapp.routing import public, requires

if TYPE_CHECKING:
    from uuid import UUID

USER_ID = "_user_id"
# Whose session this browser had last: the way back leads back for them only.
LAST = "last_account"
# Marks of the drafts that wait for the person of this cookie.
WAITING = "drafts"

toasts.say("switched", _l("The page is locked. Whoever works here next signs in."), "info")


def drafts() -> Drafts:
    return Drafts(dynamo.client(), current_app.config["ANTEROOM"].session_key)


@bp.post("/switch-user")
@public
def switch_user() -> Response:
    """End this browser's session at once and keep its half-filled form for its own person."""
    handle = parse_handle(session.get(USER_ID))
    draft = read_draft(request.form.get("draft", ""))
    session.clear()
    if handle is not None:
        session[LAST] = str(handle.account_id)
        try:
            person = identity().sessions.resolve(str(handle), g.at)
            identity().sessions.end(handle)
            if person is not None and draft is not None:
                drafts().keep(person.account_id, draft, g.at)
            activity.note("signed_out", actor=handle.account_id)
            activity.flush(actor=handle.account_id, at=g.at)
        except DynamoUnavailable:
            # The cookie is empty, so this desk is locked; the session itself ends by being idle.
            current_app.logger.warning("switch_user_unavailable")
    hypermedia.announce("switched")
    return hypermedia.see(url_for("identity.sign_in"))


@bp.post("/session/draft")
@requires(Permission.HOME_VIEW, role=None, touches=False)
def keep_draft() -> Response:
    """Keep what a page says stands in its forms, in case nobody comes back before the end."""
    draft = read_draft(request.form.get("draft", ""))
    if draft is None:
        return Response(status=HTTPStatus.UNPROCESSABLE_ENTITY)
    drafts().keep(current_user.account_id, draft, g.at)
    return Response(status=HTTPStatus.NO_CONTENT)


@bp.post("/session/draft/take")
@requires(Permission.HOME_VIEW, role=None, touches=False)
def take_draft() -> Response:
    """Hand a page's draft back, once, to the account that typed it."""
    path = request.form.get("path", "")
    draft = drafts().take(current_user.account_id, path, g.at)
    mark = drafts().mark_of(current_user.account_id, path)
    if mark in session.get(WAITING, []):
        session[WAITING] = [each for each in session[WAITING] if each != mark]
    return Response(status=HTTPStatus.NO_CONTENT) if draft is None else jsonify(draft.model_dump(mode="json"))


def way_back(account_id: UUID, next_path: str | None) -> str:
    """Where somebody goes who has just signed in: back to where they were, never to where somebody else was.

    `next` counts unless another account used this browser last.  Without it, the newest page they left half done.
    """
    before = parse_handle(session.get(USER_ID))
    last = str(before.account_id) if before is not None else session.get(LAST)
    wanted = return_path(next_path) if last in {None, str(account_id)} else "/"
    kept = drafts().waiting(account_id, g.at)
    g.marks = [drafts().mark_of(account_id, draft.path) for draft in kept]
    return kept[0].path if wanted == "/" and kept else wanted


def remember_drafts() -> None:
    """Let the cookie say which pages have something to fill in again (call after `way_back`)."""
    session.pop(LAST, None)
    if g.marks:
        session[WAITING] = g.marks
    else:
        session.pop(WAITING, None)


def has_draft() -> bool:
    """Whether the page of this request has a draft of its person waiting."""
    waiting = session.get(WAITING)
    if not waiting or not current_user.is_authenticated:
        return False
    return drafts().mark_of(current_user.account_id, request.full_path.rstrip("?")) in waiting
