"""Where each role begins."""

from __future__ import annotations

import pytest

from tests.identity.accounts import MakeAccount
from tests.identity.browsing import enter
from tests.stack.people import SignIn, Visitor
from webapp.identity.permissions import StaffRole


@pytest.mark.parametrize(
    ("role", "place"),
    [("receptionist", "/board"), ("clinician", "/board"), ("manager", "/board"), ("patient", "/me")]
    + [(role, "/home") for role in ("biller", "coordinator", "auditor")],
)
def test_each_role_starts_at_its_own_page(sign_in: SignIn, role: str, place: str) -> None:
    assert sign_in(role).get("/").location == place


@pytest.mark.parametrize("role", sorted(set(StaffRole) - {StaffRole.PATIENT}))
def test_the_start_page_says_what_the_role_may_do(sign_in: SignIn, role: StaffRole) -> None:
    response = sign_in(role).get("/home")
    assert response.status_code == 200
    assert "What your role may do" in response.text


def test_a_patient_is_shown_no_page_of_the_staff(sign_in: SignIn) -> None:
    assert sign_in("patient").get("/home").status_code == 403


def test_an_auditor_sees_who_did_what_today(sign_in: SignIn, visitor: Visitor, make_account: MakeAccount) -> None:
    enter(visitor, make_account())
    page = sign_in("auditor").get("/home").text
    assert "Signed in" in page
    assert "Robin Example" in page
