"""Reading the activity log: who looked at a patient, what a person did, what happened on a day."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import dynamo
from webapp.activity.items import TABLE, day_shards, patient_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.dynamo import Item

PAGE = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log: what was done, when (aware UTC), by whom (None: nobody signed in), to whom."""

    action: str
    at: datetime
    actor: UUID | None
    patient: UUID | None
    listed: frozenset[UUID]
    route: str
    detail: str
    request: str


def of_patient(patient: UUID, *, limit: int = PAGE) -> list[Record]:
    """Who opened, changed or exported this patient's record, newest first; a consistent read."""
    page = dynamo.client().query(TABLE, "pk = :pk", {":pk": patient_key(patient)}, forward=False, limit=limit)
    return [_record(item) for item in page.items]


def of_actor(actor: UUID, *, limit: int = PAGE) -> list[Record]:
    """What one person did, newest first; the index may lag behind by a moment."""
    page = dynamo.client().query(
        TABLE, "actor = :actor", {":actor": str(actor)}, index="by_actor", forward=False, limit=limit
    )
    return [_record(item) for item in page.items]


def of_day(day: date, *, limit: int = PAGE) -> list[Record]:
    """What happened on one UTC day, newest first, merged over the day's shards."""
    shards = (_shard(shard, limit) for shard in day_shards(day.isoformat()))
    merged = heapq.merge(*shards, key=lambda record: record.at, reverse=True)
    return [record for record, _ in zip(merged, range(limit), strict=False)]


def _shard(shard: str, limit: int) -> Iterable[Record]:
    page = dynamo.client().query(
        TABLE, "day_shard = :shard", {":shard": shard}, index="by_day", forward=False, limit=limit
    )
    return [_record(item) for item in page.items]


def _record(item: Item) -> Record:
    kind, _, owner = str(item["pk"]).partition("#")
    actor = str(item["actor"])
    listed = item.get("listed")
    return Record(
        action=str(item["action"]),
        at=datetime.strptime(str(item["at_id"])[:27], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        actor=None if actor == "nobody" else UUID(actor),
        patient=UUID(owner) if kind == "P" else None,
        listed=frozenset(UUID(each) for each in listed) if isinstance(listed, set | frozenset) else frozenset(),
        route=str(item.get("route", "")),
        detail=str(item.get("detail", "")),
        request=str(item["request"]),
    )
