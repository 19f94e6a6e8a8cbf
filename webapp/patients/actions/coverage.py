"""Who pays a part of what a patient is charged: entered, changed, ended; what was issued stays as it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.patients.models import Coverage, Patient


@dataclass(frozen=True, slots=True)
class SaveCoverage:
    """A coverage as its form says: the patient pays `copay_cents` first, then `share_percent` of the rest."""

    patient_id: UUID
    payer_name: str
    share_percent: int
    valid_from: dt.date
    copay_cents: int = 0
    member: str = ""
    reference: str = ""
    valid_to: dt.date | None = None
    id: UUID | None = None


def save_coverage(wanted: SaveCoverage) -> Coverage:
    """Add or change a coverage of a patient (NotFound, also for somebody else's).

    Drafts take it when they are made or saved.
    """
    if wanted.id is None:
        if db.session.get(Patient, wanted.patient_id) is None:
            raise NotFound
        coverage = Coverage(id=new_id(), patient_id=wanted.patient_id)
        db.session.add(coverage)
    else:
        query = select(Coverage).where(Coverage.id == wanted.id, Coverage.patient_id == wanted.patient_id)
        known = db.session.execute(query.with_for_update()).scalar_one_or_none()
        if known is None:
            raise NotFound
        coverage = known
    for name in ("payer_name", "share_percent", "valid_from", "copay_cents", "member", "reference", "valid_to"):
        setattr(coverage, name, getattr(wanted, name))
    db.session.flush()
    return coverage


def coverages(patient_id: UUID) -> list[Coverage]:
    """A patient's coverages, the newest first."""
    query = select(Coverage).where(Coverage.patient_id == patient_id)
    return list(db.session.scalars(query.order_by(Coverage.valid_from.desc(), Coverage.id)))
