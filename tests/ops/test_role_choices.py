"""Where a role holds, as managers choose it: offered where there is a choice, checked, shown in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests import factories
from tests.factories import NOW
from tests.stack.people import SignIn, Visitor

if TYPE_CHECKING:
    from tests.stack.database import Database

INVITED = {"display_name": "Nora Lindqvist", "email": "nora@clinic.example"}


@pytest.fixture
def bath(database: Database) -> UUID:
    with database.administer() as connection:
        return factories.location(connection, name="Bath")


@pytest.fixture
def wells(database: Database) -> UUID:
    with database.administer() as connection:
        return factories.location(connection, name="Wells")


def held(database: Database, account: UUID | None) -> dict[str, set[UUID] | None]:
    """The roles of an account, None for everywhere."""
    query = """
        SELECT r.role, r.everywhere, array_remove(array_agg(l.location_id), NULL) FROM account_role AS r
        LEFT JOIN account_role_location AS l USING (account_id, role) WHERE r.account_id = %s GROUP BY 1, 2
    """
    with database.administer() as connection:
        rows = connection.execute(query, (account,)).fetchall()
    return {role: None if everywhere else set(sites) for role, everywhere, sites in rows}


def made(database: Database) -> UUID:
    with database.administer() as connection:
        row = connection.execute("SELECT id FROM account WHERE email = 'nora@clinic.example'").fetchone()
    assert row is not None
    return UUID(str(row[0]))


def only_at(role: str, *sites: UUID | str) -> dict[str, Any]:
    return {f"reach-{role}": "some", f"site-{role}": [str(site) for site in sites]}


def change(manager: Visitor, other: Visitor, **form: Any) -> Any:
    return manager.post(f"/accounts/{other.account_id}/roles", form)


def test_the_choice_is_offered_for_roles_that_do_something_at_a_location(
    sign_in: SignIn, bath: UUID, wells: UUID
) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist")
    for page in (manager.get("/accounts/invite").text, manager.get(f"/accounts/{other.account_id}").text):
        for role in ("receptionist", "clinician", "biller", "coordinator"):
            assert f'name="site-{role}" value="{bath}"' in page
        for role in ("manager", "auditor"):
            assert f'name="reach-{role}"' not in page


def test_a_clinic_with_one_location_in_use_is_not_asked(sign_in: SignIn, database: Database, bath: UUID) -> None:
    with database.administer() as connection:
        factories.location(connection, name="Closed", retired_at=NOW)
    manager, other = sign_in("manager"), sign_in("receptionist")
    assert "reach-receptionist" not in manager.get("/accounts/invite").text
    assert "reach-receptionist" not in manager.get(f"/accounts/{other.account_id}").text
    assert manager.post("/accounts/invite", {**INVITED, "role": "receptionist"}).status_code == 200
    assert held(database, made(database)) == {"receptionist": None}


def test_whoever_is_limited_keeps_the_choice_when_one_location_is_left(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID
) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist", sites=(wells,))
    with database.administer() as connection:
        connection.execute("UPDATE location SET retired_at = %s WHERE id = %s", (NOW, wells))
    page = manager.get(f"/accounts/{other.account_id}").text
    assert "reach-receptionist" in page
    assert str(wells) not in page.replace(f"receptionist@{wells}", "")
    assert "Receptionist at Wells" in manager.get("/accounts").text
    # A page that did not ask never widens a role: what it showed is not what there is.
    assert change(manager, other, role="receptionist", seen="receptionist").status_code == 409
    assert held(database, other.account_id) == {"receptionist": {wells}}


def test_an_invitation_says_where_a_role_holds(sign_in: SignIn, database: Database, bath: UUID, wells: UUID) -> None:
    manager = sign_in("manager")
    form = {**INVITED, "role": ["receptionist", "biller", "clinician"], **only_at("receptionist", bath)}
    assert manager.post("/accounts/invite", form).status_code == 200
    assert held(database, made(database)) == {"receptionist": {bath}, "biller": None, "clinician": None}
    assert "Receptionist at Bath, Clinician, Biller" in manager.get("/accounts").text
    page = manager.get(f"/accounts/{made(database)}").text
    assert f'name="site-receptionist" value="{bath}" checked' in page
    assert f'name="site-receptionist" value="{wells}" checked' not in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reach-receptionist": "some"}, "Choose at least one location for Receptionist, or everywhere"),
        (only_at("receptionist", uuid4()), "Choose locations from the list"),
        (only_at("receptionist", "bath"), "Choose locations from the list"),
        ({"reach-receptionist": "sometimes"}, "Choose locations from the list"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_everything_else_and_the_input_kept(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID, wrong: dict[str, Any], sentence: str
) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist")
    form = {"role": ["receptionist", "coordinator"], **only_at("coordinator", wells), **wrong}
    answer = manager.post("/accounts/invite", {**INVITED, **form, "email": "nobody"})
    assert answer.status_code == 422
    changed = change(manager, other, seen="receptionist", provider="x", **form)
    assert changed.status_code == 422
    for page, another in ((answer.text, "Enter an email address"), (changed.text, "Choose somebody from the list")):
        assert sentence in page
        assert another in page
        assert 'href="#f-site-receptionist"' in page
        assert f'name="site-coordinator" value="{wells}" checked' in page
    assert held(database, other.account_id) == {"receptionist": None}
    assert other.get("/board").status_code == 200


def test_a_role_that_is_not_given_may_say_anything_about_its_locations(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID
) -> None:
    form = {**INVITED, "role": "auditor", **only_at("receptionist", "nonsense"), **only_at("manager", bath)}
    assert sign_in("manager").post("/accounts/invite", form).status_code == 200
    assert held(database, made(database)) == {"auditor": None}


def test_locations_are_given_changed_and_taken_back_and_each_time_the_person_is_signed_out(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID
) -> None:
    manager = sign_in("manager")
    steps: list[tuple[dict[str, Any], set[UUID] | None]] = [
        (only_at("receptionist", bath, wells), {bath, wells}),
        (only_at("receptionist", wells), {wells}),
        ({"reach-receptionist": "everywhere", "site-receptionist": str(bath)}, None),
    ]
    other = sign_in("receptionist")
    seen = "receptionist"
    for form, wanted in steps:
        assert change(manager, other, role="receptionist", seen=seen, **form).status_code == 303
        assert held(database, other.account_id) == {"receptionist": wanted}
        assert f'name="seen" value="{seen}"' not in manager.get(f"/accounts/{other.account_id}").text
        seen = "receptionist" if wanted is None else f"receptionist@{','.join(sorted(map(str, wanted)))}"
        assert f'name="seen" value="{seen}"' in manager.get(f"/accounts/{other.account_id}").text
        assert other.get("/board").status_code == 303


def test_saving_what_there_is_changes_nothing(sign_in: SignIn, database: Database, bath: UUID, wells: UUID) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist", "patient", sites=None)
    with database.administer() as connection:
        factories.limit(connection, other.account_id or uuid4(), "receptionist", [bath])
        count = "SELECT count(*) FROM audit"
        before = connection.execute(count).fetchone()
        form = only_at("receptionist", bath)
        answer = change(manager, other, role="receptionist", seen=f"receptionist@{bath}", **form)
        assert answer.status_code == 303
        assert connection.execute(count).fetchone() == before
    assert held(database, other.account_id) == {"receptionist": {bath}, "patient": None}


@pytest.mark.parametrize("seen", ["receptionist", "receptionist@", "receptionist@x", "receptionist@{wells}", ""])
def test_a_change_of_locations_that_somebody_else_changed_meanwhile_is_refused(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID, seen: str
) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist", sites=(bath,))
    form = only_at("receptionist", wells)
    answer = change(manager, other, role="receptionist", seen=seen.format(wells=wells), **form)
    assert answer.status_code == 409
    assert held(database, other.account_id) == {"receptionist": {bath}}
    assert other.get("/board").status_code == 200


def test_a_role_taken_away_takes_its_locations_along(
    sign_in: SignIn, database: Database, bath: UUID, wells: UUID
) -> None:
    manager, other = sign_in("manager"), sign_in("receptionist", sites=(bath,))
    assert change(manager, other, role="auditor", seen=f"receptionist@{bath}").status_code == 303
    assert held(database, other.account_id) == {"auditor": None}
    with database.administer() as connection:
        row = connection.execute("SELECT count(*) FROM account_role_location").fetchone()
    assert row == (0,)


def test_nobody_gives_themselves_a_location(sign_in: SignIn, database: Database, bath: UUID) -> None:
    with database.administer() as owner:
        account = factories.account(owner, "receptionist")
        factories.limit(owner, account, "receptionist", [])
    statements = (
        "INSERT INTO account_role_location VALUES (%(account)s, 'receptionist', %(bath)s)",
        "UPDATE account_role SET everywhere = true WHERE account_id = %(account)s",
    )
    for statement in statements:
        with database.connect("app_manager") as connection:
            connection.execute("SELECT set_config('app.actor', %s, false)", (str(account),))
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                connection.execute(statement.encode(), {"account": account, "bath": bath})
            assert refused.value.diag.constraint_name == "account_own_role"


@pytest.mark.parametrize("role", ["manager", "auditor", "patient"])
def test_the_database_lets_no_manager_auditor_or_patient_be_limited(database: Database, role: str) -> None:
    with database.administer() as owner:
        account = factories.account(owner, role)
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            factories.limit(owner, account, role, [])
    assert refused.value.diag.constraint_name == "account_role_everywhere"


def test_every_location_given_or_taken_is_in_the_audit(database: Database, bath: UUID) -> None:
    with database.administer() as owner:
        account = factories.account(owner, "receptionist")
        factories.limit(owner, account, "receptionist", [bath])
        owner.execute("DELETE FROM account_role WHERE account_id = %s", (account,))
        query = "SELECT operation, changes ->> 'location_id' FROM audit WHERE table_name = 'account_role_location'"
        query += " ORDER BY id"
        assert owner.execute(query).fetchall() == [("insert", str(bath)), ("delete", str(bath))]
