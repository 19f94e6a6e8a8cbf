"""What a proxy can be like: it passes, waits, swallows, hangs up, answers by itself, or strikes at one message."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Pass:
    """Everything goes through, both ways."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Nobody is let in, and who is in is thrown out: connections end with RST."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Connections are accepted and what they say is swallowed; nothing ever comes back."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Each message to the service waits this long, however many pieces it comes in."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CutAfter:
    """The service's answers end with RST after so many bytes of a connection."""

    count: int


@dataclass(frozen=True, slots=True)
class CutAt:
    """Hang up at a message that contains some bytes, before the service hears it or (`heard`) after it has answered.

    From then on the proxy is as `after` says; None cuts again and again.
    """

    message: bytes
    heard: bool = False
    after: Pass | Reset | None = field(default_factory=Pass)


@dataclass(frozen=True, slots=True)
class SilentAt:
    """A black hole from a message on that contains some bytes; the service still hears that one if `heard`."""

    message: bytes
    heard: bool = False


@dataclass(slots=True)
class Strike:
    """Hang up at the n-th message that goes through any proxy with this strike, before the service hears it or after.

    `heard` is after it has answered, and nobody gets the answer.  `struck` is called at that moment, e.g. to kill who
    sent it.  `sent` are the messages so far; number 0 only listens.
    """

    number: int
    heard: bool = False
    struck: Callable[[], None] = lambda: None
    sent: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, data: bytes) -> bool:
        """Count a message; True for the one to strike at."""
        with self._lock:
            self.sent.append(data)
            if len(self.sent) != self.number:
                return False
        if not self.heard:
            self.struck()
        return True


@dataclass(frozen=True, slots=True)
class Answer:
    """Each HTTP request gets this text back; the service is not asked."""

    content: bytes


Mode: TypeAlias = Pass | Reset | BlackHole | Latency | CutAfter | CutAt | SilentAt | Strike | Answer


def answer(status: str, body: bytes) -> Answer:
    """An HTTP answer, e.g. of "500 Internal Server Error"."""
    return Answer(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))
