"""What patients see, change and take home of their own record: profile, who looked, and the copy of it all."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests.factories import NOW
from tests.full_record import a_full_record
from tests.portal.signing_up import owner
from webapp import clock
from webapp.activity.queries import of_patient
from webapp.identity.permissions import BY_RELATION, Purpose, Relation
from webapp.identity.person import Grant

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection

    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor

__all__ = ["owner"]

REACH = {"phone": "207 555 0177", "line": "1 Main St", "city": "Portland", "state": "ME", "postal_code": "04101"}


@pytest.fixture
def rosa(owner: Connection[Any], clinic: Clinic) -> UUID:
    rosa = clinic.patients[0]
    a_full_record(owner, clinic, rosa, 10)
    a_full_record(owner, clinic, clinic.patients[1], 11)
    return rosa


def own(patient: UUID) -> Grant:
    return Grant(patient, may=BY_RELATION[Relation.SELF], name="Rosa Jimenez")


@pytest.fixture
def me(sign_in: SignIn, rosa: UUID) -> Visitor:
    return sign_in("patient", at=NOW, grants=(own(rosa),))


def copy_of(visitor: Visitor, patient: UUID) -> tuple[str, dict[str, Any]]:
    answer = visitor.post(f"/me/{patient}/download")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="record-2026-11-23.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["record.html", "record.json"]
        return archive.read("record.html").decode(), json.loads(archive.read("record.json"))


# --- profile


def test_phone_and_address_are_changed_and_nothing_else(me: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    version = me.get(f"/me/{rosa}/profile").text.split('name="version" value="')[1].split('"')[0]
    assert me.post(f"/me/{rosa}/profile", REACH | {"version": version}).status_code == 303
    query = "SELECT value, digits FROM patient_telecom WHERE patient_id = %s AND system = 'phone'"
    assert owner.execute(query, (rosa,)).fetchall() == [("(207) 555-0177", "2075550177")]
    query = "SELECT line, city, state, postal_code FROM patient_address WHERE patient_id = %s"
    assert owner.execute(query, (rosa,)).fetchall() == [("1 Main St", "Portland", "ME", "04101")]
    assert me.post(f"/me/{rosa}/profile", REACH | {"version": version}).status_code == 409
    assert me.post(f"/me/{rosa}/profile", REACH | {"version": version, "family": "X"}).status_code == 422
    assert me.post(f"/me/{rosa}/profile", {"phone": "7", "version": "2"}).status_code == 422


@pytest.mark.parametrize(("relation", "status"), [(Relation.PARENT, 200), (Relation.CARER, 404)])
def test_a_parent_changes_the_childs_profile_and_a_carer_does_not(
    sign_in: SignIn, rosa: UUID, relation: Relation, status: int
) -> None:
    may = BY_RELATION[relation] | {Purpose.VISITS, Purpose.RECORDS}
    visitor = sign_in("patient", at=NOW, grants=(Grant(rosa, None, may, relation, name="Mia Jones"),))
    assert visitor.get(f"/me/{rosa}/profile").status_code == status


def test_postgresql_changes_nobody_whom_the_transaction_does_not_act_for(
    database: Any, rosa: UUID, clinic: Clinic
) -> None:
    statement = (
        "SELECT doors.change_reach(%s, 1, 'x', 'x', '', '', '', '', ARRAY[gen_random_uuid(), gen_random_uuid()])"
    )
    with database.connect("app_patient") as connection:
        for scope in ("", str(clinic.patients[1])):
            connection.execute("SELECT set_config('app.patients', %s, false)", (scope,))
            with pytest.raises(Exception, match="not whom one acts for"):
                connection.execute(statement, (rosa,))


# --- who looked


def test_who_looked_is_told_by_name_role_and_in_plain_words(
    me: Visitor, sign_in: SignIn, owner: Connection[Any], rosa: UUID, clinic: Clinic
) -> None:
    desk = sign_in("receptionist", at=NOW)
    owner.execute("UPDATE account SET display_name = 'Kim Park' WHERE id = %s", (desk.account_id,))
    desk.get(f"/patients/{rosa}")
    desk.get(f"/patients/{clinic.patients[1]}")
    with clock.stopped_at(NOW + timedelta(minutes=1)):
        me.get(f"/me/{rosa}/profile")
        page = me.get(f"/me/{rosa}/looks").text
    assert page.index("You") < page.index("Kim Park")
    for words in ("Receptionist", "Opened the record", "Opened phone and address", "8:01\u202fAM", "8:00\u202fAM"):
        assert words in page
    assert page.count("Kim Park") == 1


@pytest.mark.parametrize("before", ["x", "2026", "9999", "\u0000", "2026-11-23T13:00:00.000000Z#x' or 1=1"])
def test_a_place_in_the_list_that_is_none_is_its_beginning(me: Visitor, rosa: UUID, before: str) -> None:
    assert me.get(f"/me/{rosa}/looks", query_string={"before": before}).status_code in {200, 400}


# --- the copy


def test_the_copy_holds_every_table_about_the_person_and_nobody_else(
    app: Flask, me: Visitor, owner: Connection[Any], rosa: UUID, clinic: Clinic
) -> None:
    owner.execute("UPDATE card_on_file SET customer = 'cus_of_the_gateway' WHERE patient_id = %s", (rosa,))
    page, content = copy_of(me, rosa)
    kept = {table for table, rows in content["record"].items() if rows}
    assert kept >= {
        "patient", "patient_identifier", "patient_telecom", "patient_address", "patient_contact", "patient_alert",
        "clinical_alert", "encounter", "encounter_detail", "appointment", "appointment_history", "series",
        "waiting_wish", "waiting_offer", "invoice", "invoice_line", "payment", "refund", "card_on_file", "coverage",
    }  # fmt: skip
    for table, rows in content["record"].items():
        assert {row["id" if table == "patient" else "patient_id"] for row in rows} <= {str(rosa)}, table
    assert str(clinic.patients[1]) not in page + json.dumps(content)
    assert content["record"]["appointment"][0]["service"].startswith("Follow-up")
    assert "Penicillin" in page
    assert "of_the_gateway" not in page + json.dumps(content)
    with app.app_context():
        assert "exported" in {record.action for record in of_patient(rosa)}


def test_the_copy_has_who_looked_up_to_now(me: Visitor, rosa: UUID) -> None:
    me.get(f"/me/{rosa}/profile")
    page, content = copy_of(me, rosa)
    assert {"at", "who", "role", "what", "times"} == set(content["who_looked"][0])
    assert "Opened phone and address" in page


def test_what_was_not_granted_is_not_in_the_copy(sign_in: SignIn, rosa: UUID) -> None:
    records = Grant(rosa, None, frozenset({Purpose.RECORDS}), Relation.CARER, name="Rosa Jimenez")
    _, content = copy_of(sign_in("patient", at=NOW, grants=(records,)), rosa)
    assert "clinical_alert" in content["record"]
    assert not {"appointment", "invoice", "payment", "waiting_wish"} & set(content["record"])
    visits = Grant(rosa, None, frozenset({Purpose.VISITS, Purpose.MONEY}), Relation.CARER)
    assert sign_in("patient", at=NOW, grants=(visits,)).post(f"/me/{rosa}/download").status_code == 404


def test_text_that_people_typed_stays_text_in_the_copy(me: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    evil = '</td><script>alert(1)</script>=HYPERLINK("x")../../etc/passwd'
    owner.execute("UPDATE patient_contact SET name = %s WHERE patient_id = %s", (evil, rosa))
    page, content = copy_of(me, rosa)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert content["record"]["patient_contact"][0]["name"] == evil


def test_the_copy_asks_for_the_password_when_that_was_long_ago(me: Visitor, rosa: UUID) -> None:
    with clock.stopped_at(NOW + timedelta(minutes=6)):
        assert me.post(f"/me/{rosa}/download").location.startswith("/session/renew")


def test_a_copy_changes_nothing_and_a_strangers_is_404(
    me: Visitor, rosa: UUID, owner: Connection[Any], clinic: Clinic
) -> None:
    before = owner.execute("SELECT count(*) FROM audit").fetchone()
    copy_of(me, rosa)
    assert me.post(f"/me/{clinic.patients[1]}/download").status_code == 404
    assert me.post(f"/me/{uuid4()}/download").status_code == 404
    assert owner.execute("SELECT count(*) FROM audit").fetchone() == before
