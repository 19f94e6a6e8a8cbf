"""What happened in a period as sums: how full, how long people waited, who came, how far ahead, what was canceled.

Aggregates only: no row of an answer is about one person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Span, local_day
from webapp.practice.models import ExtraHours, Leave, Location, Provider, Service
from webapp.practice.worked import Presence, around, minutes_open

STEPS = (1, 3, 8, 15, 29, 61)
"""Days ahead at which the steps of lead time begin: the same day, 1-2, 3-7, 8-14, 15-28, 29-60, 61 and more."""
LONG_WAIT = 30
NOTICE_MINUTES = 24 * 60
OTHER = "other"

Key = tuple[UUID, UUID, int]
"""Location, provider, ISO weekday."""


def _sql(name: str) -> Any:  # noqa: ANN401 - text() is typed by what is executed
    return text((Path(__file__).parent.parent / "sql" / f"figures_{name}.sql").read_text(encoding="utf-8"))


_USED, _WAITING, _OUTCOMES = _sql("used"), _sql("waiting"), _sql("outcomes")
_CANCELED, _TOTALS = _sql("canceled"), _sql("totals")


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both included, at some sites."""

    first: date
    last: date
    sites: tuple[Location, ...]

    @property
    def parameters(self) -> dict[str, list[Any]]:
        """The sites with the instants their days begin and end at."""
        spans = [
            (local_day(site.time_zone, self.first).start, local_day(site.time_zone, self.last).end)
            for site in self.sites
        ]
        return {
            "locations": [site.id for site in self.sites],
            "zones": [site.time_zone for site in self.sites],
            "opens": [opens for opens, _ in spans],
            "closes": [closes for _, closes in spans],
        }


@dataclass(frozen=True, slots=True)
class Waited:
    """Minutes people waited in the days from `since` on: half of them at most `half`, nine in ten at most `most`."""

    since: date
    visits: int
    half: float
    most: float
    long: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Visits of a service that were booked a `step` of STEPS ahead: how many, how many came, how many did not."""

    service_id: UUID
    step: int
    visits: int
    came: int
    missed: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """Visits canceled for a reason (one of the desk's list, or OTHER), and how many of them late."""

    reason: str
    visits: int
    late: int


@dataclass(frozen=True, slots=True)
class Totals:
    """A period in a few numbers; medians are None where there is nothing to take them of."""

    came: int
    missed: int
    canceled: int
    booked: int
    waited: float | None
    ahead: float | None


def minutes_used(period: Period) -> dict[Key, int]:
    """Minutes of each provider that visits took, by place and weekday; more than were open where it was overbooked."""
    rows = db.session.execute(_USED, period.parameters)
    return {(row.location_id, row.provider_id, row.weekday): row.minutes for row in rows}


def minutes_scheduled(period: Period, also: Iterable[UUID] = ()) -> dict[Key, int]:
    """Minutes that providers (those of today's clinic and some others) were there for, by place and weekday."""
    ids = set(db.session.scalars(select(Provider.id).where(Provider.retired_at.is_(None)))) | set(also)
    span = around(period.first, period.last)
    sites = {site.id: site.time_zone for site in period.sites}
    presence = Presence(
        zones=sites,
        blocks=practice.hours(ids, period.first, period.last).blocks,
        extra=tuple(_extra(ids, span)),
        leave=tuple(_leave(ids, span)),
        closed=tuple((shut.location_id, shut.span) for shut in practice.closures(list(sites), span)),
    )
    return minutes_open(presence, period.first, period.last)


def _extra(ids: set[UUID], span: Span) -> Iterable[tuple[UUID, UUID, Span]]:
    query = select(ExtraHours.provider_id, ExtraHours.location_id, ExtraHours.starts_at, ExtraHours.ends_at).where(
        ExtraHours.provider_id.in_(ids), ExtraHours.starts_at < span.end, ExtraHours.ends_at > span.start
    )
    return ((provider, location, Span(starts, ends)) for provider, location, starts, ends in db.session.execute(query))


def _leave(ids: set[UUID], span: Span) -> Iterable[tuple[UUID, Span]]:
    query = select(Leave.provider_id, Leave.starts_at, Leave.ends_at).where(
        Leave.provider_id.in_(ids), Leave.starts_at < span.end, Leave.ends_at > span.start
    )
    return ((provider, Span(starts, ends)) for provider, starts, ends in db.session.execute(query))


def waiting(period: Period, unit: str) -> list[Waited]:
    """How long people waited by `unit` (day, week, month) of the visit; a unit without anybody is left out."""
    rows = db.session.execute(_WAITING, {**period.parameters, "unit": unit, "long": LONG_WAIT})
    return [Waited(row.since, row.visits, row.half, row.most, row.long) for row in rows]


def outcomes(period: Period) -> list[Outcome]:
    """Who came and who did not, by service and lead time; visits still to come are in `visits` only."""
    rows = db.session.execute(_OUTCOMES, {**period.parameters, "steps": list(STEPS)})
    return [Outcome(row.service_id, row.step, row.visits, row.came, row.missed) for row in rows]


def canceled(period: Period, known: Sequence[str]) -> list[Canceled]:
    """Canceled visits by reason, the most frequent first; `known` are the reasons of the desk's list, as stored."""
    wanted = {**period.parameters, "known": list(known), "other": OTHER, "notice": NOTICE_MINUTES}
    return [Canceled(row.reason, row.visits, row.late) for row in db.session.execute(_CANCELED, wanted)]


def totals(period: Period) -> Totals:
    """The period in one row."""
    row = db.session.execute(_TOTALS, period.parameters).one()
    return Totals(row.came, row.missed, row.canceled, row.booked, row.waited, row.ahead)


def service_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of some services, retired ones too."""
    query = select(Service.id, Service.name).where(Service.id.in_(list(ids)))
    return {row.id: row.name for row in db.session.execute(query)}


def before(period: Period) -> Period:
    """As many days just before, at the same sites."""
    days = (period.last - period.first).days + 1
    return Period(period.first - dt.timedelta(days=days), period.first - dt.timedelta(days=1), period.sites)
