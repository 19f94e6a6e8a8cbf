from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime

import pytest

from tests.interop.bundles import (
    MRN,
    NPI,
    bundle,
    encounter,
    entry,
    organization,
    patient,
    practitioner,
    read,
    record,
    refused,
)
from webapp.interop.mapping.records import Address, Identifier, ImportedBundle, Telecom


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


def test_a_dangling_reference_is_found_in_resources_that_are_not_mapped() -> None:
    claim = entry({"resourceType": "Claim", "item": [{"encounter": [{"reference": "urn:uuid:gone"}]}]})
    assert refused(bundle(entry(patient()), claim)).where.startswith("entry 1 (Claim ")


def test_an_address_or_an_identifier_used_twice_is_refused() -> None:
    who = entry(patient())
    assert "earlier entry" in refused(bundle(who, entry(patient("M-2"), who["fullUrl"]))).reason
    assert "earlier entry" in refused(bundle(who, entry(patient("M-1")))).reason
