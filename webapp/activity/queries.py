"""Reading the activity log: who looked at a patient, what a person did, what happened in a span of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp import dynamo
from webapp.activity.items import DAY_SHARDS, TABLE, day_shards, patient_key, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.dynamo import Item, Value

    Fetch = Callable[[str, int], "_Found"]

PAGE = 100
MOST_AT_ONCE = 100
"""Records one request can write: it writes them in one transaction.  Jobs write one by one, and more."""
MOST_OF_ONE = 1600
SIFTED = 1000
"""Records that DynamoDB looks through in one call where some are sifted out; a megabyte of them would take its time."""
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

    def sift(self) -> tuple[str | None, dict[str, Value], dict[str, str]]:
        """The same as a filter that DynamoDB applies before it answers: expression, values and names, or nothing."""
        parts: list[str] = []
        values: dict[str, Value] = {}
        names: dict[str, str] = {}
        if self.action:
            parts, values, names = ["#action = :action"], {":action": self.action}, {"#action": "action"}
        if self.role:
            parts.append("contains(#roles, :role)")
            values, names = values | {":role": self.role}, names | {"#roles": "roles"}
        return " AND ".join(parts) or None, values, names


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
    """Who opened, changed, exported or listed this patient, newest first; a consistent read."""
    return _of_patient(patient, Wanted())(NEWEST, limit + MOST_AT_ONCE).records[:limit]


def of_actor(actor: UUID, *, limit: int = PAGE) -> list[Record]:
    """What one person did, newest first; the index may lag behind by a moment."""
    return _of_actor(actor, Wanted())(NEWEST, limit + MOST_AT_ONCE).records[:limit]


def of_day(day: date, *, limit: int = PAGE) -> list[Record]:
    """What happened on one UTC day, newest first, merged over the day's shards."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    span = _of_span(first, Wanted())
    return span(stamp(first + timedelta(days=1)), limit + MOST_AT_ONCE).records[:limit]


def part_of_patient(patient: UUID, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of who looked at a patient; `before` is where the page before it ended."""
    return _part(_of_patient(patient, wanted), before or NEWEST, size)


def part_of_actor(actor: UUID, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of what one person did."""
    return _part(_of_actor(actor, wanted), before or NEWEST, size)


def part_of_span(first: datetime, last: datetime, wanted: Wanted, before: str = "", size: int = PAGE) -> Part:
    """A page of what happened from the first moment until before the last, at most two UTC days."""
    return _part(_of_span(first, wanted), min(before or NEWEST, stamp(last)), size)


def _part(fetch: Fetch, before: str, size: int) -> Part:
    """A page is read in one go, however few are left of it; for a file of many it is read on until it is full."""
    kept: list[Record] = []
    while True:
        found = fetch(before, size - len(kept) + MOST_AT_ONCE)
        kept += found.records
        if found.before is None or found.cut or size <= PAGE or len(kept) >= size:
            return Part(kept, found.before, cut=found.cut)
        before = found.before


def _of_patient(patient: UUID, wanted: Wanted) -> Fetch:
    def fetch(before: str, limit: int) -> _Found:
        return _read(
            "pk = :pk AND sk < :before", {":pk": patient_key(patient), ":before": before}, wanted, before, limit
        )

    return fetch


def _of_actor(actor: UUID, wanted: Wanted) -> Fetch:
    def fetch(before: str, limit: int) -> _Found:
        values: dict[str, Value] = {":actor": str(actor), ":before": before}
        return _read("actor = :actor AND at_id < :before", values, wanted, before, limit, "by_actor")

    return fetch


def _of_span(first: datetime, wanted: Wanted) -> Fetch:
    """The later day first: where it fills the page, the earlier one is not asked.

    As the shards of a day are about as full, each is asked for its share, and a page is half full at least.
    """

    def fetch(before: str, limit: int) -> _Found:
        # The greatest text below `before`: BETWEEN includes its bounds.
        latest = before[:-1] + chr(ord(before[-1]) - 1) + "\uffff"
        if stamp(first) > latest:
            return _Found([])
        earliest = first.astimezone(UTC).date().isoformat()
        together = _Found([])
        for day in sorted({earliest, before[:10]}, reverse=True):
            for shard in day_shards(day):
                values: dict[str, Value] = {":shard": shard, ":first": stamp(first), ":latest": latest}
                where = "day_shard = :shard AND at_id BETWEEN :first AND :latest"
                together = together.beside(_read(where, values, wanted, before, limit // DAY_SHARDS, "by_day"))
            if day != earliest and len(together.records) >= limit // DAY_SHARDS and together.before is None:
                together.before = f"{day}T00:00:00.000000Z"
            if together.before is not None:
                break
        return together

    return fetch


@dataclass(slots=True)
class _Found:
    """All wanted records of a place in the log down to `before` (None: to its end), newest first."""

    records: list[Record]
    before: str | None = None
    cut: bool = False

    def beside(self, other: _Found) -> _Found:
        """Both together, as far as both reach."""
        before = max(filter(None, (self.before, other.before)), default=None)
        reached = [each for each in self.records + other.records if before is None or each.mark >= before]
        cut = any(each.cut and each.before == before for each in (self, other))
        return _Found(sorted(reached, key=lambda record: record.mark, reverse=True), before, cut)


def _read(
    where: str, values: dict[str, Value], wanted: Wanted, before: str, limit: int, index: str | None = None
) -> _Found:
    """One partition from its newest end: as a rule one call: `limit` records, or SIFTED where some are left out.

    A request's records share one mark, and where the call ends, only some of them may have been read: they are left to
    the next page.  Of a request that fills a page and more (an import) as many are read as MOST_OF_ONE.
    """
    sift, more, names = wanted.sift()
    records: list[Record] = []
    start: Item | None = None
    while True:
        page = dynamo.client().query(
            TABLE,
            where,
            values | more,
            names=names,
            sift=sift,
            index=index,
            forward=False,
            limit=max(limit, SIFTED) if sift else limit,
            start=start,
        )
        records += [_record(item) for item in page.items]
        start = page.next
        end = records[limit].mark if len(records) > limit else None if start is None else _mark_of(start)
        if end is None:
            return _Found(records)
        found = _before(end, records, limit)
        # A request of more than a call's worth, all of it sifted out, would lead to itself for ever.
        if found is not None or (not records and f"{end}-" != before):
            return found or _Found([], f"{end}-")
        if start is None or len(records) >= MOST_OF_ONE:
            return _Found(records, None if start is None else end, cut=start is not None)
        limit = MOST_OF_ONE


def _before(end: str, records: list[Record], limit: int) -> _Found | None:
    """The records of the requests before the one that `end` marks; if there are none, that one if it is whole."""
    whole = [record for record in records[:limit] if record.mark != end]
    if whole:
        # The least text above `end`: so the next page begins with that request.
        return _Found(whole, f"{end}-")
    alike = [record for record in records if record.mark == end]
    return _Found(alike, end) if len(alike) < len(records) else None


def _mark_of(item: Item) -> str:
    return "#".join(str(item["sk"]).split("#")[:2])


def _record(item: Item) -> Record:
    kind, _, owner = str(item["pk"]).partition("#")
    actor, account = str(item.get("actor") or item["by"]), item.get("account")
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
