"""Where somebody is signed in, and ending it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_timedelta
from flask import Response, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.errors import NotFound
from webapp.identity.handle import parse_handle
from webapp.identity.permissions import Permission
from webapp.identity.service import identity
from webapp.identity.views.door import bp, frame
from webapp.languages import written
from webapp.routing import requires

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.identity.place import Place
    from webapp.identity.sessions import OpenSession

toasts.say("session_ended", _l("Signed out there."))
toasts.say("other_sessions_ended", _l("Signed out everywhere else."))


@bp.get("/me/sessions")
@requires(Permission.HOME_VIEW, role=None)
def my_sessions() -> Response:
    """List the person's sessions: where, since when, when last seen."""
    own = _own_digest()
    rows = [
        {
            "digest": each.digest,
            "where": _where(each.place),
            "address": each.place.address,
            "since": _ago(each.created_at),
            "seen": _ago(each.seen_at),
            "here": each.digest == own,
        }
        for each in _sessions()
    ]
    return hypermedia.page("identity/my_sessions.html", rows=rows, base=frame(staff="base.html"))


@bp.post("/me/sessions/end")
@requires(Permission.HOME_VIEW, role=None)
def end_one() -> Response:
    """End one of the person's own sessions; the present one by signing out."""
    digest = request.form.get("session", "")
    if digest not in {each.digest for each in _sessions()}:
        raise NotFound
    identity().sessions.end_one(current_user.account_id, digest)
    activity.note("signed_out", actor=current_user.account_id, detail="one")
    return hypermedia.done("session_ended", url_for("identity.my_sessions"))


@bp.post("/me/sessions/end-others")
@requires(Permission.HOME_VIEW, role=None)
def end_others() -> Response:
    """End all of the person's sessions but this one."""
    for each in _sessions():
        if each.digest != _own_digest():
            identity().sessions.end_one(current_user.account_id, each.digest)
    activity.note("signed_out", actor=current_user.account_id, detail="others")
    return hypermedia.done("other_sessions_ended", url_for("identity.my_sessions"))


def _sessions() -> list[OpenSession]:
    return identity().sessions.of_account(current_user.account_id, g.at)


def _own_digest() -> str:
    handle = parse_handle(current_user.get_id())
    return handle.digest if handle else ""


def _where(place: Place) -> str:
    if place.browser and place.system:
        return str(_("%(browser)s on %(system)s", browser=place.browser, system=place.system))
    return place.browser or place.system or str(_("Unknown browser"))


def _ago(moment: datetime) -> str:
    if (g.at - moment).total_seconds() < 60:  # noqa: PLR2004  a minute
        return str(_("just now"))
    return format_timedelta(moment - g.at, add_direction=True, locale=written())
