"""Where each role starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from flask_login import current_user

from webapp import hypermedia
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.views.door import bp
from webapp.identity.words import PERMISSION_NAMES, role_in_words
from webapp.routing import requires

if TYPE_CHECKING:
    from flask import Response

# Not worth a line among what a role may do.
EVERYBODY_MAY = frozenset({Permission.HOME_VIEW, Permission.STAFF_HOME_VIEW})

# The pages that are a role's own, the busiest first for people with several; everybody else starts at /home.
HOMES = {
    StaffRole.RECEPTIONIST: "/board",
    StaffRole.CLINICIAN: "/board",
    StaffRole.MANAGER: "/home",
    StaffRole.AUDITOR: "/activity",
    StaffRole.PATIENT: "/me",
}


@bp.get("/")
@requires(Permission.HOME_VIEW, role=None)
def start() -> Response:
    """Where a person begins: the first page that is their role's own; a clinician sees their own day."""
    for role, path in HOMES.items():
        if role in current_user.roles:
            own_day = role is StaffRole.CLINICIAN and current_user.provider_id is not None
            return hypermedia.see(f"{path}?provider={current_user.provider_id}" if own_day else path)
    return hypermedia.see(url_for("identity.home"))


@bp.get("/home")
@requires(Permission.STAFF_HOME_VIEW, role=None)
def home() -> Response:
    """The start page of a role without a page of its own: what there is to do, and what the role may do."""
    return hypermedia.page(
        "identity/home.html",
        roles=[(role, current_user.standing.sites.get(role)) for role in sorted(current_user.roles)],
        role_in_words=role_in_words,
        limited=bool(current_user.standing.sites),
        permission_names=[
            PERMISSION_NAMES[each]
            for each in Permission
            if each in current_user.permissions and each not in EVERYBODY_MAY
        ],
    )
