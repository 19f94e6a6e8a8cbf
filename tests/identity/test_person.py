"""Where a person's permissions hold, by their roles and the locations of these."""

from __future__ import annotations

from uuid import UUID, uuid4

from webapp.identity.permissions import (
    AT_A_LOCATION,
    LIMITABLE,
    LIMITED_BY_LOCATION,
    ROLE_PERMISSIONS,
    Permission,
    StaffRole,
)
from webapp.identity.person import Nobody, Standing

BATH, WELLS, RYE = uuid4(), uuid4(), uuid4()
RECEPTIONIST, COORDINATOR, BILLER = StaffRole.RECEPTIONIST, StaffRole.COORDINATOR, StaffRole.BILLER
BOOK, MOVE = Permission.VISIT_BOOK, Permission.VISIT_MOVE


def standing(*roles: StaffRole, **sites: frozenset[UUID]) -> Standing:
    limits = {StaffRole(role): where for role, where in sites.items()}
    return Standing(uuid4(), "Robin Example", frozenset(roles), sites=limits)


def test_a_role_without_locations_of_its_own_holds_everywhere() -> None:
    robin = standing(RECEPTIONIST)
    assert robin.sites_of(BOOK) is None
    assert robin.may_at(BOOK, BATH)


def test_a_limited_role_holds_at_its_locations_and_is_still_held() -> None:
    robin = standing(RECEPTIONIST, receptionist=frozenset({BATH, WELLS}))
    assert robin.sites_of(BOOK) == frozenset({BATH, WELLS})
    assert [robin.may_at(BOOK, site) for site in (BATH, WELLS, RYE)] == [True, True, False]
    assert robin.may(BOOK)


def test_no_location_is_nowhere_and_never_everywhere() -> None:
    robin = standing(RECEPTIONIST, receptionist=frozenset())
    assert robin.sites_of(BOOK) == frozenset()
    assert not robin.may_at(BOOK, BATH)


def test_two_limited_roles_add_up_for_what_both_may() -> None:
    robin = standing(RECEPTIONIST, COORDINATOR, receptionist=frozenset({BATH}), coordinator=frozenset({WELLS}))
    assert robin.sites_of(BOOK) == frozenset({BATH, WELLS})
    assert robin.sites_of(MOVE) == frozenset({BATH})


def test_a_second_role_that_holds_everywhere_lends_only_what_it_may_itself() -> None:
    robin = standing(RECEPTIONIST, COORDINATOR, receptionist=frozenset({BATH}))
    assert robin.sites_of(BOOK) is None
    assert robin.sites_of(MOVE) == frozenset({BATH})
    other = standing(RECEPTIONIST, BILLER, receptionist=frozenset({BATH}))
    assert other.sites_of(BOOK) == frozenset({BATH})


def test_what_no_role_may_holds_nowhere() -> None:
    robin = standing(RECEPTIONIST)
    assert robin.sites_of(Permission.ACCOUNTS_MANAGE) == frozenset()
    assert not robin.may_at(Permission.ACCOUNTS_MANAGE, BATH)
    assert not Nobody().may_at(BOOK, BATH)


def test_a_limit_is_offered_for_exactly_the_roles_of_which_something_is_enforced() -> None:
    enforced = {role for role in LIMITABLE if ROLE_PERMISSIONS[role] & AT_A_LOCATION}
    assert set(LIMITED_BY_LOCATION) == enforced == {RECEPTIONIST, COORDINATOR, BILLER, StaffRole.CLINICIAN}
