"""What people try during the storm, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Want:
    """A visit somebody wishes for; no provider means anybody."""

    patient: UUID
    service: UUID
    provider: UUID | None
    starts: datetime


@dataclass(frozen=True, slots=True)
class Book:
    want: Want


@dataclass(frozen=True, slots=True)
class Move:
    visit: UUID
    provider: UUID | None
    starts: datetime


@dataclass(frozen=True, slots=True)
class Cancel:
    visit: UUID


@dataclass(frozen=True, slots=True)
class Rebook:
    """Cancel a visit and book another time for its patient, both or neither."""

    visit: UUID
    provider: UUID | None
    starts: datetime


@dataclass(frozen=True, slots=True)
class Swap:
    one: UUID
    other: UUID


Deed: TypeAlias = Book | Move | Cancel | Rebook | Swap


@dataclass(frozen=True, slots=True)
class Placed:
    """A live visit as it stood after a change; versions order the changes of one visit."""

    visit: UUID
    version: int
    patient: UUID
    service: UUID
    provider: UUID
    room: UUID | None
    starts: datetime


@dataclass(slots=True)
class Attempt:
    """One deed: first statement and COMMIT on the machine's monotonic clock in seconds, and its outcome.

    `outcome` is "done", the code of a refusal, or the class of an error.  `wants` and `own` say what had to be free,
    apart from which visits, for the deed to succeed.
    """

    deed: Deed
    began: float
    ended: float = 0.0
    outcome: str = ""
    wants: tuple[Want, ...] = ()
    own: frozenset[UUID] = frozenset()
    placed: tuple[Placed, ...] = ()
    gone: dict[UUID, int] = field(default_factory=dict)
