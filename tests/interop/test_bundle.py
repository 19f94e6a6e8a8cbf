from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interop.bundles import (
    MRN,
    NPI,
    bundle,
    document,
    encounter,
    entry,
    organization,
    patient,
    practitioner,
    record,
    urn,
)
from webapp.interop.mapping.bundle import read_bundle
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.reading import Document
from webapp.interop.mapping.records import Address, Identifier, ImportedBundle, Telecom

TODAY = dt.date(2026, 11, 23)


def read(value: object) -> ImportedBundle:
    return read_bundle(document(value), TODAY)


def refused(value: object) -> Fault:
    with pytest.raises(Fault) as caught:
        read(value)
    return caught.value


def changed(**changes: Any) -> ImportedBundle:
    return read(bundle(entry(patient(**changes))))


def test_a_record_is_read_with_its_people_places_and_visits() -> None:
    found = read(record(visits=3))
    (person,) = found.patients
    assert (person.given, person.family, person.prefix, person.maiden_name) == (
        "Zoë Maria",
        "Åström-O'Neil",
        "Mrs.",
        "Żak",
    )
    assert (person.birth_date, person.gender, person.language) == (dt.date(1984, 2, 29), "female", "sv")
    assert person.telecoms == (Telecom("phone", "207-555-0143", "mobile", 1),)
    assert person.addresses == (Address("1 Pine Street, Apt 2", "Portland", "ME", "04101"),)
    assert found.practitioners[0].identifier == Identifier(NPI, "1234567890")
    assert found.organizations[0].name == "BAYSIDE HOSPITAL"
    assert len(found.encounters) == 3
    visit = found.encounters[0]
    assert (visit.starts_at, visit.ends_at) == (
        datetime(2019, 3, 10, 6, 30, tzinfo=UTC),
        datetime(2019, 3, 12, 7, 30, tzinfo=UTC),
    )
    assert visit.practitioner == found.practitioners[0].identifier
    assert visit.organization == found.organizations[0].identifier
    assert visit.type.text == "Encounter for symptom"
    assert visit.reason is not None
    assert visit.reason.text == "Sinusitis"


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


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection"])
def test_kinds_of_bundles_that_carry_records_are_read(kind: str) -> None:
    assert read({**record(), "type": kind}).patients


def test_a_bundle_without_entries_brings_nothing() -> None:
    assert read(bundle()) == ImportedBundle()


def test_references_by_type_and_id_by_address_by_identifier_and_by_query_are_followed() -> None:
    who, by, at = entry(patient(id="p1")), entry(practitioner(id="d1")), entry(organization(id="o1"))
    seen = [
        encounter("Patient/p1", "Practitioner/d1", "Organization/o1"),
        encounter("https://fhir.example/r4/Patient/p1", f"Practitioner?identifier={NPI}|1234567890"),
        encounter(who["fullUrl"]) | {"subject": {"identifier": {"system": MRN, "value": "M-1"}}},
    ]
    found = read(bundle(*(entry(each) for each in seen), who, by, at))
    assert {each.patient for each in found.encounters} == {Identifier(MRN, "M-1")}
    assert found.encounters[1].practitioner == Identifier(NPI, "1234567890")


def test_a_practitioner_of_another_file_is_left_to_be_looked_up() -> None:
    who = entry(patient())
    found = read(bundle(who, entry(encounter(who["fullUrl"], f"Practitioner?identifier={NPI}|77"))))
    assert found.encounters[0].practitioner == Identifier(NPI, "77")


def test_a_visit_entered_in_error_or_without_a_start_is_passed_over_and_counted() -> None:
    who = entry(patient())
    seen = [encounter(who["fullUrl"], status="entered-in-error"), encounter(who["fullUrl"], period={})]
    found = read(bundle(who, *map(entry, seen)))
    assert found.encounters == ()
    assert sum(count for _, count in found.skipped) == 2


def test_a_visit_without_an_address_is_known_by_its_id_beside_the_person() -> None:
    who = entry(patient())
    seen = entry(encounter(who["fullUrl"], id="e9"))
    del seen["fullUrl"]
    assert read(bundle(who, seen)).encounters[0].identifier == Identifier(MRN, "M-1/Encounter/e9")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "not a Bundle"),
        (None, "not a Bundle"),
        ({"resourceType": "Patient"}, "not a Bundle"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        (bundle(type="history"), "Bundle.type"),
        (bundle(type=7), "Bundle.type should be text"),
        (bundle(entry="x"), "Bundle.entry should be a list"),
        (bundle(entry=[7]), "entry 0: entry should be an object"),
        (bundle(entry=[{}]), "entry 0: the entry has no resource"),
        (bundle(entry=[{"resource": {}}]), "entry 0: resource.resourceType is missing"),
        (bundle(entry=[{"request": {"method": "DELETE"}}]), "entry 0: the entry asks for something else"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_reason(value: object, reason: str) -> None:
    assert reason in str(refused(value))


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


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}, "dangling reference"),
        ({"subject": {"reference": "Patient/elsewhere"}}, "dangling reference"),
        ({"subject": {"reference": 7}}, "should be text"),
        ({"subject": {}}, "reference is missing"),
        ({"subject": None}, "subject is missing"),
        ({"participant": [{"individual": {"reference": "urn:uuid:nobody"}}]}, "dangling reference"),
        ({"serviceProvider": {"reference": "urn:uuid:nowhere"}}, "dangling reference"),
        ({"period": {"start": "2019-02-30T10:00:00Z"}}, "period.start is an impossible date"),
        ({"period": {"start": "2019-02-03T10:61:00Z"}}, "period.start is an impossible date"),
        ({"period": {"start": "2019-02-03 10:00"}}, "period.start is not a time"),
        ({"period": {"start": "2019"}}, "period.start has no day"),
        ({"period": {"start": "2019-02-03T10:00:00Z", "end": "2019-02-03T09:59:59Z"}}, "ends before it starts"),
        ({"period": "2019"}, "period should be an object"),
        ({"type": {}}, "type should be a list"),
        ({"class": "AMB"}, "class should be an object"),
    ],
)
def test_a_visit_that_cannot_be_right_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    who = entry(patient())
    seen = entry(encounter(who["fullUrl"], **changes))
    fault = refused(bundle(who, seen))
    assert fault.where == f"entry 1 (Encounter {seen['fullUrl']})"
    assert reason in fault.reason


def test_a_dangling_reference_is_found_in_resources_that_are_not_mapped() -> None:
    claim = entry({"resourceType": "Claim", "item": [{"encounter": [{"reference": "urn:uuid:gone"}]}]})
    assert refused(bundle(entry(patient()), claim)).where.startswith("entry 1 (Claim ")


def test_a_visit_of_an_organization_is_refused() -> None:
    at = entry(organization())
    assert "should refer to a Patient" in refused(bundle(at, entry(encounter(at["fullUrl"])))).reason


def test_an_address_or_an_identifier_used_twice_is_refused() -> None:
    who = entry(patient())
    assert "earlier entry" in refused(bundle(who, entry(patient("M-2"), who["fullUrl"]))).reason
    assert "earlier entry" in refused(bundle(who, entry(patient("M-1")))).reason


def test_a_fault_never_quotes_what_an_element_holds() -> None:
    fault = refused(bundle(entry(patient(birthDate="1984-02-31"))))
    assert "1984" not in str(fault)


def test_a_leap_second_and_long_fractions_are_times() -> None:
    who = entry(patient())
    period = {"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:00:00.123456789Z"}
    found = read(bundle(who, entry(encounter(who["fullUrl"], period=period)))).encounters[0]
    assert found.starts_at == datetime(2017, 1, 1, tzinfo=UTC)
    assert found.ends_at == datetime(2017, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)


def test_the_digest_follows_the_content_and_nothing_else() -> None:
    first, again, other = changed(), changed(), changed(gender="male")
    assert first.patients[0].digest == again.patients[0].digest != other.patients[0].digest


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=6,
)


def paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [deeper for key, each in value.items() for deeper in paths(each, (*path, key))]
    if isinstance(value, list):
        found += [deeper for n, each in enumerate(value) for deeper in paths(each, (*path, n))]
    return found


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_bundle_it_is_read_or_refused(data: st.DataObject) -> None:
    value: Any = record()
    path = data.draw(st.sampled_from(paths(value)[1:]))
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(anything)
    else:
        del holder[path[-1]]
    try:
        read_bundle(Document(value, frozenset()), TODAY)
    except Fault as fault:
        assert str(fault)  # noqa: PT017 - reading it is as good as refusing it, with a reason


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_json_at_all_is_read_or_refused(value: object) -> None:
    try:
        read_bundle(Document(value, frozenset()), TODAY)
    except Fault as fault:
        assert str(fault)  # noqa: PT017 - as above
