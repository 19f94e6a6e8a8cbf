"""Visits that are tied to each other: those of a series, and those of one coming."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from webapp.booking.models import Appointment, Series
from webapp.booking.states import MOVABLE, Action, Status, allows
from webapp.db import db
from webapp.errors import NotFound

SCOPES = ("one", "later", "all")
"""What a change of one visit of a series reaches."""


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

    def reached(self, anchor: Appointment, which: str, action: Action | None = None) -> list[Appointment]:
        """The visits that a change of `anchor` reaches: "one", this and "later" ones, or "all" that can be changed.

        No action means a move.
        """
        if which == "one":
            return [visit for visit in self.visits if visit.id == anchor.id]
        return [
            visit
            for visit in self.visits
            if _changes(Status(visit.status), action) and (which == "all" or visit.starts_at >= anchor.starts_at)
        ]


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
