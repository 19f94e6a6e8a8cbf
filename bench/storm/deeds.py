"""What people try during the storm, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from bench.storm.tied import Tied


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


@dataclass(frozen=True, slots=True)
class BookLate:
    """Book after every hold of the storm is over: what they keep is free."""

    want: Want


@dataclass(frozen=True, slots=True)
class BookOver:
    """Book whether or not the time is taken."""

    want: Want


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold a time, as a patient on the portal does: it replaces the one that the patient held before."""

    want: Want


@dataclass(frozen=True, slots=True)
class BookHeld:
    """Book what this person held last."""


@dataclass(frozen=True, slots=True)
class HoldFor:
    """Hold a time for the patient of a visit, as the waiting list does."""

    visit: UUID
    provider: UUID
    starts: datetime


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Move the visit into what this person held for it last."""

    visit: UUID


@dataclass(frozen=True, slots=True)
class Sweep:
    """End the holds that are over, as the job does."""


@dataclass(frozen=True, slots=True)
class Away:
    """A provider is away for an hour; visits stay where they are."""

    provider: UUID
    starts: datetime


@dataclass(frozen=True, slots=True)
class EditHours:
    """Somebody saves a provider's hours; bookings under way look again."""

    provider: UUID


class ForBrowsers:
    """A deed that begins with a look at a page."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OwnMove(ForBrowsers):
    """A patient's browser moves the next visit of that patient, whoever booked it."""

    patient: UUID
    provider: UUID
    starts: datetime


@dataclass(frozen=True, slots=True)
class OwnCancel(ForBrowsers):
    """A patient's browser cancels the next visit of that patient, whoever booked it."""

    patient: UUID


@dataclass(frozen=True, slots=True)
class Wait(ForBrowsers):
    """A patient's browser puts them on the waiting list."""

    patient: UUID
    service: UUID


@dataclass(frozen=True, slots=True)
class Answer(ForBrowsers):
    """A patient's browser looks for an offer and takes it, or lets it go."""

    patient: UUID
    take: bool


@dataclass(frozen=True, slots=True)
class MoveSome(ForBrowsers):
    """The desk moves one of the visits that the board shows, whoever booked it."""

    lot: int
    provider: UUID
    starts: datetime


@dataclass(frozen=True, slots=True)
class CancelSome(ForBrowsers):
    """The desk cancels one of the visits that the board shows on a day."""

    lot: int
    starts: datetime


@dataclass(frozen=True, slots=True)
class ByWorker(ForBrowsers):
    """What nobody of the crowd did while they were at their pages: a hold for who waits, an offer that ends."""


Special: TypeAlias = BookLate | BookOver | Hold | BookHeld | HoldFor | TakeOver | Sweep | Away | EditHours
Shared: TypeAlias = OwnMove | OwnCancel | Wait | Answer | MoveSome | CancelSome | ByWorker
Direct: TypeAlias = "Book | Move | Cancel | Rebook | Swap | Special | Tied"
Deed: TypeAlias = "Direct | Shared"


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
    apart from which visits, for the deed to succeed.  `actor` is the account at the browser, and `visit` the one that
    an answer named or a form was about.
    """

    deed: Deed
    began: float
    ended: float = 0.0
    outcome: str = ""
    wants: tuple[Want, ...] = ()
    own: frozenset[UUID] = frozenset()
    placed: tuple[Placed, ...] = ()
    gone: dict[UUID, int] = field(default_factory=dict)
    actor: UUID | None = None
    visit: UUID | None = None
