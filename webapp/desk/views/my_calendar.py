"""A clinician's visits in their own calendar: the secret address, made and taken back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import hypermedia, toasts
from webapp.booking.actions.feeds import make_feed, revoke_feed
from webapp.booking.feeds import secret_of
from webapp.booking.queries.feeds import feed_of
from webapp.booking.wording import short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk.views.door import blueprint
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.practice.queries import signboard
from webapp.routing import requires
from webapp.settings import Settings

MADE, REVOKED = "desk.calendar_made", "desk.calendar_revoked"

toasts.say(MADE, _l("The calendar address is ready."))
toasts.say(REVOKED, _l("The calendar address shows nothing any more."))


@blueprint.get("/my-day/calendar")
@requires(Permission.CLINICAL_VIEW, role=Role.CLINICIAN)
def my_calendar() -> Response:
    """Show the address of one's own calendar, or what one is good for."""
    feed = feed_of(provider_id=_provider())
    return hypermedia.page(
        "desk/my_calendar.html",
        clinic=signboard(),
        address=None if feed is None else _address(feed.id),
        since=None if feed is None else short_date(feed.created_at.date()),
    )


@blueprint.post("/my-day/calendar")
@requires(Permission.CLINICAL_VIEW, role=Role.CLINICIAN)
def make_my_calendar() -> Response:
    """Make a new address; the one of before ends."""
    key = str(current_app.secret_key)
    make_feed(key=key, actor=scope().actor, at=scope().at, provider_id=_provider())
    return hypermedia.done(MADE, url_for("desk.my_calendar"))


@blueprint.post("/my-day/calendar/revoke")
@requires(Permission.CLINICAL_VIEW, role=Role.CLINICIAN)
def revoke_my_calendar() -> Response:
    """Take the address back."""
    revoke_feed(at=scope().at, provider_id=_provider())
    return hypermedia.done(REVOKED, url_for("desk.my_calendar"))


def _provider() -> UUID:
    """Whose column is theirs (NotFound for an account that has none)."""
    provider: UUID | None = current_user.provider_id
    if provider is None:
        raise NotFound
    return provider


def _address(feed_id: UUID) -> str:
    settings: Settings = current_app.config["ANTEROOM"]
    return settings.public_url + url_for("portal.feed", secret=secret_of(feed_id, key=settings.secret_key))
