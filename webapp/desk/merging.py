"""What somebody has to see before two records become one, and what a merge did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from webapp.booking.models import Appointment, WaitingWish
from webapp.booking.queries import BoardVisit, patient_visits
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.identity.models import Account, AccountPatient
from webapp.patients.models import Encounter, Patient, PatientMerge, PatientMergeRow
from webapp.patients.queries import Found, desk_record, possible_duplicates
from webapp.patients.registration import NewPatient
from webapp.patients.wording import phone_of

TAKES_TIME = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM, Status.FINISHED)
TO_COME = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records: who, how much hangs on it, and which visits are to come."""

    patient: Patient
    visits: int
    before: int
    coming: tuple[BoardVisit, ...]
    wishes: int
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two visits at the same time, one of each record; ids and starts."""

    one: UUID
    one_at: datetime
    other: UUID
    other_at: datetime


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge: what it was, and how many rows of each table moved, came back or stayed."""

    merge: PatientMerge
    stays: Patient
    goes: Patient
    counts: dict[str, dict[str, int]]
    """Rows by outcome, then by table."""
    kept_visits: tuple[UUID, ...]
    """Visits that changed since and so stayed when the merge was undone."""
    rested: int
    """Wishes of the waiting list that ended because the record had one for the same."""


def side(patient_id: UUID, at: datetime) -> Side:
    """Read one record for the comparison (NotFound)."""
    patient = desk_record(patient_id)
    visits = patient_visits(patient_id)
    before = select(func.count()).select_from(Encounter).where(Encounter.patient_id == patient_id)
    wishes = (
        select(func.count())
        .select_from(WaitingWish)
        .where(WaitingWish.patient_id == patient_id, WaitingWish.status == "waiting")
    )
    accounts = (
        select(Account.email)
        .join(AccountPatient, AccountPatient.account_id == Account.id)
        .where(AccountPatient.patient_id == patient_id)
        .order_by(Account.email)
    )
    return Side(
        patient,
        len(visits),
        db.session.execute(before).scalar_one(),
        tuple(visit for visit in reversed(visits) if visit.status in TO_COME and visit.ends_at > at),
        db.session.execute(wishes).scalar_one(),
        tuple(db.session.scalars(accounts)),
    )


def overlaps(one: UUID, other: UUID, at: datetime) -> list[Overlap]:
    """List the pairs of visits that one person could not both come to, by start; what is over is left alone."""
    mine, theirs = aliased(Appointment), aliased(Appointment)
    query = (
        select(mine.id, mine.starts_at, theirs.id, theirs.starts_at)
        .join(theirs, (theirs.starts_at < mine.ends_at) & (theirs.ends_at > mine.starts_at))
        .where(mine.patient_id == one, theirs.patient_id == other)
        .where(mine.status.in_(TAKES_TIME), theirs.status.in_(TAKES_TIME))
        .where(or_(mine.ends_at > at, theirs.ends_at > at))
        .order_by(mine.starts_at, theirs.starts_at)
    )
    return [Overlap(*row) for row in db.session.execute(query)]


def alike(patient: Patient) -> list[Found]:
    """Find records that may be the same person's."""
    known = NewPatient(patient.given, patient.family, patient.birth_date, phone_of(patient))
    return [person for person in possible_duplicates(known, limit=6) if person.id != patient.id]


def merge(merge_id: UUID) -> Merge:
    """Read a merge with what it moved (NotFound)."""
    found = db.session.get(PatientMerge, merge_id)
    if found is None:
        raise NotFound
    query = (
        select(PatientMergeRow.outcome, PatientMergeRow.table_name, func.count())
        .where(PatientMergeRow.merge_id == merge_id)
        .group_by(PatientMergeRow.outcome, PatientMergeRow.table_name)
    )
    counts: dict[str, dict[str, int]] = {}
    for outcome, table, number in db.session.execute(query):
        counts.setdefault(outcome, {})[table] = number
    kept = select(PatientMergeRow.row_id).where(
        PatientMergeRow.merge_id == merge_id,
        PatientMergeRow.table_name == "appointment",
        PatientMergeRow.outcome == "stayed",
    )
    return Merge(
        found,
        desk_record(found.patient_id),
        desk_record(found.merged_id),
        counts,
        tuple(db.session.scalars(kept.order_by(PatientMergeRow.row_id))),
        db.session.execute(
            select(func.count()).select_from(WaitingWish).where(WaitingWish.ended_by_merge == merge_id)
        ).scalar_one(),
    )


def open_merges(patient_id: UUID) -> list[tuple[UUID, datetime, str, int]]:
    """List the merges that a record stays of: id, when, and name and number of the record that leads here."""
    query = (
        select(PatientMerge.id, PatientMerge.merged_at, Patient.given, Patient.family, Patient.record_number)
        .join(Patient, Patient.id == PatientMerge.merged_id)
        .where(PatientMerge.patient_id == patient_id, PatientMerge.undone_at.is_(None))
        .order_by(PatientMerge.merged_at, PatientMerge.id)
    )
    rows = db.session.execute(query)
    return [(row.id, row.merged_at, f"{row.given} {row.family}", row.record_number) for row in rows]


def visits_left(patient_id: UUID) -> list[BoardVisit]:
    """Read the visits that stay with records merged into this one: they were at the same time as its own."""
    merged = select(Patient.id).where(Patient.merged_into == patient_id)
    return [visit for each in db.session.scalars(merged) for visit in patient_visits(each)]
