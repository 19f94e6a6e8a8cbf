"""What people tell the simulated terminal: put up a reader, choose what it does with the next card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.billing.attempt_refusals import ReaderNameTaken
from webapp.billing.models import SimulatedReader
from webapp.db import constraint_of, db
from webapp.errors import NotFound, VersionConflict
from webapp.practice import catalog

if TYPE_CHECKING:
    from uuid import UUID


def add_reader(reader_id: UUID, location_id: UUID, name: str) -> None:
    """Put up a reader; raises NotFound for a location that is not there, ReaderNameTaken."""
    catalog.thing("locations", location_id)
    db.session.add(SimulatedReader(id=reader_id, location_id=location_id, name=name))
    try:
        db.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "simulated_reader_location_id_name_key":
            raise ReaderNameTaken(field="name") from error
        raise


def choose_tap(reader_id: UUID, next_tap: str, *, keeps: bool, version: int) -> None:
    """Tell a reader what to do with the next card, or with all; raises NotFound, VersionConflict."""
    query = select(SimulatedReader).where(SimulatedReader.id == reader_id).with_for_update()
    reader = db.session.scalar(query)
    if reader is None:
        raise NotFound
    if reader.version != version:
        raise VersionConflict
    reader.next_tap, reader.keeps = next_tap, keeps
    reader.version += 1
    db.session.flush()
