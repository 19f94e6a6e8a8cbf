"""FHIR Encounter and Organization to our own records."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from webapp.interop.mapping import dates
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.identifiers import main_identifier, read_identifiers
from webapp.interop.mapping.nodes import Node, first
from webapp.interop.mapping.people import read_addresses, read_telecoms
from webapp.interop.mapping.records import Address, Coding, Identifier, ImportedEncounter, ImportedOrganization

if TYPE_CHECKING:
    from webapp.interop.mapping.references import References

WITHOUT_START = "encounters without a start"
IN_ERROR = "encounters entered in error"
_LONGEST_CODE = 64


def read_organization(node: Node, fallback: Identifier | None, dropped: Counter[str]) -> ImportedOrganization:
    """Read an Organization; raises Fault without a name or anything to match by."""
    identifier = main_identifier(read_identifiers(node, dropped)) or fallback
    if identifier is None:
        raise Fault("Organization has no identifier to match it by")
    name = node.text("name") or first_text(node.texts("alias"))
    if name is None:
        raise Fault("Organization.name is missing")
    phone = next((telecom.value for telecom in read_telecoms(node) if telecom.system == "phone"), "")
    address = next(iter(read_addresses(node)), Address())
    return ImportedOrganization(identifier, name, phone, address)


def read_encounter(
    node: Node, fallback: Identifier | None, references: References, skipped: Counter[str]
) -> ImportedEncounter | None:
    """Read an Encounter; None for one that tells of no visit: entered in error, or without any start.

    Raises Fault for a reference to nowhere, an impossible time, or nothing to match the visit by.
    """
    subject = node.node("subject")
    if subject is None:
        raise Fault("Encounter.subject is missing")
    patient = references.identify(subject, "Patient")
    practitioner = _practitioner(node, references)
    provider = node.node("serviceProvider")
    organization = references.identify(provider, "Organization") if provider else None
    status = node.text("status", longest=_LONGEST_CODE) or "unknown"
    starts_at, ends_at = _period(node)
    if status == "entered-in-error" or starts_at is None:
        skipped[WITHOUT_START if starts_at is None else IN_ERROR] += 1
        return None
    visit_class = node.node("class")
    kind, reason = first(node.nodes("type")), first(node.nodes("reasonCode"))
    identifier = _identifier(node, patient, fallback)
    return ImportedEncounter(
        identifier=identifier,
        patient=patient,
        status=status,
        class_code=(visit_class.text("code", longest=_LONGEST_CODE) if visit_class else None) or "",
        starts_at=starts_at,
        ends_at=ends_at,
        practitioner=practitioner,
        organization=organization,
        type=_coding(kind) if kind else Coding(),
        reason=_coding(reason) if reason else None,
    )


def first_text(texts: tuple[str, ...]) -> str | None:
    return texts[0] if texts else None


def _identifier(node: Node, patient: Identifier, fallback: Identifier | None) -> Identifier:
    named = read_identifiers(node, Counter())
    if named:
        return named[0]
    if fallback is not None:
        return fallback
    # An id is unique on its server only; beside the person it belongs to, it is as good as theirs.
    number = node.text("id", longest=_LONGEST_CODE)
    if number is None:
        raise Fault("Encounter has no identifier, fullUrl or id to match the visit by")
    return Identifier(patient.system, f"{patient.value}/Encounter/{number}")


def _practitioner(node: Node, references: References) -> Identifier | None:
    found = None
    for participant in node.nodes("participant"):
        individual = participant.node("individual")
        # All are looked up, so that a reference to nowhere is found whichever of them it is.
        identifier = references.identify_practitioner(individual) if individual else None
        found = found or identifier
    return found


def _period(node: Node) -> tuple[datetime | None, datetime | None]:
    period = node.node("period")
    start, end = (period.text("start"), period.text("end")) if period else (None, None)
    starts_at = dates.instant(start, "Encounter.period.start") if start else None
    ends_at = dates.instant(end, "Encounter.period.end") if end else None
    if starts_at and ends_at and ends_at < starts_at:
        raise Fault("Encounter.period ends before it starts")
    return starts_at, ends_at


def _coding(concept: Node) -> Coding:
    coding = first(concept.nodes("coding"))
    display = coding.text("display") if coding else None
    return Coding(
        coding.text("system") if coding else None,
        coding.text("code", longest=_LONGEST_CODE) if coding else None,
        concept.text("text") or display or "",
    )
