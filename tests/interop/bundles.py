"""Small bundles of the kind that record generators write, made up here; each call gives a fresh one to spoil."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from webapp.interop.mapping.bundle import read_bundle
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.reading import Document, parse_document
from webapp.interop.mapping.records import ImportedBundle

TODAY = dt.date(2026, 11, 23)
Json = dict[str, Any]
Write = Callable[..., Path]
MRN = "https://hospital.example/mrn"
SSN = "http://hl7.org/fhir/sid/us-ssn"
NPI = "http://hl7.org/fhir/sid/us-npi"


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def entry(resource: Json, full_url: str | None = None) -> Json:
    kind = resource["resourceType"]
    return {"fullUrl": full_url or urn(), "resource": resource, "request": {"method": "POST", "url": kind}}


def coded(code: str, system: str = "http://terminology.hl7.org/CodeSystem/v2-0203") -> Json:
    return {"coding": [{"system": system, "code": code}]}


def patient(mrn: str = "M-1", **changes: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": f"patient-{mrn}",
        "identifier": [
            {"system": MRN, "value": mrn, "type": coded("MR")},
            {"system": SSN, "value": "999-12-3456", "type": coded("SS")},
            {"system": "urn:oid:2.16.840.1.113883.4.3.23", "value": "S99", "type": coded("DL")},
            {"system": "https://hospital.example/passportNumber", "value": "X1", "type": coded("PPN")},
        ],
        "name": [
            {"use": "official", "family": "Åström-O'Neil", "given": ["Zoë", "Maria"], "prefix": ["Mrs."]},
            {"use": "maiden", "family": "Żak", "given": ["Zoë"]},
        ],
        "telecom": [{"system": "phone", "value": "207-555-0143", "use": "mobile"}],
        "gender": "female",
        "birthDate": "1984-02-29",
        "address": [{"line": ["1 Pine Street", "Apt 2"], "city": "Portland", "state": "ME", "postalCode": "04101"}],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "sv"}]}}],
        **changes,
    }


def practitioner(npi: str = "1234567890", **changes: Any) -> Json:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": NPI, "value": npi}],
        "name": [{"family": "Diallo", "given": ["Awa"], "prefix": ["Dr."]}],
        **changes,
    }


def organization(value: str = "org-1", **changes: Any) -> Json:
    return {
        "resourceType": "Organization",
        "identifier": [{"system": "https://hospital.example/sites", "value": value}],
        "name": "BAYSIDE HOSPITAL",
        "telecom": [{"system": "phone", "value": "2075550101"}],
        **changes,
    }


def encounter(who: str, by: str | None = None, at: str | None = None, /, **changes: Any) -> Json:
    made: Json = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [
            {"coding": [{"system": "http://snomed.info/sct", "code": "185345009"}], "text": "Encounter for symptom"}
        ],
        "subject": {"reference": who},
        "period": {"start": "2019-03-10T01:30:00-05:00", "end": "2019-03-12T03:30:00-04:00"},
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "36971009", "display": "Sinusitis"}]}],
    }
    if by is not None:
        made["participant"] = [{"individual": {"reference": by}}]
    if at is not None:
        made["serviceProvider"] = {"reference": at}
    return made | changes


def bundle(*entries: Json, **changes: Any) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries), **changes}


def record(mrn: str = "M-1", visits: int = 2, npi: str = "1234567890", **changes: Any) -> Json:
    """One person with a practitioner, an organization and some visits; `changes` go to the patient."""
    who, by, at = entry(patient(mrn, **changes)), entry(practitioner(npi)), entry(organization())
    seen = [entry(encounter(who["fullUrl"], by["fullUrl"], at["fullUrl"])) for _ in range(visits)]
    claim = entry({"resourceType": "Claim", "patient": {"reference": who["fullUrl"]}, "total": {"value": 12.5}})
    return bundle(who, at, by, *seen, claim)


def document(value: object) -> Document:
    return parse_document(json.dumps(value).encode())


def read(value: object) -> ImportedBundle:
    return read_bundle(document(value), TODAY)


def refused(value: object) -> Fault:
    with pytest.raises(Fault) as caught:
        read(value)
    return caught.value
