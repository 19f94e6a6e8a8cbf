"""A calendar of one's visits behind a secret address: made, shown, taken back, and read by calendar programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import Response, current_app, g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, problems, toasts
from webapp.booking import calendars
from webapp.booking.actions.feeds import make_feed, revoke_feed
from webapp.booking.feeds import hash_of, secret_of
from webapp.booking.models import CalendarFeed
from webapp.booking.queries.feeds import Shown, feed_at, feed_of, places, shown_at
from webapp.booking.states import Status
from webapp.cycle import scope
from webapp.db import Role, Scope, db, transactional
from webapp.errors import NotFound
from webapp.identity import portal_queries
from webapp.identity.permissions import Permission
from webapp.identity.queries import is_disabled
from webapp.portal import wording
from webapp.portal.views.door import blueprint
from webapp.practice.models import Location
from webapp.routing import public, requires
from webapp.settings import Settings

MADE, REVOKED = "portal.calendar_made", "portal.calendar_revoked"
SHOWN_FOR = timedelta(days=30)
"""How long a visit that is over, or canceled, stays: a program has looked by then."""

toasts.say(MADE, _l("Your calendar address is ready."))
toasts.say(REVOKED, _l("The calendar address shows nothing any more."))


@blueprint.get("/me/<uuid:patient_id>/calendar")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT, gateway=True)
def calendar(patient_id: UUID) -> Response:
    """Show the address, or what one is good for."""
    activity.note("opened", patient=patient_id)
    # Who was shut out is not for patients to read: their role sees rows of their own only.
    with transactional(replace(scope(), role=Role.IDENTITY, patients=()), read_only=True):
        shut_out = portal_queries.last_shut_out(db.session(), patient_id, scope().at)
    with transactional(scope(), read_only=True):
        feed = feed_of(patient_id=patient_id)
        over = feed is not None and _is_known_to(shut_out, feed)
        return hypermedia.page(
            "portal/calendar.html",
            patient_id=patient_id,
            over=over,
            address=None if feed is None or over else address_of(feed.id),
            since=None if feed is None else wording.short_date(feed.created_at.date()),
        )


@blueprint.post("/me/<uuid:patient_id>/calendar")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def make_calendar(patient_id: UUID) -> Response:
    """Make a new address; the one of before ends."""
    make_feed(key=str(current_app.secret_key), actor=scope().actor, at=scope().at, patient_id=patient_id)
    activity.note("changed", patient=patient_id, detail=MADE)
    return hypermedia.done(MADE, url_for("portal.calendar", patient_id=patient_id))


@blueprint.post("/me/<uuid:patient_id>/calendar/revoke")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def revoke_calendar(patient_id: UUID) -> Response:
    """Take the address back."""
    revoke_feed(at=scope().at, patient_id=patient_id)
    activity.note("changed", patient=patient_id, detail=REVOKED)
    return hypermedia.done(REVOKED, url_for("portal.calendar", patient_id=patient_id))


def address_of(feed_id: UUID) -> str:
    """The whole address of a feed, for a calendar program."""
    secret = secret_of(feed_id, key=str(current_app.secret_key))
    settings: Settings = current_app.config["ANTEROOM"]
    return settings.public_url + url_for("portal.feed", secret=secret)


@blueprint.get("/calendar/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """What a calendar program reads: times and the clinic, canceled visits marked; 404 once it is revoked.

    It is over, too, when somebody who may know the address lost the right to see the visits: a helper who was ended,
    a parent of somebody who came of age, a clinician whose account is closed.
    """
    with transactional(Scope(Role.DESK, None, g.at, g.request_id), read_only=True):
        known = feed_at(hash_of(secret))
        if known is None or _is_over(known):
            return problems.page(NotFound())
    # Nobody's scope: what the door says of the address is all there is to see.
    with transactional(Scope(Role.PATIENT, None, g.at, g.request_id), read_only=True):
        shown = shown_at(hash_of(secret), g.at - SHOWN_FOR)
        if shown is None:
            return problems.page(NotFound())
        sites = places({each.location_id for each in shown})
        entries = [_entry(each, sites[each.location_id]) for each in shown]
    return Response(calendars.calendar(entries, name=_("Visits")), content_type=calendars.MEDIA_TYPE)


def _is_over(feed: CalendarFeed) -> bool:
    if feed.patient_id is None:
        return feed.created_by is not None and is_disabled(db.session(), feed.created_by)
    return _is_known_to(portal_queries.last_shut_out(db.session(), feed.patient_id, g.at), feed)


def _is_known_to(shut_out: datetime | None, feed: CalendarFeed) -> bool:
    """Whether who was shut out last at a moment may have seen the address: it was there by then."""
    return shut_out is not None and feed.created_at <= shut_out


def _entry(shown: Shown, place: Location) -> calendars.Entry:
    return calendars.Entry(
        id=shown.id,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        summary=_("Visit at %(place)s", place=place.name),
        place=", ".join(wording.address(place)),
        sequence=shown.version,
        written_at=g.at,
        canceled=shown.status in {Status.CANCELLED, Status.NOSHOW},
    )
