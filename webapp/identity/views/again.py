"""Step-up: doors that ask who somebody is once more, and give back what was about to be sent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import g, request, session, url_for
from flask_login import current_user

from webapp import cycle, hypermedia
from webapp.errors import NotFound
from webapp.identity.handle import parse_handle
from webapp.identity.permissions import Permission
from webapp.identity.service import identity
from webapp.identity.views.door import bp
from webapp.routing import requires

if TYPE_CHECKING:
    from flask import Flask, Response

HELD = "held"
HELD_LIFETIME = timedelta(minutes=15)
# Of a longer form only the way back is kept: an item of DynamoDB has an end.
LONGEST_FORM = 100_000
SAFE = frozenset({"GET", "HEAD"})


def init_app(app: Flask) -> None:
    """Be where `requires(..., recent=True)` sends people whose sign-in is too long ago."""
    app.extensions[cycle.STEP_UP] = hold


def hold() -> Response:
    """Keep the request sealed on the server for its person, and ask for the password first."""
    pairs = [] if request.method in SAFE else list(request.form.items(multi=True))
    form = json.dumps([[name, text] for name, text in pairs if name != "csrf_token"])
    path = request.full_path.rstrip("?")
    if request.method not in SAFE and len(form) > LONGEST_FORM:
        path, form = hypermedia.came_from(), "[]"
    content = {"step": HELD, "path": path, "form": form}
    session[HELD] = str(identity().sessions.keep_challenge(current_user.account_id, content, g.at, HELD_LIFETIME))
    location = url_for("identity.renew", next=url_for("identity.resume"))
    return hypermedia.leave(location) if hypermedia.wants_fragment() else hypermedia.see(location)


@bp.get("/session/resume")
@requires(Permission.HOME_VIEW, role=None)
def resume() -> Response:
    """Go on where the password was asked for: the page, or the form with all that was typed, to be sent again."""
    handle = parse_handle(session.get(HELD))
    if handle is None or handle.account_id != current_user.account_id:
        raise NotFound
    found = identity().sessions.challenge(str(handle), g.at)
    if found is None or found[1].get("step") != HELD:
        raise NotFound
    path, fields = found[1]["path"], json.loads(found[1]["form"])
    if not fields:
        return hypermedia.see(path)
    return hypermedia.page("identity/resume.html", action=path, fields=fields)
