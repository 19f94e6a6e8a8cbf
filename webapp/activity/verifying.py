"""Whether the audit is as it was sealed, and if not, the first row that is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.activity.chain import GENESIS, Finding, Seal, first_difference
from webapp.activity.sealing import MOST_ROWS, ROWS, TOGETHER, copies, seals_from
from webapp.db import swiftly, transactional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.db import Scope

_BELOW_ALL = -(2**63)
_UNSEALED = "select count(*) from audit where id > %(upto)s"


@dataclass(slots=True)
class Verdict:
    """What was looked at, and the first thing that is wrong; `unsealed` rows are too young to be sealed."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    finding: Finding | None = None


def verify(scope: Callable[[], Scope], tell: Callable[[Verdict], None] | None = None) -> Verdict:
    """Hold every block against its copy in DynamoDB and against the rows, in order; stops at a row that differs.

    A finding names a row where any differs, or else a seal. The copy is believed before PostgreSQL's own seal, so that
    whoever rewrites rows and seals alike is found.  Each block is read in a transaction of its own (`scope()`).
    `tell` hears after each how far this is.  Raises DynamoUnavailable.
    """
    verdict = Verdict()
    head, after = GENESIS, _BELOW_ALL
    for number, copy, own, gap in _pairs(scope):
        seal = copy if copy is not None and copy.is_whole else own if own is not None else copy
        if seal is None:
            verdict.finding = verdict.finding or Finding("seal_missing", number)
            return verdict
        with transactional(scope(), read_only=True):
            rows = _rows(after, seal)
        if (row := first_difference(seal, rows)) is not None:
            verdict.finding = row
            return verdict
        # Where only seals are wrong so far, rows may still be further on, and a row says more.
        verdict.finding = verdict.finding or _of_seals(number, copy, own, head)
        if gap:
            verdict.finding = verdict.finding or Finding("copy_missing", number)
        verdict.seals, verdict.rows = verdict.seals + 1, verdict.rows + len(rows)
        head, after = seal.head, seal.upto
        if tell is not None:
            tell(verdict)
    with transactional(scope(), read_only=True):
        unsealed = swiftly(_UNSEALED, {"upto": after}).fetchone()
    verdict.unsealed = 0 if unsealed is None else int(unsealed[0])
    return verdict


def _of_seals(number: int, copy: Seal | None, own: Seal | None, head: bytes) -> Finding | None:
    """What is wrong with a block whose rows are as it says; `head` is that of the one before."""
    if own is None:
        return Finding("seal_missing", number)
    if own.number != number or not own.holds(head):
        return Finding("seal_changed", number)
    if copy is not None and not copy.holds(head):
        return Finding("copy_changed", number)
    return Finding("seal_changed", number) if copy is not None and copy.head != own.head else None


def _pairs(scope: Callable[[], Scope]) -> Iterator[tuple[int, Seal | None, Seal | None, bool]]:
    """Each number that a block or its copy has, with both, and whether only later ones have a copy."""
    copied, sealed = iter(copies()), _sealed(scope)
    copy, own = next(copied, None), next(sealed, None)
    number = 0
    while copy is not None or own is not None:
        here = copy if copy is not None and copy.number <= number else None
        there = own if own is not None and own.number <= number else None
        yield number, here, there, here is None and copy is not None
        copy = next(copied, None) if here is not None else copy
        own = next(sealed, None) if there is not None else own
        number += 1


def _sealed(scope: Callable[[], Scope]) -> Iterator[Seal]:
    first = 0
    while True:
        with transactional(scope(), read_only=True):
            some = seals_from(first)
        yield from some
        if len(some) < TOGETHER:
            return
        first = some[-1].number + 1


def _rows(after: int, seal: Seal) -> list[tuple[int, bytes]]:
    values = {"after": after, "upto": seal.upto, "most": MOST_ROWS + len(seal.row_digests)}
    return [(row[0], bytes(row[1])) for row in swiftly(ROWS, values)]
