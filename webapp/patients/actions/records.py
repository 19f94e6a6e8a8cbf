"""Register people and keep what the desk knows about reaching them; flushes, never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, text

from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id
from webapp.patients import phones
from webapp.patients.models import Patient, PatientAddress, PatientTelecom
from webapp.patients.names import name_keys
from webapp.practice.models import Resource

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.patients.registration import ContactChange, NewPatient, OwnContact

_CHANGE_REACH = text(
    "select doors.change_reach(:whose, :seen, :phone, :digits, :line, :city, :state, :postal_code, :ids)"
)


def register(new: NewPatient, *, at: datetime) -> Patient:
    """Give a new person a record; whether they have one already is for the desk to judge (`possible_duplicates`)."""
    keys = name_keys(new.given, new.family)
    resource = Resource(id=new_id(), kind="patient")
    patient = Patient(
        id=resource.id,
        family=new.family,
        given=new.given,
        family_key=keys.family,
        given_key=keys.given,
        name_key=keys.whole,
        birth_date=new.birth_date,
        gender=new.gender,
        created_at=at,
    )
    db.session.add(resource)
    # The models have no relation between the two, so the order is ours to keep.
    db.session.flush()
    db.session.add(patient)
    db.session.flush()
    _reach(patient.id, new.phone, new.email)
    db.session.flush()
    return patient


def change_contact(patient_id: UUID, change: ContactChange, *, at: datetime) -> Patient:  # noqa: ARG001 - every action takes the time
    """Replace phone, e-mail, address and language of a person (NotFound, VersionConflict).

    Further numbers that an imported record brought stay, after the one the desk wrote down.
    """
    query = select(Patient).where(Patient.id == patient_id).with_for_update()
    patient = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if patient is None:
        raise NotFound
    if patient.version != change.version:
        raise VersionConflict(patient=patient_id)
    patient.language = change.language
    patient.interpreter_needed = change.interpreter_needed
    patient.version += 1
    _replace_first(patient_id, change)
    db.session.flush()
    db.session.expire(patient)
    return patient


def change_own_contact(patient_id: UUID, change: OwnContact, *, at: datetime) -> None:  # noqa: ARG001 - every action takes the time
    """Replace phone and address in the name of the patient; the database lets it for whom the transaction acts.

    Raises VersionConflict.
    """
    values = {
        "whose": patient_id,
        "seen": change.version,
        "phone": change.phone,
        "digits": phones.digits(change.phone),
        "line": change.line,
        "city": change.city,
        "state": change.state,
        "postal_code": change.postal_code,
        "ids": [new_id(), new_id()],
    }
    if not db.session.execute(_CHANGE_REACH, values).scalar_one():
        raise VersionConflict(patient=patient_id)


def _replace_first(patient_id: UUID, change: ContactChange) -> None:
    """Let go of the phone, the e-mail and the address the desk was shown, and write down the new ones."""
    for system in ("phone", "email"):
        theirs = (PatientTelecom.patient_id == patient_id, PatientTelecom.system == system)
        shown = select(PatientTelecom.id).where(*theirs).order_by(PatientTelecom.rank, PatientTelecom.id).limit(1)
        db.session.execute(delete(PatientTelecom).where(PatientTelecom.id.in_(shown)))
    address = select(PatientAddress.id).where(PatientAddress.patient_id == patient_id).order_by(PatientAddress.id)
    db.session.execute(delete(PatientAddress).where(PatientAddress.id.in_(address.limit(1))))
    _reach(patient_id, change.phone, change.email)
    parts = {name: getattr(change, name) for name in ("line", "city", "state", "postal_code")}
    if any(parts.values()):
        db.session.add(PatientAddress(id=new_id(), patient_id=patient_id, country="US", **parts))


def _reach(patient_id: UUID, phone: str, email: str) -> None:
    found = [("phone", phone, phones.digits(phone), 0)] if phone else []
    found += [("email", email, "", 0)] if email else []
    for system, value, digits, rank in found:
        db.session.add(
            PatientTelecom(id=new_id(), patient_id=patient_id, system=system, value=value, digits=digits, rank=rank)
        )
