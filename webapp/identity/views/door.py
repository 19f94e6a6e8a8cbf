"""The blueprint of identity, and the person behind each request's cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, current_app, g, request
from flask_login import LoginManager, current_user

from webapp import cycle, hypermedia
from webapp.db import Role
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Nobody, Person
from webapp.identity.service import identity
from webapp.identity.session_items import Beside
from webapp.identity.sessions import TOUCH_EVERY
from webapp.routing import door_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

# Marks a request that only asks whether something is new.
POLL = "X-Poll"

PORTAL = "portal"
SHARED = frozenset({"identity.my_sessions", "identity.password", "identity.change_password"})
"""Pages that stand in the portal's frame when a patient looks at them."""
BELL = "notify.bell"
"""The part of staff's pages that shows nothing but their notices."""

bp = Blueprint("identity", __name__)
login = LoginManager()
login.session_protection = None
login.anonymous_user = Nobody


def load_person(handle: str) -> Person | None:
    """The person of this request's cookie, by one consistent DynamoDB read; DynamoUnavailable lets nobody in."""
    cycle.begin()
    now: datetime = g.at
    sessions = identity().sessions
    seen = _counts_as_seen()
    person = sessions.resolve(handle, now, beside=_notices_shown(seen=seen))
    if person is not None and seen:
        due = now - person.seen_at >= TOUCH_EVERY
        if not sessions.touch(person, now):
            return None
        person = person.seen(now) if due else person
    g.session_of = person
    return person


def frame(*, staff: str) -> str:
    """The frame of a page that patients and staff share: the portal's for whoever is a patient only."""
    return "base_portal.html" if current_user.roles <= {StaffRole.PATIENT} else staff


def _notices_shown(*, seen: bool) -> Collection[Beside]:
    """Whose notices the page shows: parts of pages, and what asks by itself, read no item more than they need.

    Who comes in is not known yet; pages that patients and staff share bring the items for both.
    """
    door = door_of(current_app, request.endpoint) if request.endpoint else None
    if request.endpoint == BELL:
        return (Beside.STAFF,)
    whole = seen and not hypermedia.wants_fragment()
    if door is None:
        return (Beside.STAFF,) if whole else ()
    framed = request.blueprint == PORTAL or request.endpoint in SHARED
    portal = framed or door.role is Role.PATIENT
    staff = whole and (not portal or request.endpoint in SHARED)
    return [*([Beside.PATIENT] if portal else ()), *([Beside.STAFF] if staff else ())]


def _counts_as_seen() -> bool:
    """Whether a person did something, rather than a page that asks by itself whether there is anything new.

    Only headers that our pages' ticks bring along and doors of our own decide, never a parameter.  A browser that
    claims to poll shortens its own session; none can make a tick count.
    """
    door = door_of(current_app, request.endpoint) if request.endpoint else None
    return (door is None or door.touches) and not any(mark in request.headers for mark in (POLL, hypermedia.TAG))


login.user_loader(load_person)
