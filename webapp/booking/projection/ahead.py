"""The days ahead as DynamoDB holds them: one BatchGetItem before any transaction, or why they are no use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram

from webapp import dynamo
from webapp.booking.projection.plan import FORMAT, DayPlan, Unreadable, key, read
from webapp.booking.projection.project import BEAT_KEY, TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from webapp.dynamo import Item

LATE = timedelta(seconds=5)
PATIENCE_SECONDS = 0.3
MOST_KEYS = 100

READS = Counter("anteroom_availability_reads", "Searches, by what answered them: projected, or why not.", ("answer",))
AGES = Histogram(
    "anteroom_availability_age_seconds",
    "How old the projection was when it was read.",
    buckets=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 15.0, 60.0),
)

log = structlog.get_logger(__name__)


class Unusable(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The projection can't answer a search: `reason` is away, late, missing, poisoned, unasked or too many."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Ahead:
    """Items of some days of some places as they were read, understood one by one when they are asked for."""

    items: dict[str, Item] = field(default_factory=dict)
    problem: str = ""
    _plans: dict[tuple[UUID, date], DayPlan] = field(default_factory=dict)

    def plan(self, location_id: UUID, day: date, zone: str) -> DayPlan:
        """One local day of a place; raises Unusable."""
        if self.problem:
            raise Unusable(self.problem)
        known = self._plans.get((location_id, day))
        if known is None:
            known = self._plans[location_id, day] = self._read(location_id, day)
        if known.site.time_zone != zone:
            # The place was moved to another zone, and its days are other days now.
            raise Unusable("missing")
        return known

    def _read(self, location_id: UUID, day: date) -> DayPlan:
        item = self.items.get(key(location_id, day))
        if item is None:
            raise Unusable("missing")
        if item.get("format") != FORMAT or type(item.get("version")) is not int:
            raise Unusable("poisoned")
        try:
            return read(item.get("plan"), location_id, day)
        except Unreadable as error:
            raise Unusable("poisoned") from error


def fetch(location_id: UUID | None, first: datetime, last: datetime, now: datetime) -> Ahead:
    """Read all local days of a place that a span may touch, and whether they are told in time; outages raise nothing.

    Without a place it reads those of all, where they are few: one more round trip, to learn which there are.
    """
    # A local date is the one in UTC, the one before or the one after.
    begins, ends = (first.astimezone(UTC) - timedelta(days=1)).date(), (last.astimezone(UTC) + timedelta(days=1)).date()
    days = [begins + timedelta(days=n) for n in range((ends - begins).days + 1)]
    try:
        if location_id is not None:
            found = _batch([BEAT_KEY, *(key(location_id, day) for day in days)])
            return Ahead(found, problem=_problem(found.pop(BEAT_KEY, None), now))
        beat = _batch([BEAT_KEY]).get(BEAT_KEY)
        problem = _problem(beat, now)
        places = [] if beat is None or problem else sorted(_places(beat))
        keys = [key(UUID(place), day) for place in places for day in days]
        if len(keys) > MOST_KEYS:
            return Ahead(problem="too many")
        return Ahead(_batch(keys) if keys else {}, problem=problem)
    except (dynamo.DynamoUnavailable, dynamo.DynamoRefused):
        return Ahead(problem="away")


def _batch(keys: Sequence[str]) -> dict[str, Item]:
    wanted = {TABLE: [{"pk": each} for each in keys]}
    return {str(item["pk"]): item for item in dynamo.client().batch_get(wanted, within=PATIENCE_SECONDS)[TABLE]}


def _places(beat: Item) -> frozenset[str]:
    places = beat.get("places")
    return places if isinstance(places, frozenset) else frozenset()


def counted(answer: str) -> None:
    """Count who answered a search; why the projection did not is logged, too."""
    READS.labels(answer).inc()
    if answer != "projected":
        log.warning("availability_computed", reason=answer)


def _problem(beat: Item | None, now: datetime) -> str:
    as_of = None if beat is None or beat.get("format") != FORMAT else beat.get("as_of")
    if type(as_of) is not int:
        return "late"
    age = now.timestamp() - as_of / 1_000_000
    AGES.observe(max(age, 0.0))
    return "late" if age > LATE.total_seconds() else ""
