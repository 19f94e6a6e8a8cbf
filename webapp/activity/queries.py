"""Reading the activity log: who looked at a patient, what a person did, what happened in a span of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import dynamo
from webapp.activity.items import TABLE, day_shards, patient_key, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.dynamo import Item, Value

    Fetch = Callable[[str, int], list["Record"]]

PAGE = 100
MOST_AT_ONCE = 100
"""Records one request can write: it writes them in one transaction.  Jobs write one by one, and more."""
MOST_OF_ONE = 1600
ROUNDS = 3
NEWEST = "9999"
MARK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z(#[0-9A-Za-z-]{1,64})?")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log: what was done, when (aware UTC), by whom (None: nobody signed in), to whom, from where."""

    action: str
    at: datetime
    actor: UUID | None
    patient: UUID | None
    listed: frozenset[UUID]
    route: str
    detail: str
    request: str
    mark: str = ""
    roles: frozenset[str] = frozenset()
    address: str = ""
    account: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records to keep: those of an action, by somebody in a role; empty keeps all."""

    action: str = ""
    role: str = ""

    def keeps(self, record: Record) -> bool:
        return (not self.action or record.action == self.action) and (not self.role or self.role in record.roles)


@dataclass(frozen=True, slots=True)
class Part:
    """Records in order, newest first, and where older ones begin (None: there are none).

    `cut`: the last request wrote more records than a page can hold; the rest of them stand on the patients' own pages.
    """

    records: list[Record]
    before: str | None = None
    cut: bool = False


def is_mark(text: str) -> bool:
    """Whether a text can be the place in the log where a page ended."""
    return MARK.fullmatch(text) is not None


def of_patient(patient: UUID, *, limit: int = PAGE) -> list[Record]:
    """Who opened, changed or exported this patient's record, newest first; a consistent read."""
    return _of_patient(patient)(NEWEST, limit)


def of_actor(actor: UUID, *, limit: int = PAGE) -> list[Record]:
    """What one person did, newest first; the index may lag behind by a moment."""
    return _of_actor(actor)(NEWEST, limit)


def of_day(day: date, *, limit: int = PAGE) -> list[Record]:
    """What happened on one UTC day, newest first, merged over the day's shards."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return _of_span(first)(stamp(first + timedelta(days=1)), limit)


def part_of_patient(patient: UUID, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of who looked at a patient; `before` is where the page before it ended."""
    return _part(_of_patient(patient), wanted, before or NEWEST, size)


def part_of_actor(actor: UUID, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of what one person did."""
    return _part(_of_actor(actor), wanted, before or NEWEST, size)


def part_of_span(first: datetime, last: datetime, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of what happened from the first moment until before the last, at most two UTC days."""
    return _part(_of_span(first), wanted, min(before or NEWEST, stamp(last)), size)


def _part(fetch: Fetch, wanted: Wanted, before: str, size: int) -> Part:
    kept: list[Record] = []
    for _ in range(ROUNDS):
        limit = size + MOST_AT_ONCE
        found = fetch(before, limit)
        # An import writes thousands of records under one mark.
        while len(found) == limit and found[0].mark == found[-1].mark and limit < MOST_OF_ONE:
            limit *= 4
            found = fetch(before, limit)
        if len(found) < limit:
            return Part(kept + [record for record in found if wanted.keeps(record)])
        # A request's records share one mark: the last one read may be half there, so the next page begins with it.
        whole = [record for record in found if record.mark != found[-1].mark]
        kept += [record for record in whole or found if wanted.keeps(record)]
        before = (whole or found)[-1].mark
        if not whole or len(kept) >= size:
            return Part(kept, before, cut=not whole)
    return Part(kept, before)


def _of_patient(patient: UUID) -> Fetch:
    def fetch(before: str, limit: int) -> list[Record]:
        return _query("pk = :pk AND sk < :before", {":pk": patient_key(patient), ":before": before}, limit)

    return fetch


def _of_actor(actor: UUID) -> Fetch:
    def fetch(before: str, limit: int) -> list[Record]:
        values: dict[str, Value] = {":actor": str(actor), ":before": before}
        return _query("actor = :actor AND at_id < :before", values, limit, "by_actor")

    return fetch


def _of_span(first: datetime) -> Fetch:
    def fetch(before: str, limit: int) -> list[Record]:
        # The greatest text below `before`: BETWEEN includes its bounds.
        latest = before[:-1] + chr(ord(before[-1]) - 1) + "\uffff"
        days = {first.astimezone(UTC).date().isoformat(), before[:10]}
        found: list[Record] = []
        for shard in (shard for day in sorted(days) for shard in day_shards(day)):
            values: dict[str, Value] = {":shard": shard, ":first": stamp(first), ":latest": latest}
            if stamp(first) <= latest:
                found += _query("day_shard = :shard AND at_id BETWEEN :first AND :latest", values, limit, "by_day")
        return sorted(found, key=lambda record: record.mark, reverse=True)[:limit]

    return fetch


def _query(where: str, values: dict[str, Value], limit: int, index: str | None = None) -> list[Record]:
    records: list[Record] = []
    start: Item | None = None
    while True:
        page = dynamo.client().query(
            TABLE, where, values, index=index, forward=False, limit=limit - len(records), start=start
        )
        records += [_record(item) for item in page.items]
        start = page.next
        if start is None or len(records) >= limit:
            return records


def _record(item: Item) -> Record:
    kind, _, owner = str(item["pk"]).partition("#")
    actor, account = str(item["actor"]), item.get("account")
    return Record(
        action=str(item["action"]),
        at=datetime.strptime(str(item["at_id"])[:27], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        actor=None if actor == "nobody" else UUID(actor),
        patient=UUID(owner) if kind == "P" else None,
        listed=frozenset(UUID(each) for each in _texts(item.get("listed"))),
        route=str(item.get("route", "")),
        detail=str(item.get("detail", "")),
        request=str(item["request"]),
        mark=str(item["at_id"]),
        roles=frozenset(_texts(item.get("roles"))),
        address=str(item.get("address", "")),
        account=UUID(str(account)) if account else None,
    )


def _texts(value: Value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, set | frozenset) else []
