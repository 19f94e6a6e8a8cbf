from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.interop.bundles import (
    MRN,
    bundle,
    entry,
    organization,
    patient,
    read,
    refused,
    urn,
)
from webapp.interop.mapping.records import Identifier, ImportedBundle


def changed(**changes: Any) -> ImportedBundle:
    return read(bundle(entry(patient(**changes))))


def test_national_identifiers_are_dropped_and_counted() -> None:
    found = changed()
    assert found.patients[0].identifiers == (Identifier(MRN, "M-1"),)
    assert dict(found.dropped) == {"Social Security numbers": 1, "driver's licenses": 1, "passports": 1}


@pytest.mark.parametrize(
    "identifier",
    [
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999999999"},
        {"system": "urn:oid:2.16.840.1.113883.4.1", "value": "999999999"},
        {"system": "https://elsewhere.example/id", "value": "123-45-6789"},
        {"value": "123-45-6789"},
        {"system": "https://elsewhere.example/id", "value": "7", "type": {"coding": [{"code": "SS"}]}},
        {"system": "urn:oid:2.16.840.1.113883.4.3.25", "value": "S1"},
        {"system": "urn:oid:2.16.840.1.113883.4.330.840", "value": "P1"},
        {"system": "http://hl7.org/fhir/sid/passport-USA", "value": "P1"},
    ],
)
def test_a_national_identifier_is_known_by_type_by_system_or_by_its_look(identifier: dict[str, Any]) -> None:
    found = changed(identifier=[{"system": MRN, "value": "M-1"}, identifier])
    assert found.patients[0].identifiers == (Identifier(MRN, "M-1"),)
    assert sum(count for _, count in found.dropped) == 1


def test_a_person_without_an_identifier_is_known_by_the_address_of_the_entry() -> None:
    full_url = urn()
    found = read(bundle(entry(patient(identifier=[]), full_url)))
    assert found.patients[0].identifiers == (Identifier("urn:ietf:rfc:3986", full_url),)


def test_an_identifier_without_a_system_names_nobody() -> None:
    full_url = urn()
    found = read(bundle(entry(patient(identifier=[{"value": "17"}]), full_url)))
    assert found.patients[0].identifiers[0].value == full_url


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([{"text": "Ana Lucía Prado"}], ("Ana Lucía", "Prado")),
        ([{"family": "Sukarno"}], ("Unknown", "Sukarno")),
        ([{"given": ["Cher"]}], ("Cher", "Unknown")),
        ([{"use": "old", "family": "Old", "given": ["O"]}, {"family": "Now", "given": ["N"]}], ("N", "Now")),
        ([{"given": ["A", None, "B"], "family": "C"}], ("A B", "C")),
        ([{}, {"family": "Second", "given": ["S"]}], ("S", "Second")),
        ([{"family": "Rosa123", "given": ["Ana456"]}], ("Ana456", "Rosa123")),
    ],
)
def test_a_name_is_taken_as_it_is_given(names: list[dict[str, Any]], expected: tuple[str, str]) -> None:
    person = changed(name=names).patients[0]
    assert (person.given, person.family) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"deceasedDateTime": "2020-05-01T10:00:00Z"}, (True, datetime(2020, 5, 1, 10, tzinfo=UTC))),
        ({"deceasedDateTime": "2020-05-01"}, (True, datetime(2020, 5, 1, 12, tzinfo=UTC))),
        ({"deceasedBoolean": True}, (True, None)),
        ({"deceasedBoolean": False}, (False, None)),
    ],
)
def test_death_is_known_with_or_without_its_day(changes: dict[str, Any], expected: tuple[bool, object]) -> None:
    person = changed(**changes).patients[0]
    assert (person.deceased, person.deceased_at) == expected


def test_what_is_odd_but_harmless_is_read_all_the_same() -> None:
    person = changed(
        gender="banana",
        telecom=[
            {"system": "fax", "value": "1"},
            {"system": "phone", "value": "2", "use": "old"},
            {"system": "sms", "value": "207-555-0111", "rank": 2},
            {"system": "email", "value": "a@example.com", "rank": 1},
            {"use": "home"},
        ],
        communication=[{"language": {"coding": [{"code": "not a language!"}]}}],
        maritalStatus={"text": "Never Married"},
        contact=[{"name": {"given": ["Luis"], "family": "Prado"}, "relationship": [{"text": "husband"}]}],
        unknownElement={"anything": [1, 2]},
    ).patients[0]
    assert (person.gender, person.language, person.marital_status) == ("unknown", "en", "Never Married")
    assert [(each.system, each.use) for each in person.telecoms] == [("email", "home"), ("phone", "mobile")]
    assert (person.contacts[0].name, person.contacts[0].relationship) == ("Luis Prado", "husband")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"birthDate": "2019-02-30"}, "birthDate is an impossible date"),
        ({"birthDate": "2019-13-01"}, "birthDate is an impossible date"),
        ({"birthDate": "0000-01-01"}, "birthDate is an impossible date"),
        ({"birthDate": "1700-01-01"}, "birthDate is an impossible date"),
        ({"birthDate": "2027-01-01"}, "birthDate is an impossible date"),
        ({"birthDate": "1984"}, "birthDate has no day"),
        ({"birthDate": "2/29/1984"}, "birthDate is not a date"),
        ({"birthDate": 19840229}, "birthDate should be text and is a number"),
        ({"birthDate": None}, "birthDate is missing"),
        ({"deceasedDateTime": "1980-01-01T00:00:00Z"}, "deceasedDateTime is an impossible date"),
        ({"deceasedDateTime": "2019-01-01T00:00:00"}, "deceasedDateTime is not a time with its offset"),
        ({"deceasedDateTime": "2019-01-01T25:00:00Z"}, "deceasedDateTime is an impossible date"),
        ({"deceasedBoolean": "yes"}, "deceasedBoolean should be true or false and is text"),
        ({"name": "Zoë"}, "name should be a list and is text"),
        ({"name": ["Zoë"]}, "name[0] should be an object and is text"),
        ({"name": [{"family": ["A"]}]}, "name[0].family should be text and is a list"),
        ({"name": []}, "name is missing"),
        ({"name": [{"family": "x" * 201}]}, "longer than 200"),
        ({"name": [{"family": "a\u0000b"}]}, "cannot be stored"),
        ({"name": [{"family": "a\ud800b"}]}, "cannot be stored"),
        ({"identifier": {"system": "a"}}, "identifier should be a list and is an object"),
        ({"identifier": [{"system": "a", "value": 7}]}, "identifier[0].value should be text"),
        ({"telecom": [None]}, "telecom[0] should be an object and is null"),
        ({"gender": 1}, "gender should be text"),
        ({"address": [{"line": "1 Pine Street"}]}, "address[0].line should be a list"),
        ({"maritalStatus": []}, "maritalStatus should be an object and is a list"),
    ],
)
def test_a_patient_that_cannot_be_right_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    who = entry(patient(**changes))
    fault = refused(bundle(entry(organization()), who))
    assert fault.where == f"entry 1 (Patient {who['fullUrl']})"
    assert reason in fault.reason


def test_a_fault_never_quotes_what_an_element_holds() -> None:
    fault = refused(bundle(entry(patient(birthDate="1984-02-31"))))
    assert "1984" not in str(fault)


def test_the_digest_follows_the_content_and_nothing_else() -> None:
    first, again, other = changed(), changed(), changed(gender="male")
    assert first.patients[0].digest == again.patients[0].digest != other.patients[0].digest
