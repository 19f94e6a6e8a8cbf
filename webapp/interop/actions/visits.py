"""Past visits of imported records: rows of their own that occupy nothing, because real ones overlap and last days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, update

from webapp.db import db
from webapp.ids import new_id
from webapp.interop.actions.tally import Tally
from webapp.interop.actions.wanted import as_table
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.records import Identifier
from webapp.patients.models import Encounter, EncounterDetail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from webapp.interop.mapping.records import ImportedEncounter

    Known = Mapping[Identifier, UUID]
    Row = dict[str, Any]

_VISIT = ("patient_id", "status", "class_code", "starts_at", "ends_at", "practitioner_id", "organization_id")
_DETAIL = ("type_system", "type_code", "type_text", "reason_system", "reason_code", "reason_text")


def store_encounters(
    encounters: Sequence[ImportedEncounter], patients: Known, practitioners: Known, organizations: Known
) -> Tally:
    """Store visits with their clinical half apart; raises Fault when one refers to somebody nobody knows."""
    existing = _find([each.identifier for each in encounters])
    visits: dict[str, list[Row]] = {"new": [], "changed": []}
    details: dict[str, list[Row]] = {"new": [], "changed": []}
    changed: set[UUID] = set()
    for each in encounters:
        visit = _visit(each, patients, practitioners, organizations)
        detail = _detail(each)
        known = existing.get(each.identifier)
        if known is None:
            encounter_id = new_id()
            source = {"source_system": each.identifier.system, "source_id": each.identifier.value}
            visits["new"].append({"id": encounter_id, **source, **visit})
            details["new"].append({"encounter_id": encounter_id, "patient_id": visit["patient_id"], **detail})
            continue
        if known["patient_id"] != visit["patient_id"]:
            raise Fault("Encounter is known as a visit of somebody else", where=each.entry)
        if any(known[name] != visit[name] for name in _VISIT):
            visits["changed"].append({"id": known["id"], **visit})
            changed.add(known["id"])
        if any(known[name] != detail[name] for name in _DETAIL):
            details["changed"].append({"encounter_id": known["id"], **detail})
            changed.add(known["id"])
    _write(visits, details)
    return Tally(len(visits["new"]), len(changed), len(encounters) - len(visits["new"]) - len(changed))


def _write(visits: Mapping[str, list[Row]], details: Mapping[str, list[Row]]) -> None:
    for model, rows in ((Encounter, visits), (EncounterDetail, details)):
        if rows["new"]:
            db.session.execute(insert(model), rows["new"])
        if rows["changed"]:
            db.session.execute(update(model), rows["changed"])


def _find(wanted: Sequence[Identifier]) -> dict[Identifier, Row]:
    if not wanted:
        return {}
    sources = as_table(wanted)
    source = (Encounter.source_system, Encounter.source_id)
    visit = [getattr(Encounter, name) for name in ("id", *_VISIT)]
    detail = [getattr(EncounterDetail, name) for name in _DETAIL]
    query = (
        select(*source, *visit, *detail)
        .join(EncounterDetail, EncounterDetail.encounter_id == Encounter.id)
        .join(sources, and_(sources.c.system == Encounter.source_system, sources.c.value == Encounter.source_id))
    )
    return {
        Identifier(row["source_system"], row["source_id"]): dict(row) for row in db.session.execute(query).mappings()
    }


def _visit(encounter: ImportedEncounter, patients: Known, practitioners: Known, organizations: Known) -> Row:
    return {
        "patient_id": _known(encounter, encounter.patient, patients, "patient"),
        "status": encounter.status,
        "class_code": encounter.class_code,
        "starts_at": encounter.starts_at,
        "ends_at": encounter.ends_at,
        "practitioner_id": _known(encounter, encounter.practitioner, practitioners, "practitioner"),
        "organization_id": _known(encounter, encounter.organization, organizations, "organization"),
    }


def _known(encounter: ImportedEncounter, wanted: Identifier | None, known: Known, kind: str) -> UUID | None:
    if wanted is None:
        return None
    if wanted not in known:
        reason = f"Encounter has a dangling reference: its {kind} is neither in the bundle nor known here"
        raise Fault(reason, where=encounter.entry)
    return known[wanted]


def _detail(encounter: ImportedEncounter) -> Row:
    reason = encounter.reason
    return {
        "type_system": encounter.type.system,
        "type_code": encounter.type.code,
        "type_text": encounter.type.text,
        "reason_system": reason.system if reason else None,
        "reason_code": reason.code if reason else None,
        "reason_text": reason.text if reason else None,
    }
