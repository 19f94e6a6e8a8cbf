"""The chain over the audit: what a block of it says, and the first row that is not as it was sealed. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ID_BYTES, DIGEST_BYTES = 8, 16
"""Half of a SHA-256 is enough: whoever wants another row under the same digest has to hit one of 2^128."""
GENESIS = bytes(32)

Digest = tuple[int, bytes]
Kind = Literal["changed", "missing", "added", "seal_changed", "seal_missing", "copy_changed", "copy_missing"]


@dataclass(frozen=True, slots=True)
class Seal:
    """A block: the audit's rows above `after` of the one before up to `upto`, each by id and digest, chained by `head`.

    `next_upto` and `next_xid` are how far the next one may go, and which transactions have to have ended before.
    """

    number: int
    upto: int
    row_digests: bytes
    next_upto: int
    next_xid: str
    sealed_at: datetime
    previous: bytes
    head: bytes = b""

    def closed(self) -> Seal:
        """The same with the head that follows from everything else."""
        return replace(self, head=self._head())

    def holds(self, previous: bytes) -> bool:
        """Whether it is as it was made, and follows the one with this head."""
        return self.previous == previous and self.is_whole

    @property
    def is_whole(self) -> bool:
        """Whether its head is that of everything else it says."""
        return self.head == self._head()

    def rows(self) -> Iterator[Digest]:
        """Id and digest of each row, by id."""
        size = ID_BYTES + DIGEST_BYTES
        for start in range(0, len(self.row_digests), size):
            one = self.row_digests[start : start + size]
            yield int.from_bytes(one[:ID_BYTES], "big", signed=True), one[ID_BYTES:]

    def _head(self) -> bytes:
        moment = self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
        words = f"{self.number}|{self.upto}|{self.next_upto}|{self.next_xid}|{moment}|{len(self.row_digests)}|"
        return hashlib.sha256(self.previous + words.encode() + self.row_digests).digest()


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is not as it was: of which row of the audit, or of which seal."""

    kind: Kind
    seal: int
    row: int | None = None


def packed(rows: Iterable[Digest]) -> bytes:
    """Rows as a seal keeps them."""
    return b"".join(number.to_bytes(ID_BYTES, "big", signed=True) + digest for number, digest in rows)


def first_difference(seal: Seal, actual: Iterable[Digest]) -> Finding | None:
    """The first row of a block that was changed, deleted or put in afterwards; both sides by id."""
    sealed, there = dict(seal.rows()), dict(actual)
    for number in sorted(sealed.keys() | there.keys()):
        if sealed.get(number) != there.get(number):
            kind: Kind = "added" if number not in sealed else "missing" if number not in there else "changed"
            return Finding(kind, seal.number, number)
    return None
