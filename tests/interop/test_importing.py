from __future__ import annotations

import gc
import json
import threading
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interop.bundles import MRN, NPI, Write, bundle, encounter, entry, patient, practitioner, record
from webapp.db import Role, Scope, transactional
from webapp.interop.actions import Tally
from webapp.interop.importing import Import
from webapp.patients.actions import change_contact
from webapp.patients.registration import ContactChange

if TYPE_CHECKING:
    from flask import Flask


NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SIXTY = Path(__file__).parents[2] / "demo" / "synthea"
TABLES = (
    "patient patient_identifier patient_telecom patient_address practitioner organization encounter encounter_detail"
)

pytestmark = pytest.mark.usefixtures("in_app")


def counts(admin: psycopg.Connection[Any], tables: str = TABLES) -> dict[str, int]:
    return {table: one(admin, f"select count(*) from {table}") for table in tables.split()}


def one(admin: psycopg.Connection[Any], query: str, *values: object) -> Any:
    row = admin.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def imported(*paths: Path, at: datetime = NOW) -> Import:
    course = Import(at)
    for path in paths:
        course.add(path)
    return course


def test_a_record_is_stored_with_everything_that_belongs_to_it(admin: psycopg.Connection[Any], write: Write) -> None:
    course = imported(write(record(visits=3)))
    assert course.failed == []
    assert counts(admin) == {
        "patient": 1,
        "patient_identifier": 1,
        "patient_telecom": 1,
        "patient_address": 1,
        "practitioner": 1,
        "organization": 1,
        "encounter": 3,
        "encounter_detail": 3,
    }
    found = admin.execute(
        "select family_key, given_key, name_key, digits, kind, synthetic from patient"
        " join patient_telecom t on t.patient_id = patient.id join resource r on r.id = patient.id"
    ).fetchone()
    assert found == ("astrom oneil", "zoe maria", "zoe maria astrom oneil zak", "2075550143", "patient", False)
    assert one(admin, "select count(*) from patient_identifier where value like '999%%'") == 0
    assert one(admin, "select count(*) from occupancy") == 0


def test_importing_again_changes_no_row(admin: psycopg.Connection[Any], write: Write) -> None:
    path = write(record())
    imported(path)
    before = counts(admin, f"{TABLES} audit jobs.procrastinate_jobs")
    versions = admin.execute("select xmin::text from patient union all select xmin::text from encounter").fetchall()
    course = imported(path, at=NOW.replace(hour=18))
    assert course.stored.patients == course.stored.practitioners == course.stored.organizations == Tally(0, 0, 1)
    assert course.stored.encounters == Tally(0, 0, 2)
    assert counts(admin, f"{TABLES} audit jobs.procrastinate_jobs") == before
    assert (
        admin.execute("select xmin::text from patient union all select xmin::text from encounter").fetchall()
        == versions
    )


def test_a_changed_file_changes_what_it_describes(admin: psycopg.Connection[Any], write: Write) -> None:
    first = record()
    imported(write(first))
    second = json.loads(json.dumps(first))
    person = second["entry"][0]["resource"]
    person["telecom"] = [{"system": "email", "value": "zoe@example.com"}]
    person["identifier"].append({"system": "https://elsewhere.example/mrn", "value": "E-1"})
    second["entry"][3]["resource"]["period"]["end"] = "2019-03-10T02:00:00-05:00"
    second["entry"][4]["resource"]["type"][0]["text"] = "Something else"
    course = imported(write(second))
    assert course.stored.patients == Tally(0, 1, 0)
    assert course.stored.encounters == Tally(0, 2, 0)
    assert counts(admin, "patient patient_identifier patient_telecom encounter") == {
        "patient": 1,
        "patient_identifier": 2,
        "patient_telecom": 1,
        "encounter": 2,
    }
    assert one(admin, "select version from patient") == 2
    assert one(admin, "select value from patient_telecom") == "zoe@example.com"
    assert one(admin, "select count(*) from encounter_detail where type_text = 'Something else'") == 1


def test_what_the_desk_corrected_survives_an_unchanged_file(admin: psycopg.Connection[Any], write: Write) -> None:
    path = write(record())
    imported(path)
    person = one(admin, "select id from patient")
    with transactional(Scope(Role.DESK, None, NOW, "desk")):
        change_contact(person, ContactChange(version=1, phone="(207) 555-0199"), at=NOW)
    imported(path)
    assert one(admin, "select value from patient_telecom") == "(207) 555-0199"


def test_people_are_matched_by_any_identifier(admin: psycopg.Connection[Any], write: Write) -> None:
    imported(write(record("M-1")))
    other = record("M-1", visits=1)
    other["entry"][0]["resource"]["identifier"].insert(0, {"system": "https://elsewhere.example/mrn", "value": "E-1"})
    course = imported(write(other))
    assert (course.stored.patients.created, one(admin, "select count(*) from patient")) == (0, 1)
    assert one(admin, "select count(*) from encounter") == 3


def test_identifiers_of_two_records_are_refused(admin: psycopg.Connection[Any], write: Write) -> None:
    imported(write(record("M-1"), "1.json"), write(record("M-2"), "2.json"))
    both = [{"system": MRN, "value": "M-1"}, {"system": MRN, "value": "M-2"}]
    course = imported(write(bundle(entry(patient(identifier=both)))))
    ((_, fault),) = course.failed
    assert fault.where.startswith("entry 0 (Patient ")
    assert "two different records" in fault.reason


def test_practitioners_and_places_of_many_bundles_are_one(admin: psycopg.Connection[Any], write: Write) -> None:
    files = [write(record(f"M-{n}"), f"{n}.json") for n in range(3)]
    other = record("M-9")
    other["entry"][2]["resource"]["name"][0]["family"] = "Somebody Else"
    imported(*files, write(other, "9.json"))
    assert counts(admin, "practitioner organization patient") == {"practitioner": 1, "organization": 1, "patient": 4}
    # Two sources that disagree must not take turns for ever.
    again = imported(*files, write(other, "9.json"))
    assert again.stored.practitioners == Tally(0, 0, 4)
    assert one(admin, "select family from practitioner") == "Diallo"


def test_a_practitioner_of_an_earlier_file_is_found_by_identifier(admin: psycopg.Connection[Any], write: Write) -> None:
    imported(write(bundle(entry(practitioner("77"))), "practitionerInformation.json"))
    who = entry(patient())
    imported(write(bundle(who, entry(encounter(who["fullUrl"], f"Practitioner?identifier={NPI}|77")))))
    assert one(admin, "select count(*) from encounter e join practitioner p on p.id = e.practitioner_id") == 1


def test_nothing_of_a_refused_bundle_stays(admin: psycopg.Connection[Any], write: Write) -> None:
    value = record()
    who = value["entry"][0]["fullUrl"]
    value["entry"].append(entry(encounter(who, f"Practitioner?identifier={NPI}|nobody")))
    course = imported(write(value))
    ((path, fault),) = course.failed
    assert path.name == "bundle.json"
    assert fault.where == f"entry 6 (Encounter {value['entry'][6]['fullUrl']})"
    assert "dangling reference" in fault.reason
    assert set(counts(admin, f"{TABLES} resource audit").values()) == {0}
    assert course.dropped.total() == 0


def test_a_person_known_to_have_died_without_a_day_cannot_be_booked(
    admin: psycopg.Connection[Any], write: Write
) -> None:
    path = write(record(deceasedBoolean=True))
    imported(path)
    imported(write(record(deceasedBoolean=True, gender="other")), at=NOW.replace(hour=20))
    assert one(admin, "select deceased_at from patient") == NOW


def test_two_imports_at_once_bring_everybody_once(admin: psycopg.Connection[Any], app: Flask, write: Write) -> None:
    files = [write(record(f"M-{n}", npi=f"{n % 3}"), f"{n}.json") for n in range(12)]
    courses: list[Import] = []

    def bring(paths: list[Path]) -> None:
        with app.app_context():
            courses.append(imported(*paths))

    threads = [threading.Thread(target=bring, args=(paths,)) for paths in (files, files, files[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [course.failed for course in courses] == [[], [], []]
    assert counts(admin, "patient practitioner organization encounter") == {
        "patient": 12,
        "practitioner": 3,
        "organization": 1,
        "encounter": 24,
    }
    assert sum(course.stored.patients.created for course in courses) == 12


def test_memory_does_not_grow_with_the_number_of_bundles(write: Write) -> None:
    files = [write(record(f"M-{n}", visits=40), f"{n}.json") for n in range(45)]
    course = imported(*files[:5])
    gc.collect()
    tracemalloc.start()
    try:
        for path in files[5:15]:
            course.add(path)
        gc.collect()
        early = tracemalloc.get_traced_memory()[0]
        for path in files[15:]:
            course.add(path)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - early < 300_000
    finally:
        tracemalloc.stop()


def test_sixty_real_records_take_a_few_seconds_of_work(admin: psycopg.Connection[Any]) -> None:
    # Work, not wall time: tests beside this one share the cores. Alone, the sixty are in within 3 of the 20 seconds.
    started = time.process_time()
    course = imported(*sorted(SIXTY.glob("*.json.gz")))
    assert time.process_time() - started < 8
    assert course.failed == []
    assert counts(admin, "patient practitioner organization encounter") == {
        "patient": 60,
        "practitioner": 52,
        "organization": 52,
        "encounter": 1628,
    }
    assert dict(course.dropped) == {"Social Security numbers": 60, "driver's licenses": 52, "passports": 50}
    assert one(admin, "select count(*) from patient where family_key = 'ordonez'") == 1
