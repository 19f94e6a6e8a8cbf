"""The HTTP client under Stripe's library: short time-outs, no repetition, and it knows whether anybody heard it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import stripe
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECT_SECONDS = 2.0
READ_SECONDS = 4.0
# All calls of one verb together, from the first connection to the last byte.
VERB_SECONDS = 9.0
PIECE = 65536
CONNECTIONS = 8

# What the library tells about machine and timing is nobody's business.
stripe.enable_telemetry = False


class NoAnswer(stripe.APIConnectionError):
    """The connection broke or the answer took too long: nobody knows what was done."""

    def __init__(self, why: str) -> None:
        super().__init__(why, should_retry=False)  # type: ignore[no-untyped-call]


class NeverHeard(NoAnswer):
    """No connection came about, so nothing was asked and nothing done."""


class Punctual(stripe.HTTPClient):
    """One pool of connections for the threads of a process; each call is sent once."""

    name = "anteroom"

    def __init__(self) -> None:
        super().__init__()
        self._pool = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False)
        self._budget = threading.local()

    @contextmanager
    def budget(self) -> Iterator[None]:
        """Let the calls of this thread share nine seconds; what is left when they are over is not sent."""
        self._budget.ends = monotonic() + VERB_SECONDS
        try:
            yield
        finally:
            del self._budget.ends

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,  # noqa: ANN401 - as the library has it
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send once; raises NeverHeard or NoAnswer, whose words name no address and no body."""
        ends: float = self._budget.ends
        left = ends - monotonic()
        if left <= 0:
            raise NeverHeard("out of time")
        patience = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left))
        try:
            answer = self._pool.request(
                method,
                url,
                headers=dict(headers or {}),
                body=post_data,
                preload_content=False,
                redirect=False,
                timeout=patience,
            )
            return self._read(answer, ends), answer.status, answer.headers
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            raise NeverHeard("not connected") from None
        except (urllib3.exceptions.HTTPError, UnicodeDecodeError) as error:
            raise NoAnswer(type(error).__name__) from None

    @staticmethod
    def _read(answer: urllib3.BaseHTTPResponse, ends: float) -> str:
        pieces = []
        try:
            for piece in answer.stream(PIECE):
                pieces.append(piece)
                _still(ends)
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return b"".join(pieces).decode()

    def close(self) -> None:
        self._pool.clear()


def _still(ends: float) -> None:
    if monotonic() > ends:
        raise urllib3.exceptions.TimeoutError("too slow")
