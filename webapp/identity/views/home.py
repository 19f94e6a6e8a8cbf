"""Where each role starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import hypermedia
from webapp.db import Role, db
from webapp.identity import queries
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.views.door import bp
from webapp.identity.words import ACTION_NAMES, PERMISSION_NAMES, ROLE_NAMES
from webapp.routing import requires

if TYPE_CHECKING:
    from flask import Response

    from webapp.activity.queries import Record

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
