from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from webapp.db import Role, Scope, db, transactional
from webapp.errors import NotFound, VersionConflict
from webapp.patients.actions import change_contact, register
from webapp.patients.models import Patient
from webapp.patients.queries import desk_record, possible_duplicates, search
from webapp.patients.registration import ContactChange, NewPatient

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
BORN = dt.date(1973, 3, 4)
Register = Callable[..., UUID]

CROWD = """
insert into resource (id, kind) select md5(n::text)::uuid, 'patient' from generate_series(1, 100000) n;
insert into patient (id, family, given, family_key, given_key, name_key, birth_date, gender, created_at)
select md5(n::text)::uuid, f, g, f, g, g || ' ' || f, date '1930-01-01' + n % 34000, 'female', now()
from (
    select n, substr(md5((n % 4001)::text), 1, 7) as f, substr(md5((n % 307)::text || 'g'), 1, 6) as g
    from generate_series(1, 100000) n
) names;
insert into patient_telecom (id, patient_id, system, value, digits)
select md5(n::text || 't')::uuid, md5(n::text)::uuid, 'phone', 'x', (2000000000 + n::bigint * 61927)::text
from generate_series(1, 100000) n;
"""


def desk() -> Any:
    return transactional(Scope(Role.DESK, None, NOW, "test"))


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def add(app: Flask) -> Register:
    def added(given: str, family: str, born: dt.date = BORN, phone: str = "(207) 555-0142", **more: Any) -> UUID:
        with desk():
            return register(NewPatient(given, family, born, phone, **more), at=NOW).id

    return added


def found(typed: str, **options: Any) -> list[str]:
    with desk():
        return [person.name for person in search(typed, today=TODAY, **options)]


def test_a_registered_person_has_a_record_number_and_can_be_reached(add: Register) -> None:
    person = add("José", "O'Brien", email="jose@example.com", gender="male")
    with desk():
        record = desk_record(person)
        assert (record.record_number, record.family_key, record.gender) == (record.record_number, "obrien", "male")
        assert record.record_number > 100_000
        assert [(each.system, each.value, each.digits) for each in record.telecoms] == [
            ("phone", "(207) 555-0142", "2075550142"),
            ("email", "jose@example.com", ""),
        ]


@pytest.mark.parametrize(
    "typed",
    [
        "jim",
        "JIMÉ",
        "ro",
        "rosa jim",
        "jim rosa",
        "jimenez, ro",
        "ruiz jimenez",
        "maria jim",
        "menez",
        "3/4/1973",
        "rosa 3/4/73",
        "jim 1973-03-04",
        "Mar 4, 1973",
        "2075550142",
        "(207) 555-0142",
        "5550142",
        "0142",
        "207555",
    ],
)
def test_a_person_is_found_by_any_part_of_what_is_known(add: Register, typed: str) -> None:
    add("Rosa María", "Ruiz Jiménez")
    add("Adam", "Other", dt.date(1990, 1, 1), "(603) 555-0199")
    assert found(typed) == ["Rosa María Ruiz Jiménez"]


def test_a_person_is_found_by_record_number(add: Register) -> None:
    person = add("Rosa", "Jimenez")
    with desk():
        number = desk_record(person).record_number
    assert found(f"MRN {number}") == ["Rosa Jimenez"]


@pytest.mark.parametrize(
    "typed", ["", " ", "%", "_", "\\", "jim%", "%%%", "1", "x' or '1'='1", "\u0000", "\ud800", "9" * 60]
)
def test_what_nobody_is_called_finds_nobody(add: Register, typed: str) -> None:
    add("Rosa", "Jones")
    assert found(typed) == []


def test_who_comes_today_stands_first(add: Register) -> None:
    add("Ann", "Smith", phone="(207) 555-0101")
    coming = add("Zoe", "Smith", phone="(207) 555-0102")
    assert found("smi") == ["Ann Smith", "Zoe Smith"]
    assert found("smi", first=[coming]) == ["Zoe Smith", "Ann Smith"]


def test_no_more_people_than_asked_for_and_none_twice(add: Register) -> None:
    for number in range(12):
        add("Sam", f"Sam{chr(97 + number)}")
    assert len(found("sam")) == 8
    assert len(set(found("sam", limit=20))) == 12


def test_a_merged_record_is_not_found(add: Register, database: Database) -> None:
    kept, merged = add("Rosa", "Jimenez"), add("Rosa", "Jimenes")
    with database.administer() as admin:
        admin.execute("update patient set merged_into = %s where id = %s", (kept, merged))
    assert found("jim") == ["Rosa Jimenez"]
    assert found("0142") == ["Rosa Jimenez"]


@pytest.mark.parametrize(
    "new",
    [
        NewPatient("Rosa", "Jimenez", BORN, "(603) 555-0111"),
        NewPatient("Rosie", "Jiménez", BORN, "(603) 555-0111"),
        NewPatient("Rosa", "Smith", BORN, "(603) 555-0111"),
        NewPatient("Rosa", "Smith", dt.date(1990, 1, 1), "(207) 555-0142"),
    ],
)
def test_people_who_may_be_the_same_are_named(add: Register, new: NewPatient) -> None:
    add("Rosa", "Jimenez")
    with desk():
        assert [person.name for person in possible_duplicates(new)] == ["Rosa Jimenez"]


def test_namesakes_born_on_other_days_and_twins_are_told_apart(add: Register) -> None:
    add("Rosa", "Jimenez")
    with desk():
        assert possible_duplicates(NewPatient("Rosa", "Jimenez", dt.date(1990, 1, 1), "(603) 555-0111")) == []
        assert possible_duplicates(NewPatient("Ann", "Smith", BORN, "(207) 555-0142")) == []


def test_a_new_contact_takes_the_place_of_the_old_one(add: Register) -> None:
    person = add("Rosa", "Jimenez", email="old@example.com")
    change = ContactChange(1, "(603) 555-0111", line="1 Pine Street", city="Portland", language="es")
    with desk():
        change_contact(person, change, at=NOW)
    with desk():
        record = desk_record(person)
        assert [each.value for each in record.telecoms] == ["(603) 555-0111"]
        assert (record.addresses[0].line, record.language, record.version) == ("1 Pine Street", "es", 2)


def test_a_contact_changed_by_somebody_else_meanwhile_is_refused(add: Register) -> None:
    person = add("Rosa", "Jimenez")
    with desk():
        change_contact(person, ContactChange(1, "(603) 555-0111"), at=NOW)
    with pytest.raises(VersionConflict), desk():
        change_contact(person, ContactChange(1, "(603) 555-0122"), at=NOW)


def test_a_person_who_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound), desk():
        desk_record(uuid4())
    with pytest.raises(NotFound), desk():
        change_contact(uuid4(), ContactChange(1, "(603) 555-0111"), at=NOW)


def test_another_role_than_the_patients_own_sees_nobody_else(add: Register) -> None:
    add("Rosa", "Jimenez")
    with transactional(Scope(Role.PATIENT, None, NOW, "test"), read_only=True):
        assert db.session.query(Patient).all() == []


@pytest.mark.slow
def test_no_search_reads_a_whole_table_of_a_hundred_thousand(database: Database) -> None:
    with database.administer() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(CROWD)
        admin.execute("analyze resource; analyze patient; analyze patient_telecom")
    searches = (
        "a",
        "abc",
        "ab cd",
        "ab, cd",
        "zzzz",
        "zzz yyy",
        "3/4/1973",
        "abc 3/4/1973",
        "104882",
        "5550142",
        "207",
    )
    new = NewPatient("Abc", "Def", BORN, "(207) 555-0142")
    with desk():
        plans = explained(lambda: [search(typed, today=TODAY, first=[uuid4()]) for typed in searches])
        plans += explained(lambda: possible_duplicates(new))
    assert len(plans) > len(searches)
    for statement, plan in plans:
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"


def explained(run: Callable[[], object]) -> list[tuple[str, str]]:
    """EXPLAIN every query a call makes, as the role that makes it and with the settings of that moment."""
    plans: list[tuple[str, str]] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:  # noqa: FBT001 - SQLAlchemy calls it
        if "from patient" in statement.lower():
            rows = cursor.connection.execute(f"explain {statement}", parameters).fetchall()
            plans.append((statement, "\n".join(row[0] for row in rows)))

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        run()
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    return plans


def test_a_merged_record_is_found_by_its_number_and_former_name_and_leads_to_the_one_that_stays(
    add: Register, database: Database
) -> None:
    kept, merged = add("Rosa", "Jimenez"), add("Rosa", "Carvalho", phone="(603) 555-0133")
    with database.administer() as admin:
        admin.execute("update patient set merged_into = %s where id = %s", (kept, merged))
    with desk():
        number = desk_record(merged).record_number
        for typed in ("carv", "arvalh", f"MRN {number}", "603 555 0133"):
            (person,) = search(typed, today=TODAY)
            assert (person.id, person.name, person.former) == (kept, "Rosa Jimenez", (("Rosa Carvalho", number),))
