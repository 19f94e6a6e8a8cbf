"""Write down how somebody wants to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.db import db
from webapp.errors import VersionConflict
from webapp.notify.models import ContactPreference

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.choosing import Preferences


def change_preferences(patient_id: UUID, wanted: Preferences, *, at: datetime) -> None:
    """Replace what a patient had chosen; messages that wait are judged by it (VersionConflict)."""
    # The first choice of two people at once: one of them makes the row, and both lock it.
    made = insert(ContactPreference).values(patient_id=patient_id, changed_at=at, version=0)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["patient_id"]))
    query = select(ContactPreference).where(ContactPreference.patient_id == patient_id).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if row.version != wanted.version:
        raise VersionConflict(patient=patient_id)
    row.language = wanted.language
    for topic, choice in wanted.choices.items():
        setattr(row, topic.value, choice.value)
    row.reminder_minutes = None if wanted.reminder_minutes is None else list(wanted.reminder_minutes)
    row.quiet_from = None if wanted.quiet is None else wanted.quiet.starts
    row.quiet_to = None if wanted.quiet is None else wanted.quiet.ends
    row.version += 1
    row.changed_at = at
    db.session.flush()
