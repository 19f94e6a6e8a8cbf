from __future__ import annotations

from webapp.identity.permissions import ROLE_PERMISSIONS, Permission, StaffRole, permissions_of
from webapp.identity.words import PERMISSION_NAMES, ROLE_NAMES


def test_every_role_has_a_row_and_a_start_page() -> None:
    assert set(ROLE_PERMISSIONS) == set(StaffRole)
    assert all(Permission.HOME_VIEW in allowed for allowed in ROLE_PERMISSIONS.values())


def test_the_staff_has_a_start_page_of_its_own() -> None:
    assert all(
        (Permission.STAFF_HOME_VIEW in allowed) is (role is not StaffRole.PATIENT)
        for role, allowed in ROLE_PERMISSIONS.items()
    )


def test_no_role_means_no_permission() -> None:
    assert permissions_of([]) == frozenset()


def test_nobody_holds_everything() -> None:
    assert all(allowed < set(Permission) for allowed in ROLE_PERMISSIONS.values())


def test_clinical_fields_are_for_clinicians_alone() -> None:
    assert {role for role, allowed in ROLE_PERMISSIONS.items() if Permission.CLINICAL_VIEW in allowed} == {
        StaffRole.CLINICIAN
    }


def test_a_patient_reaches_nothing_of_the_staff() -> None:
    own = {permission for permission in Permission if permission.value.startswith("own_")}
    assert ROLE_PERMISSIONS[StaffRole.PATIENT] == {Permission.HOME_VIEW} | own
    of_staff = [allowed for role, allowed in ROLE_PERMISSIONS.items() if role is not StaffRole.PATIENT]
    assert not own & frozenset().union(*of_staff)


def test_roles_and_permissions_have_words() -> None:
    assert set(ROLE_NAMES) == set(StaffRole)
    assert set(PERMISSION_NAMES) == set(Permission)
