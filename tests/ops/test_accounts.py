"""Managers and the accounts of people who work here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.identity.accounts import MakeAccount
from tests.identity.browsing import enter
from tests.stack.people import SignIn, Visitor
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

INVITED = {"display_name": "Nora Lindqvist", "email": "Nora@Clinic.example", "role": ["receptionist", "biller"]}


def roles_of(database: Database, account_id: UUID | None) -> set[str]:
    with database.administer() as connection:
        rows = connection.execute("select role from account_role where account_id = %s", (account_id,))
        return {row[0] for row in rows}


def made(database: Database) -> UUID:
    with database.administer() as connection:
        row = connection.execute("select id from account where email = 'nora@clinic.example'").fetchone()
    assert row is not None
    return UUID(str(row[0]))


def send_roles(manager: Visitor, other: Visitor, *roles: str, seen: str) -> int:
    form = {"role": list(roles), "seen": seen}
    return manager.post(f"/accounts/{other.account_id}/roles", form).status_code


def test_the_list_names_everybody_who_works_here_and_no_patient(sign_in: SignIn, database: Database) -> None:
    manager, _, patient = sign_in("manager"), sign_in("biller", "auditor"), sign_in("patient")
    page = manager.get("/accounts").text
    assert "Biller, Auditor" in page
    assert str(patient.account_id) not in page
    assert manager.get(f"/accounts/{patient.account_id}").status_code == 404


def test_an_invited_person_signs_in_with_the_password_that_was_shown_once(
    app: Flask, sign_in: SignIn, visitor: Visitor, database: Database
) -> None:
    manager = sign_in("manager")
    page = manager.post("/accounts/invite", INVITED)
    assert page.status_code == 200
    found = re.search(r"[0-9a-f]{8}-[0-9a-f]{8}-aA1", page.text)
    assert found is not None
    assert roles_of(database, made(database)) == {"receptionist", "biller"}
    assert "Invited" in manager.get("/accounts").text
    answer = visitor.post("/sign-in", {"email": INVITED["email"], "password": found.group()})
    assert answer.location == "/sign-in/new-password"
    assert visitor.post("/sign-in/new-password", {"new_password": "quiet harbor at dawn"}).status_code == 303
    assert visitor.get("/board").status_code == 200
    assert "Never" not in manager.get(f"/accounts/{made(database)}").text
    assert manager.post(f"/accounts/{made(database)}/invite").status_code == 409


def test_an_invitation_sent_twice_makes_one_account_and_shows_its_password_once(
    sign_in: SignIn, database: Database
) -> None:
    manager, key = sign_in("manager"), uuid4()
    assert manager.post("/accounts/invite", INVITED, key=key).status_code == 200
    again = manager.post("/accounts/invite", INVITED, key=key)
    assert (again.status_code, again.location) == (303, f"/accounts/{made(database)}")
    fresh = manager.post(f"/accounts/{made(database)}/invite")
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{8}-aA1", fresh.text)


def test_an_invitation_never_overwrites_an_account(sign_in: SignIn, database: Database) -> None:
    manager = sign_in("manager")
    manager.post("/accounts/invite", INVITED)
    answer = manager.post("/accounts/invite", {**INVITED, "display_name": "Eve", "role": ["manager"]})
    assert answer.status_code == 409
    assert "There is an account with this email address already" in answer.text
    assert 'value="Eve"' in answer.text
    assert roles_of(database, made(database)) == {"receptionist", "biller"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": []},
        {"role": ["patient"]},
        {"role": ["owner"]},
        {"email": "nobody"},
        {"email": "a b@example.com"},
        {"display_name": " "},
        {"display_name": "x" * 101},
        {"provider": str(UUID(int=7))},
    ],
)
def test_an_invitation_that_cannot_be_is_refused_with_the_input_kept(
    sign_in: SignIn, database: Database, wrong: dict[str, object]
) -> None:
    answer = sign_in("manager").post("/accounts/invite", {**INVITED, **wrong})
    assert answer.status_code == 422
    assert "Error:" in answer.text
    with database.administer() as connection:
        assert connection.execute("select count(*) from account").fetchone() == (1,)


def test_a_change_of_roles_bites_on_the_next_request(sign_in: SignIn, database: Database) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist")
    assert other.get("/board").status_code == 200
    assert send_roles(manager, other, "auditor", seen="receptionist") == 303
    assert roles_of(database, other.account_id) == {"auditor"}
    assert other.get("/board").status_code == 303


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(sign_in: SignIn, database: Database) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist")
    assert send_roles(manager, other, "clinician", seen="biller") == 409
    assert send_roles(manager, other, seen="receptionist") == 422
    assert roles_of(database, other.account_id) == {"receptionist"}
    assert other.get("/board").status_code == 200


def test_somebody_disabled_is_out_at_once_and_back_when_enabled(
    app: Flask, sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    manager, account = sign_in("manager"), make_account()
    enter(visitor, account)
    assert visitor.get("/board").status_code == 200
    assert manager.post(f"/accounts/{account.id}/disable").status_code == 303
    assert visitor.get("/board").status_code == 303
    assert enter(Visitor(app, app.test_client()), account).status_code == 422
    assert "Disabled" in manager.get("/accounts").text
    assert manager.post(f"/accounts/{account.id}/enable").status_code == 303
    back = Visitor(app, app.test_client())
    enter(back, account)
    assert back.get("/board").status_code == 200


def test_a_manager_signs_somebody_out_everywhere(sign_in: SignIn) -> None:
    manager, other = sign_in("manager"), sign_in("biller")
    assert "Sign out everywhere" in manager.get(f"/accounts/{other.account_id}").text
    assert manager.post(f"/accounts/{other.account_id}/end-sessions").status_code == 303
    assert other.get("/home").status_code == 303
    assert "Not signed in anywhere" in manager.get(f"/accounts/{other.account_id}").text


@pytest.mark.parametrize("what", ["roles", "disable", "enable"])
def test_nobody_changes_their_own_account_nor_loses_a_session_by_trying(
    sign_in: SignIn, database: Database, what: str
) -> None:
    sign_in("manager")
    manager = sign_in("manager")
    form = {"role": ["manager", "auditor"], "seen": "manager"}
    answer = manager.post(f"/accounts/{manager.account_id}/{what}", form)
    assert answer.status_code == 409
    assert "You cannot change your own roles or disable yourself" in answer.text
    assert roles_of(database, manager.account_id) == {"manager"}
    assert manager.get("/accounts").status_code == 200


def test_what_managers_did_to_an_account_is_recorded(sign_in: SignIn, database: Database) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist")
    send_roles(manager, other, "auditor", seen="receptionist")
    client, prefix = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"]
    items = client.scan(TableName=f"{prefix}activity")["Items"]
    (item,) = (item for item in items if item.get("detail") == {"S": "account.roles"})
    assert item["account"] == {"S": str(other.account_id)}
    assert item["actor"] == {"S": str(manager.account_id)}
    assert item["roles"] == {"SS": ["manager"]}


def test_the_table_of_roles_says_what_is_enforced(sign_in: SignIn) -> None:
    page = sign_in("biller").get("/roles").text
    rows = dict(re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page, re.DOTALL))
    assert [cell.count("Yes") for cell in re.findall(r"<td>(.*?)</td>", rows["Manage accounts"], re.DOTALL)] == [
        int(role is StaffRole.MANAGER) for role in StaffRole
    ]
