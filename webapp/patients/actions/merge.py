"""Make two records of one person one, and part them again; PostgreSQL does it: what is clinical moves unread."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from webapp.db import db
from webapp.errors import NotFound, refusal_of
from webapp.identity.jobs import end_sessions
from webapp.identity.models import AccountPatient
from webapp.ids import new_id
from webapp.jobs import promise
from webapp.patients.models import Patient, PatientMerge
from webapp.patients.refusals import MergeWithItself

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.sql.elements import TextClause

_MERGE = text("select doors.merge_patients(:merge, :stays, :goes, :actor, :at)")
_REST = text("select doors.rest_like_wishes(:merge, :at)")
_WAKE = text("select doors.wake_wishes(:merge)")
_UNMERGE = text("select doors.unmerge_patients(:merge, :actor, :at)")


def merge(stays: UUID, goes: UUID, *, actor: UUID | None, at: datetime) -> UUID:
    """Point what one record has at the one that stays, and lead from it there; returns the merge's id.

    Of two equal wishes of the waiting list, one waits on and the other rests until the records are parted.  Accounts
    that could see either record sign in again.  Raises NotFound, MergeWithItself, RecordMerged, DeathDiffers,
    TwoAccounts or VisitsOverlap.
    """
    if stays == goes:
        raise MergeWithItself(patient=stays)
    found = set(db.session.scalars(select(Patient.id).where(Patient.id.in_([stays, goes]))))
    if found != {stays, goes}:
        raise NotFound
    made = new_id()
    _sign_out([stays, goes])
    _do(_MERGE, stays, merge=made, stays=stays, goes=goes, actor=actor, at=at)
    _do(_REST, stays, merge=made, at=at)
    return made


def unmerge(merge_id: UUID, *, actor: UUID | None, at: datetime) -> PatientMerge:
    """Give a merged record back what it brought, save what was changed since, and wake the wishes that rested.

    Raises NotFound, MergeUndone or RecordMerged.
    """
    made = db.session.get(PatientMerge, merge_id)
    if made is None:
        raise NotFound
    _sign_out([made.patient_id, made.merged_id])
    _do(_UNMERGE, made.patient_id, merge=merge_id, actor=actor, at=at)
    _do(_WAKE, made.patient_id, merge=merge_id)
    db.session.refresh(made)
    return made


def _do(statement: TextClause, patient: UUID, **values: object) -> None:
    db.session.flush()
    try:
        db.session.execute(statement, values)
    except DBAPIError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        refusal.patient = patient
        raise refusal from error
    db.session.expire_all()


def _sign_out(patients: Collection[UUID]) -> None:
    """A session carries the patients its account may see, as of sign-in."""
    query = select(AccountPatient.account_id).where(AccountPatient.patient_id.in_(patients)).distinct()
    for account in db.session.scalars(query):
        promise(end_sessions, account=str(account))
