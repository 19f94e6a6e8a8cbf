"""What each role may do, drawn from the table that every door reads."""

from __future__ import annotations

from flask import Response

from webapp import hypermedia
from webapp.identity.permissions import ROLE_PERMISSIONS, Permission, StaffRole
from webapp.identity.words import PERMISSION_NAMES, ROLE_NAMES
from webapp.ops.views.door import blueprint
from webapp.routing import requires


@blueprint.get("/roles")
@requires(Permission.STAFF_HOME_VIEW, role=None)
def roles() -> Response:
    """Roles beside permissions, as they are enforced: no second list that could say something else."""
    return hypermedia.page(
        "ops/roles.html",
        roles=[ROLE_NAMES[role] for role in StaffRole],
        rows=[
            {
                "name": PERMISSION_NAMES[permission],
                "code": permission.value,
                "cells": [(ROLE_NAMES[role], permission in ROLE_PERMISSIONS[role]) for role in StaffRole],
            }
            for permission in Permission
        ],
    )
