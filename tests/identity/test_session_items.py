"""What of a person's standing is sealed into a session, and read by instances of another version."""

from __future__ import annotations

import json
from uuid import uuid4

from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.person import Standing
from webapp.identity.place import NOWHERE
from webapp.identity.session_items import pack_standing, unpack_standing

ROLES = frozenset({StaffRole.RECEPTIONIST, StaffRole.COORDINATOR, StaffRole.AUDITOR})


def test_the_locations_of_roles_come_back_nowhere_as_nowhere() -> None:
    sites = {StaffRole.RECEPTIONIST: frozenset({uuid4(), uuid4()}), StaffRole.COORDINATOR: frozenset()}
    standing = Standing(uuid4(), "Robin Example", ROLES, sites=sites)
    back = unpack_standing(pack_standing(standing, "a.b.c", NOWHERE), standing.account_id)
    assert back == standing


def test_in_a_session_from_before_roles_had_locations_they_hold_everywhere() -> None:
    standing = Standing(uuid4(), "Robin Example", ROLES)
    content = json.loads(pack_standing(standing, "a.b.c", NOWHERE))
    del content["sites"]
    back = unpack_standing(json.dumps(content).encode(), standing.account_id)
    assert back.sites_of(Permission.VISIT_BOOK) is None


def test_the_locations_of_a_role_that_a_newer_version_has_give_nothing() -> None:
    standing = Standing(uuid4(), "Robin Example", ROLES)
    content = json.loads(pack_standing(standing, "a.b.c", NOWHERE))
    content["sites"] = {"janitor": [str(uuid4())]}
    assert unpack_standing(json.dumps(content).encode(), standing.account_id) == standing
