from typing import Any

from tests.factories import NOW, Clinic
from tests.stack.database import Database
from tests.stack.people import SignIn, Visitor

NEW = {
    "version": "1",
    "phone": "207 555 0177",
    "email": "Rosa@Example.com",
    "line": "418 Congress Street",
    "city": "Portland",
    "state": "ME",
    "postal_code": "04101",
    "language": "es",
    "interpreter_needed": "1",
}


def reach(database: Database, clinic: Clinic) -> list[tuple[Any, ...]]:
    with database.administer() as connection:
        query = "select system, value from patient_telecom where patient_id = %s order by system"
        return connection.execute(query, [clinic.patients[0]]).fetchall()


def test_what_the_desk_writes_down_is_on_the_record(desk: Visitor, database: Database, clinic: Clinic) -> None:
    answer = desk.post(f"/patients/{clinic.patients[0]}/contact", NEW)
    assert (answer.status_code, answer.location) == (303, f"/patients/{clinic.patients[0]}")
    assert reach(database, clinic) == [("email", "rosa@example.com"), ("phone", "(207) 555-0177")]
    page = desk.get(answer.location).text
    for shown in ("Contact saved.", "418 Congress Street", "Spanish"):
        assert shown in page
    form = desk.get(f"/patients/{clinic.patients[0]}/contact").text
    assert 'value="(207) 555-0177"' in form
    assert 'name="version" value="2"' in form


def test_two_desks_never_overwrite_each_other_silently(desk: Visitor, database: Database, clinic: Clinic) -> None:
    path = f"/patients/{clinic.patients[0]}/contact"
    desk.post(path, NEW)
    before = reach(database, clinic)
    answer = desk.post(path, NEW | {"phone": "207 555 0188"})
    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.text
    assert 'value="207 555 0188"' in answer.text
    assert reach(database, clinic) == before


def test_what_cannot_be_is_said_beside_its_field_and_kept(desk: Visitor, database: Database, clinic: Clinic) -> None:
    before = reach(database, clinic)
    answer = desk.post(f"/patients/{clinic.patients[0]}/contact", NEW | {"phone": "12", "email": "rosa"})
    assert answer.status_code == 422
    assert 'href="#f-phone"' in answer.text
    assert 'href="#f-email"' in answer.text
    assert 'value="12"' in answer.text
    assert reach(database, clinic) == before


def test_who_may_not_edit_is_not_offered_it(desk: Visitor, sign_in: SignIn, clinic: Clinic) -> None:
    record = f"/patients/{clinic.patients[0]}"
    assert f"{record}/contact" in desk.get(record).text
    biller = sign_in("biller", at=NOW)
    assert f"{record}/contact" not in biller.get(record).text
    assert biller.get(f"{record}/contact").status_code == 403
