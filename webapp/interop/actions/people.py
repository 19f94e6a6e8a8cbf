"""Patients of imported records: matched by any of their identifiers, changed only when their file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select

from webapp.db import db
from webapp.identity.jobs import helpers_sign_in_again
from webapp.ids import new_id
from webapp.interop.actions.tally import Tally
from webapp.interop.actions.wanted import as_table
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.records import Identifier
from webapp.jobs import promise
from webapp.patients import phones
from webapp.patients.models import Patient, PatientAddress, PatientContact, PatientIdentifier, PatientTelecom
from webapp.patients.names import name_keys
from webapp.practice.models import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.interop.mapping.records import ImportedPatient

    Known = dict[Identifier, UUID]
    Row = dict[str, Any]


def store_patients(
    patients: Sequence[ImportedPatient], referred: Iterable[Identifier], at: datetime
) -> tuple[Known, Tally]:
    """Store people; returns whom each of their identifiers, and of the `referred` ones, means.

    A record whose file says the same as last time stays as the desk has it now; a changed file replaces what it
    describes.  Raises Fault when identifiers of one person lead to two records.
    """
    known = _find({*referred, *(each for patient in patients for each in patient.identifiers)})
    existing = _load(set(known.values()))
    created: dict[UUID, ImportedPatient] = {}
    changed: dict[UUID, ImportedPatient] = {}
    for patient in patients:
        patient_id = _match(patient, known)
        if patient_id is None:
            patient_id = new_id()
            created[patient_id] = patient
        elif existing[patient_id].source_digest != patient.digest:
            changed[patient_id] = patient
        known |= dict.fromkeys(patient.identifiers, patient_id)
    _create(created, at)
    for patient_id, patient in changed.items():
        _change(existing[patient_id], patient, at)
    if changed:
        db.session.flush()
        _forget(changed)
    _describe({**created, **changed})
    return known, Tally(len(created), len(changed), len(patients) - len(created) - len(changed))


def _find(wanted: Iterable[Identifier]) -> Known:
    identifiers = as_table(wanted)
    # Whoever was merged is met as the person they turned out to be.
    query = (
        select(PatientIdentifier.system, PatientIdentifier.value, Patient.id, Patient.merged_into)
        .join(Patient, Patient.id == PatientIdentifier.patient_id)
        .join(
            identifiers,
            and_(identifiers.c.system == PatientIdentifier.system, identifiers.c.value == PatientIdentifier.value),
        )
    )
    return {Identifier(row.system, row.value): row.merged_into or row.id for row in db.session.execute(query)}


def _load(ids: set[UUID]) -> dict[UUID, Patient]:
    if not ids:
        return {}
    return {each.id: each for each in db.session.scalars(select(Patient).where(Patient.id.in_(ids)))}


def _match(patient: ImportedPatient, known: Known) -> UUID | None:
    found = {known[each] for each in patient.identifiers if each in known}
    if len(found) > 1:
        raise Fault("Patient.identifier leads to two different records", where=patient.entry)
    return next(iter(found), None)


def _create(created: dict[UUID, ImportedPatient], at: datetime) -> None:
    if not created:
        return
    db.session.execute(insert(Resource), [{"id": each, "kind": "patient"} for each in created])
    rows = [
        {"id": each, "created_at": at, "deceased_at": _deceased_at(patient, None, at), **_columns(patient)}
        for each, patient in created.items()
    ]
    db.session.execute(insert(Patient), rows)


def _change(record: Patient, patient: ImportedPatient, at: datetime) -> None:
    died = _deceased_at(patient, record.deceased_at, at)
    if died != record.deceased_at:
        # A session carries for whom its account acts, as of sign-in; with a death that ends, and begins again without.
        promise(helpers_sign_in_again, patient=str(record.id))
    record.deceased_at = died
    for name, value in _columns(patient).items():
        setattr(record, name, value)
    record.version += 1


def _deceased_at(patient: ImportedPatient, earlier: datetime | None, at: datetime) -> datetime | None:
    if patient.deceased_at or not patient.deceased:
        return patient.deceased_at
    # Known to have died, not when: the day we learned of it keeps anybody from booking them.
    return earlier or at


def _columns(patient: ImportedPatient) -> Row:
    keys = name_keys(patient.given, patient.family, patient.maiden_name)
    return {
        "family": patient.family,
        "given": patient.given,
        "prefix": patient.prefix,
        "suffix": patient.suffix,
        "maiden_name": patient.maiden_name,
        "family_key": keys.family,
        "given_key": keys.given,
        "name_key": keys.whole,
        "birth_date": patient.birth_date,
        "gender": patient.gender,
        "birth_sex": patient.birth_sex,
        "race": patient.race,
        "ethnicity": patient.ethnicity,
        "language": patient.language,
        "interpreter_needed": patient.interpreter_needed,
        "marital_status": patient.marital_status,
        "synthetic": patient.synthetic,
        "source_digest": patient.digest,
    }


def _forget(changed: Iterable[UUID]) -> None:
    for model in (PatientTelecom, PatientAddress, PatientContact):
        db.session.execute(
            delete(model).where(model.patient_id.in_(list(changed))), execution_options={"synchronize_session": False}
        )


def _describe(people: dict[UUID, ImportedPatient]) -> None:
    """Write identifiers that are new, and all ways to reach the people."""
    if not people:
        return
    theirs = select(PatientIdentifier.system, PatientIdentifier.value).where(PatientIdentifier.patient_id.in_(people))
    known = {Identifier(row.system, row.value) for row in db.session.execute(theirs)}
    rows: list[tuple[type[Any], list[Row]]] = [
        (PatientIdentifier, [row for each, patient in people.items() for row in _identifiers(each, patient, known)]),
        (PatientTelecom, [row for each, patient in people.items() for row in _telecoms(each, patient)]),
        (PatientAddress, [row for each, patient in people.items() for row in _addresses(each, patient)]),
        (PatientContact, [row for each, patient in people.items() for row in _contacts(each, patient)]),
    ]
    for model, values in rows:
        if values:
            db.session.execute(insert(model), values)


def _identifiers(patient_id: UUID, patient: ImportedPatient, known: set[Identifier]) -> Iterable[Row]:
    for each in patient.identifiers:
        if each not in known:
            yield {"id": new_id(), "patient_id": patient_id, "system": each.system, "value": each.value}


def _telecoms(patient_id: UUID, patient: ImportedPatient) -> Iterable[Row]:
    for each in patient.telecoms:
        number = phones.parse(each.value) if each.system == "phone" else None
        yield {
            "id": new_id(),
            "patient_id": patient_id,
            "system": each.system,
            "value": number or each.value,
            "digits": phones.digits(number or each.value) if each.system == "phone" else "",
            "use": each.use,
            "rank": each.rank,
        }


def _addresses(patient_id: UUID, patient: ImportedPatient) -> Iterable[Row]:
    for each in patient.addresses:
        yield {
            "id": new_id(),
            "patient_id": patient_id,
            "line": each.line,
            "city": each.city,
            "state": each.state,
            "postal_code": each.postal_code,
            "country": each.country,
        }


def _contacts(patient_id: UUID, patient: ImportedPatient) -> Iterable[Row]:
    for each in patient.contacts:
        yield {
            "id": new_id(),
            "patient_id": patient_id,
            "name": each.name,
            "relationship_text": each.relationship,
            "phone": each.phone,
        }
