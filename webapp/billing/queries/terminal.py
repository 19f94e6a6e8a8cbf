"""What the simulated terminal remembers: its readers, and the last cards that were held to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.billing.models import SimulatedCharge, SimulatedReader
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

SHOWN = 12


def all_readers() -> Sequence[SimulatedReader]:
    """Every reader, by location and name."""
    return db.session.scalars(select(SimulatedReader).order_by(SimulatedReader.location_id, SimulatedReader.name)).all()


def is_reader(reader_id: UUID) -> bool:
    """Whether there is such a reader."""
    return db.session.get(SimulatedReader, reader_id) is not None


def last_charges() -> Sequence[SimulatedCharge]:
    """The latest charges, the newest first; they name no patient."""
    query = select(SimulatedCharge).order_by(SimulatedCharge.at.desc(), SimulatedCharge.id.desc())
    return db.session.scalars(query.limit(SHOWN)).all()
