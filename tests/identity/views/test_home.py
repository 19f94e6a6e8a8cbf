"""Where each role begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.identity.accounts import MakeAccount
from tests.identity.browsing import enter
from tests.stack.people import SignIn, Visitor
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from tests.stack.database import Database


@pytest.mark.parametrize(
    ("role", "place"),
    [("receptionist", "/board"), ("clinician", "/my-day"), ("auditor", "/activity"), ("patient", "/me")]
    + [(role, "/home") for role in ("biller", "coordinator", "manager")],
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


def test_a_clinician_who_has_a_column_starts_at_their_own_day(
    visitor: Visitor, make_account: MakeAccount, database: Database
) -> None:
    account = make_account(StaffRole.CLINICIAN)
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        connection.execute("update account set provider_id = %s where id = %s", (clinic.providers[1], account.id))
    enter(visitor, account)
    own_day = visitor.get("/").location
    assert own_day == "/my-day"
    assert visitor.get(own_day).status_code == 200


@pytest.mark.parametrize("role", sorted(set(StaffRole) - {StaffRole.PATIENT}))
def test_the_start_page_leads_nowhere_that_is_closed(sign_in: SignIn, role: StaffRole) -> None:
    person = sign_in(role)
    page = person.get("/home").text.partition('<main class="main"')[2].partition("</main>")[0]
    for path in set(re.findall(r'href="(/[^"]*)"', page)):
        assert person.get(path.replace("&amp;", "&")).status_code == 200, path
