"""A FHIR R4 Bundle to our own records: everything that matters in it is checked before anything is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.interop.mapping.faults import Fault, entry_label
from webapp.interop.mapping.identifiers import LONGEST, URI
from webapp.interop.mapping.nodes import Node, as_node
from webapp.interop.mapping.people import read_patient, read_practitioner
from webapp.interop.mapping.records import (
    Identifier,
    ImportedBundle,
    ImportedEncounter,
    ImportedOrganization,
    ImportedPatient,
    ImportedPractitioner,
)
from webapp.interop.mapping.references import References
from webapp.interop.mapping.visits import read_encounter, read_organization

if TYPE_CHECKING:
    import datetime as dt

    from webapp.interop.mapping.reading import Document

TYPES = frozenset({"transaction", "batch", "collection", "searchset"})
_LONGEST_TYPE = 64
_METHODS = frozenset({"POST", "PUT"})
_ORDER = ("Organization", "Practitioner", "Patient", "Encounter")


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    full_url: str
    kind: str
    node: Node

    @property
    def fallback(self) -> Identifier | None:
        """An address names its resource everywhere, so it can stand in for an identifier."""
        return Identifier(URI, self.full_url) if self.full_url.startswith(("urn:uuid:", "http")) else None


class _Reader:
    """Maps the entries of one bundle, in the order in which they refer to each other."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.references = References()
        self.dropped: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.patients: dict[Identifier, ImportedPatient] = {}
        self.practitioners: dict[Identifier, ImportedPractitioner] = {}
        self.organizations: dict[Identifier, ImportedOrganization] = {}
        self.encounters: dict[Identifier, ImportedEncounter] = {}

    def read(self, entry: _Entry) -> None:
        node, fallback = entry.node, entry.fallback
        if entry.kind == "Organization":
            organization = read_organization(node, fallback, self.dropped)
            self.organizations.setdefault(organization.identifier, organization)
            self.references.identified(node, entry.kind, organization.identifier)
        elif entry.kind == "Practitioner":
            practitioner = read_practitioner(node, fallback, self.dropped)
            self.practitioners.setdefault(practitioner.identifier, practitioner)
            self.references.identified(node, entry.kind, practitioner.identifier)
        elif entry.kind == "Patient":
            self._read_patient(entry)
        else:
            self._read_encounter(entry)

    def _read_patient(self, entry: _Entry) -> None:
        patient = replace(read_patient(entry.node, entry.fallback, self.today, self.dropped), entry=entry.label)
        known = self.references.main.get("Patient", {})
        if any(identifier in known for identifier in patient.identifiers):
            raise Fault("Patient has an identifier that an earlier entry has too")
        self.patients[patient.identifiers[0]] = patient
        self.references.identified(entry.node, "Patient", patient.identifiers[0], patient.identifiers)

    def _read_encounter(self, entry: _Entry) -> None:
        encounter = read_encounter(entry.node, entry.fallback, self.references, self.skipped)
        if encounter is None:
            return
        if encounter.identifier in self.encounters:
            raise Fault("Encounter has an identifier that an earlier entry has too")
        self.encounters[encounter.identifier] = replace(encounter, entry=entry.label)

    def result(self) -> ImportedBundle:
        return ImportedBundle(
            tuple(self.patients.values()),
            tuple(self.practitioners.values()),
            tuple(self.organizations.values()),
            tuple(self.encounters.values()),
            tuple(sorted(self.dropped.items())),
            tuple(sorted(self.skipped.items())),
        )


def read_bundle(document: Document, today: dt.date) -> ImportedBundle:
    """Map a transaction, batch, collection or searchset bundle; raises Fault naming the entry that is wrong.

    Patients, practitioners, organizations and encounters are mapped, all else is passed over.
    """
    reader = _Reader(today)
    entries = []
    for entry in _entries(document.value):
        with _naming(entry.label):
            reader.references.add(entry.full_url, entry.kind, entry.node)
        entries.append(entry)
    _refuse_dangling(document, entries, reader.references)
    for kind in _ORDER:
        for entry in entries:
            if entry.kind == kind:
                with _naming(entry.label):
                    reader.read(entry)
    return reader.result()


@contextmanager
def _naming(label: str) -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        raise fault.inside(label) from None


def _entries(value: object) -> Iterator[_Entry]:
    if not isinstance(value, Mapping) or value.get("resourceType") != "Bundle":
        raise Fault("not a Bundle")
    bundle = Node(value, "Bundle")
    if bundle.text("type") not in TYPES:
        raise Fault(f"Bundle.type is none of {', '.join(sorted(TYPES))}")
    listed = value.get("entry")
    if listed is not None and not isinstance(listed, list):
        raise Fault("Bundle.entry should be a list")
    for number, each in enumerate(listed or ()):
        with _naming(entry_label(number, "")):
            entry = _entry(number, as_node(each, "entry"))
        if entry is not None:
            yield entry


def _entry(number: int, entry: Node) -> _Entry | None:
    request, search = entry.node("request"), entry.node("search")
    method = request.text("method") if request else None
    if method is not None and method not in _METHODS:
        raise Fault("the entry asks for something else than POST or PUT; only additions are imported")
    resource = entry.node("resource")
    if resource is None:
        raise Fault("the entry has no resource")
    kind = resource.text("resourceType", longest=_LONGEST_TYPE)
    if kind is None:
        raise Fault("resource.resourceType is missing")
    if search and search.text("mode") == "outcome":
        return None
    full_url = entry.text("fullUrl", longest=LONGEST) or ""
    return _Entry(entry_label(number, kind, full_url), full_url, kind, Node(resource.value, kind))


def _refuse_dangling(document: Document, entries: list[_Entry], references: References) -> None:
    """A urn: reference has no meaning outside its bundle, whichever resource it stands in."""
    dangling = {each for each in document.references if each.startswith("urn:") and each not in references.by_name}
    if dangling:
        label = next((entry.label for entry in entries if _mentions(entry.node.value, dangling)), "Bundle")
        raise Fault("a dangling reference: nothing in the bundle has that name", where=label)


def _mentions(value: object, references: set[str]) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            if each.get("reference") in references:
                return True
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return False
