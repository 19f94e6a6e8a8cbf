"""What somebody should hear, in the simplest way to say it: a diary of states, and who heard of which of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

Message = tuple[str, "UUID", datetime]
SETTLED = timedelta(minutes=3, seconds=1)


@dataclass
class Diary:
    """One visit: from when on it stood how; `None` is that it does not take place."""

    visit: UUID
    entries: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def write(self, at: datetime, starts: datetime | None) -> None:
        if not self.entries or self.entries[-1][1] != starts:
            self.entries.append((at, starts))

    @property
    def starts(self) -> datetime | None:
        return self.entries[-1][1]

    def heard(self, died: datetime | None, until: datetime) -> list[tuple[datetime, Message]]:
        """Every state that lasted for three minutes is told when they are over, unless it was what one knew already."""
        known: datetime | None = None
        told: list[tuple[datetime, Message]] = []
        following = [at for at, _ in self.entries[1:]] + [None]
        for (at, starts), end in zip(self.entries, following, strict=True):
            moment = at + SETTLED
            # Whoever changes it in that very second comes before the postman.
            if (end is not None and end <= moment) or moment > until or starts == known:
                continue
            if died is not None and died <= moment:
                continue
            kind = "cancellation" if starts is None else "confirmation" if known is None else "change"
            about = starts or known
            if about is not None and about > (at if starts is None else moment):
                told.append((moment, (kind, self.visit, about)))
            known = starts
        return told


def expected(diaries: list[Diary], died: datetime | None, until: datetime) -> list[Message]:
    """Everything that one person should have heard by a moment, in order."""
    told = [each for diary in diaries for each in diary.heard(died, until)]
    return [message for _, message in sorted(told, key=lambda each: (each[0], str(each[1])))]
