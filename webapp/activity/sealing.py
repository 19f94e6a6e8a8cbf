"""Sealing the audit: blocks of rows that nobody can add to, chained, and copied to where PostgreSQL can't reach.

Rows commit in another order than their ids. Each seal says how far the next one may go: up to the highest id there was,
once every transaction that had begun by then has ended; a later one takes higher ids.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from webapp import dynamo
from webapp.activity.chain import GENESIS, Seal, packed
from webapp.activity.items import TABLE, stamp
from webapp.db import swiftly, transactional
from webapp.jobs import scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.dynamo import Item

PARTITION = "seal"
MOST_ROWS = 2000
"""Of one block: 48 KB."""
TOGETHER = 100

log = structlog.get_logger(__name__)

# What stands in a row, without room for a second reading: as JSON, times in UTC to the microsecond.
ROWS = (
    "select id, substring(sha256(convert_to(jsonb_build_array(id, to_char(at at time zone 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), actor, role, request, table_name, row_id, patient_id, operation, changes,"
    " origin)::text, 'UTF8')) for 16) from audit where id > %(after)s and id <= %(upto)s order by id limit %(most)s"
)
SEALS = (
    "select number, upto, row_digests, next_upto, next_xid::text, sealed_at, previous, head from audit_seal"
    " where number >= %(first)s order by number limit %(most)s"
)
_LAST = (
    "select number, upto, row_digests, next_upto, next_xid::text, sealed_at, previous, head from audit_seal"
    " order by number desc limit 1"
)
_TURN = "select pg_try_advisory_xact_lock(5071906)"
_HIGHEST = "select coalesce(max(id), 0) from audit"
# Its number is above that of every transaction that has taken an id of the audit by now.
_OWN_NUMBER = "select pg_current_xact_id()::text"
# A number from the future is another server's, from before a backup was played back.
_ENDED = (
    "select pg_snapshot_xmin(pg_current_snapshot()) >= %(xid)s::xid8,"
    " pg_snapshot_xmax(pg_current_snapshot()) <= %(xid)s::xid8"
)
_INSERT = (
    "insert into audit_seal (number, upto, row_digests, next_upto, next_xid, sealed_at, previous, head) values"
    " (%(number)s, %(upto)s, %(row_digests)s, %(next_upto)s, %(next_xid)s::xid8, %(sealed_at)s, %(previous)s, %(head)s)"
)


class ChainBroken(Exception):  # noqa: N818 - what it says is a state of the world
    """What is sealed and its copy differ: somebody changed one of them. `flask verify-audit` says where."""


def seal(at: datetime, *, most_rows: int = MOST_ROWS) -> bool:
    """Make the next block, if there is one to make; True when another one can follow at once."""
    with transactional(scope()):
        if not _value(_TURN):
            return False
        # Before anything gives this transaction a number of its own.
        highest = int(_value(_HIGHEST))
        row = swiftly(_LAST, {}).fetchone()
        if row is None:
            _write(Seal(0, 0, b"", highest, _value(_OWN_NUMBER), at, GENESIS))
            return highest > 0
        return _seal_after(Seal(*row), max(highest, row[3]), at, most_rows)


def _seal_after(last: Seal, highest: int, at: datetime, most_rows: int) -> bool:
    ended, foreign = _row(_ENDED, {"xid": last.next_xid})
    if foreign:
        _write(Seal(last.number + 1, last.upto, b"", highest, _value(_OWN_NUMBER), at, last.head))
        return False
    if not ended or highest == last.upto:
        return False
    rows = _digests(last.upto, last.next_upto, most_rows)
    if len(rows) == most_rows and rows[-1][0] < last.next_upto:
        _write(Seal(last.number + 1, rows[-1][0], packed(rows), last.next_upto, last.next_xid, at, last.head))
        return True
    if not rows and highest == last.next_upto:
        return False
    _write(Seal(last.number + 1, last.next_upto, packed(rows), highest, _value(_OWN_NUMBER), at, last.head))
    return False


def publish() -> int:
    """Copy what is sealed and not copied yet; how many. Raises ChainBroken, DynamoUnavailable."""
    copied = newest_copy()
    first = 0 if copied is None else copied.number
    count = 0
    while True:
        with transactional(scope(), read_only=True):
            some = seals_from(first)
        if copied is not None and (not some or some[0].head != copied.head):
            raise _broken(copied.number)
        fresh = some if copied is None else some[1:]
        for one in fresh:
            _copy(one)
        count += len(fresh)
        if len(some) < TOGETHER:
            return count
        copied, first = some[-1], some[-1].number


def newest_copy() -> Seal | None:
    """The last block of which there is a copy."""
    page = dynamo.client().query(TABLE, "pk = :pk", {":pk": PARTITION}, forward=False, limit=1)
    return of_item(page.items[0]) if page.items else None


def copies() -> Iterator[Seal]:
    """Every copy there is, by number; raises DynamoUnavailable."""
    start: Item | None = None
    while True:
        page = dynamo.client().query(TABLE, "pk = :pk", {":pk": PARTITION}, start=start)
        yield from map(of_item, page.items)
        start = page.next
        if start is None:
            return


def seals_from(first: int) -> list[Seal]:
    """Some blocks as PostgreSQL has them, from a number on."""
    return [Seal(*row) for row in swiftly(SEALS, {"first": first, "most": TOGETHER})]


def of_item(item: Item) -> Seal:
    """A copy as a block; what somebody else made of it may hold nothing, and then it does not hold together."""

    def octets(name: str) -> bytes:
        value = item.get(name)
        return value if isinstance(value, bytes) else b""

    def number(name: str) -> int:
        value = item.get(name)
        return value if isinstance(value, int) else -1

    try:
        at = datetime.fromisoformat(str(item.get("sealed_at")))
    except ValueError:
        at = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    place = str(item["sk"])
    return Seal(
        number=int(place) if place.isdecimal() else -1,
        upto=number("upto"),
        row_digests=octets("row_digests"),
        next_upto=number("next_upto"),
        next_xid=str(item.get("next_xid")),
        sealed_at=at,
        previous=octets("previous"),
        head=octets("head"),
    )


def _copy(one: Seal) -> None:
    item: Item = {
        "pk": PARTITION,
        "sk": f"{one.number:012d}",
        "upto": one.upto,
        "row_digests": one.row_digests,
        "next_upto": one.next_upto,
        "next_xid": one.next_xid,
        "sealed_at": stamp(one.sealed_at),
        "previous": one.previous,
        "head": one.head,
    }
    try:
        dynamo.client().put(TABLE, item, condition="attribute_not_exists(pk)")
    except dynamo.ConditionFailed as refused:
        if refused.item is None or of_item(refused.item).head != one.head:
            raise _broken(one.number) from refused


def _broken(number: int) -> ChainBroken:
    log.error("audit_chain_broken", seal=number)
    return ChainBroken()


def _digests(after: int, upto: int, most: int) -> list[tuple[int, bytes]]:
    return [(row[0], bytes(row[1])) for row in swiftly(ROWS, {"after": after, "upto": upto, "most": most})]


def _write(made: Seal) -> None:
    closed = made.closed()
    swiftly(_INSERT, {name: getattr(closed, name) for name in Seal.__dataclass_fields__})


def _row(statement: str, values: dict[str, object]) -> tuple[Any, ...]:
    row = swiftly(statement, values).fetchone()
    return row if row is not None else (None, None)


def _value(statement: str) -> Any:  # noqa: ANN401 - a column
    return _row(statement, {})[0]
