"""Visits from before the clinic was ours, as the desk may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from webapp.db import db
from webapp.patients.models import Encounter
from webapp.practice.models import Organization, Practitioner


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An imported visit as the desk may see it: when and with whom, not what for."""

    starts_at: datetime
    who: str


def past_visits(patient_id: UUID, *, limit: int = 200) -> list[PastVisit]:
    """Read the visits a patient brought with their record, the latest first."""
    query = (
        select(Encounter.starts_at, Practitioner, Organization.name)
        .outerjoin(Practitioner, Practitioner.id == Encounter.practitioner_id)
        .outerjoin(Organization, Organization.id == Encounter.organization_id)
        .where(Encounter.patient_id == patient_id)
        .order_by(Encounter.starts_at.desc())
        .limit(limit)
    )
    return [PastVisit(starts_at, _who(person, place)) for starts_at, person, place in db.session.execute(query)]


def _who(person: Practitioner | None, place: str | None) -> str:
    name = "" if person is None else " ".join(part for part in (person.prefix, person.given, person.family) if part)
    return ", ".join(part for part in (name, place or "") if part)
