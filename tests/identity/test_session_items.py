"""What of a person's standing is sealed into a session, and read by instances of another version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

from webapp.identity.permissions import BY_RELATION, GRANTABLE, Permission, Purpose, Relation, StaffRole
from webapp.identity.person import Grant, Standing
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
    assert back is not None
    assert back.sites_of(Permission.VISIT_BOOK) is None


def test_the_locations_of_a_role_that_a_newer_version_has_give_nothing() -> None:
    standing = Standing(uuid4(), "Robin Example", ROLES)
    content = json.loads(pack_standing(standing, "a.b.c", NOWHERE))
    content["sites"] = {"janitor": [str(uuid4())]}
    assert unpack_standing(json.dumps(content).encode(), standing.account_id) == standing


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = Grant(uuid4(), may=BY_RELATION[Relation.SELF], name="Rosa Jimenez")
CARER = Grant(uuid4(), NOON, frozenset({Purpose.VISITS}), Relation.CARER, NOON, "Ada Jimenez")
PARENT = Grant(uuid4(), NOON, frozenset({*GRANTABLE, Purpose.PROFILE}), Relation.PARENT, None, "Mia Jones")


def patient(*grants: Grant) -> Standing:
    return Standing(uuid4(), "Rosa Jimenez", frozenset({StaffRole.PATIENT}), grants)


def test_grants_come_back_with_purposes_times_and_names() -> None:
    standing = patient(OWN, CARER, PARENT)
    assert unpack_standing(pack_standing(standing, "a.b.c", NOWHERE), standing.account_id) == standing


def test_a_session_from_before_grants_had_purposes_is_signed_out_unless_it_acts_for_nobody() -> None:
    for standing, stays in ((patient(OWN), False), (Standing(uuid4(), "Robin Example", ROLES), True)):
        content = json.loads(pack_standing(standing, "a.b.c", NOWHERE))
        del content["acts"]
        back = unpack_standing(json.dumps(content).encode(), standing.account_id)
        assert back == (standing if stays else None)


def test_an_older_version_is_shown_only_the_grants_it_judges_as_we_do() -> None:
    content = json.loads(pack_standing(patient(OWN, CARER, PARENT), "a.b.c", NOWHERE))
    assert content["grants"] == [[str(OWN.patient_id), ""], [str(PARENT.patient_id), NOON.isoformat()]]


def test_a_purpose_that_a_newer_version_has_gives_nothing() -> None:
    standing = patient(CARER)
    content = json.loads(pack_standing(standing, "a.b.c", NOWHERE))
    content["acts"][0][4].append("genome")
    assert unpack_standing(json.dumps(content).encode(), standing.account_id) == standing
