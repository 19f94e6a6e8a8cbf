"""Visits that are tied to each other: those of a series, and those of one coming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from webapp.booking.models import Appointment, Series
from webapp.booking.recurrence import shifted, wall_shift
from webapp.booking.states import MOVABLE, Action, Status, allows
from webapp.db import db
from webapp.errors import NotFound

ONE, LATER, ALL, TOGETHER = "one", "later", "all", "together"
SCOPES = (ONE, LATER, ALL, TOGETHER)
"""What a change of one visit reaches: itself, later visits of its series, all of them, or all of its coming."""


@dataclass(frozen=True, slots=True)
class SeriesVisits:
    """A series with all its visits by start, canceled ones too."""

    series: Series
    visits: tuple[Appointment, ...]

    def number(self, appointment_id: UUID) -> int:
        """Which one of the visits that were not canceled a visit is, from 1; 0 for one that was."""
        kept = [visit.id for visit in self.visits if visit.status != Status.CANCELLED]
        return kept.index(appointment_id) + 1 if appointment_id in kept else 0

    @property
    def kept(self) -> int:
        """How many visits were not canceled."""
        return sum(visit.status != Status.CANCELLED for visit in self.visits)


def reached(anchor: Appointment, which: str, action: Action | None = None) -> list[Appointment]:
    """The visits that a change of `anchor` reaches, by start; no action means a move. What can't be changed is left.

    The anchor itself is always among them, so that its own refusal is told.
    """
    if which == TOGETHER and anchor.together_id is not None:
        tied = coming_together(anchor.together_id)
    elif which in {LATER, ALL} and anchor.series_id is not None:
        tied = list(series(anchor.series_id).visits)
        tied = [visit for visit in tied if which == ALL or visit.starts_at >= anchor.starts_at]
    else:
        tied = [anchor]
    return [visit for visit in tied if visit.id == anchor.id or _changes(Status(visit.status), action)]


def targets(anchor: Appointment, which: str, starts_at: datetime) -> dict[UUID, datetime]:
    """Where the visits go that a move of `anchor` to a time reaches: each by as much on the clock of its site.

    Visits of one coming stay as far from each other as they are.
    """
    tied = reached(anchor, which)
    if which == TOGETHER:
        return {visit.id: visit.starts_at + (starts_at - anchor.starts_at) for visit in tied}
    zone = anchor.location.time_zone
    shift = wall_shift(anchor.starts_at, starts_at, zone)
    moved = {visit.id: shifted(visit.starts_at, zone, shift) for visit in tied}
    return moved | {anchor.id: starts_at}


def _changes(status: Status, action: Action | None) -> bool:
    return status in MOVABLE if action is None else allows(status, action)


def series(series_id: UUID) -> SeriesVisits:
    """Read a series and its visits (NotFound)."""
    found = db.session.get(Series, series_id)
    if found is None:
        raise NotFound
    return SeriesVisits(found, tuple(_tied(Appointment.series_id == series_id)))


def coming_together(together_id: UUID) -> list[Appointment]:
    """Read the visits of one coming, by start, without those that were canceled."""
    return [visit for visit in _tied(Appointment.together_id == together_id) if visit.status != Status.CANCELLED]


def _tied(condition: ColumnElement[bool]) -> list[Appointment]:
    query = (
        select(Appointment)
        .where(condition)
        .options(
            joinedload(Appointment.patient),
            joinedload(Appointment.service),
            joinedload(Appointment.provider),
            joinedload(Appointment.location),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return list(db.session.scalars(query))
