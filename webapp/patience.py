"""Connections that give up: PostgreSQL may be there and say nothing, and then neither TCP nor its own time-outs help.

A server that is stopped (SIGSTOP), or a proxy that hangs, still acknowledges every packet.  Only whoever waits can
count the seconds.  A request has one budget of them: what it has waited in one statement, ping or connection it can't
wait in the next, so that no page takes longer than five seconds whatever it asks and however often.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from flask import g, has_request_context
from psycopg import errors
from psycopg._preparing import PrepareManager
from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg.abc import PQGen

    RV = TypeVar("RV")

# A statement ends itself after 4 s (CONNECT_ARGS): only silence lasts longer.
STATEMENT_SECONDS = 4.5
# Those of a worker are given 10 s by PostgreSQL.
WORKER_SECONDS = 11.0
CONNECT_SECONDS = 2.0
# A connection that rests in the pool is asked whether it still lives; that takes a fraction of a millisecond.
PING_SECONDS = 0.5
LOOK_EVERY = 0.1

CHANGED = frozenset({"0A", "42", "XX"})
"""Classes of errors that come of statements prepared before a table or function was changed, among others."""

PAGE_SECONDS = 4.5
"""What a request may wait for PostgreSQL altogether."""
RESERVE_SECONDS = 1.0
"""Of these, what is kept to look up what became of a COMMIT, or to show a form again: a ping and a new connection."""
LEAST_SECONDS = 0.25
"""What is left to wait each time when all is spent: an answer that is there is still read."""
_WAITED, _LAST = "waited_for_postgresql", "postgresql_last_chance"


class Lasting(PrepareManager):
    """What is prepared outlives a ROLLBACK, as it does in PostgreSQL, until something it asks has changed.

    psycopg forgets it all, because a transaction may have made the tables that a statement asks.  Ours make none; and
    who is refused a time should not slow down the next twenty who come by the same connection.
    """

    def clear(self) -> bool:
        return False

    def forget_after(self, error: psycopg.Error) -> None:
        """Prepare all anew when tables or functions are no longer what they were: a migration runs beside us."""
        if (error.sqlstate or "")[:2] in CHANGED:
            super().clear()


class Impatient(psycopg.Connection[Any]):
    """A connection whose every statement is answered within `patience` seconds, or it is closed (OperationalError).

    Within a request `patience` is also no more than what the request has left to wait.
    """

    patience = STATEMENT_SECONDS
    _prepared: Lasting

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - psycopg's own
        super().__init__(*arguments, **options)
        self._prepared = Lasting()

    def wait(self, gen: PQGen[RV], interval: float = LOOK_EVERY, timeout: float | None = None) -> RV:
        began = monotonic()
        try:
            return super().wait(gen, interval, _granted(self.patience) if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg tells it apart for its callers, of whom we are one
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from None
        except psycopg.Error as error:
            self._prepared.forget_after(error)
            raise
        finally:
            _spend(monotonic() - began)

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Impatient]:
        """Connect as psycopg does, which gives every attempt two seconds at least, and give up when ours are over."""
        began, most = monotonic(), _granted(CONNECT_SECONDS)
        steps = super()._connect_gen(conninfo)
        try:
            step = next(steps)
            while True:
                ready = yield step
                if not ready and monotonic() - began > most:
                    steps.close()
                    raise psycopg.OperationalError("PostgreSQL did not let us in in time")
                step = steps.send(ready)
        except StopIteration as connected:
            made: Impatient = connected.value
            return made
        finally:
            _spend(monotonic() - began)


class ImpatientWorker(psycopg.AsyncConnection[Any]):
    """The same for the connections on which a worker fetches its jobs: silence ends them, and new ones are made."""

    async def wait(self, gen: PQGen[RV], interval: float = LOOK_EVERY, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - psycopg's own
        try:
            return await super().wait(gen, interval, WORKER_SECONDS if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 - as above
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from None


def last_chance() -> None:
    """Let the current request also wait what was kept: for the truth about a COMMIT, or the page of a refusal."""
    setattr(g, _LAST, True)


def _granted(most: float) -> float:
    """How long to wait now: `most`, and within a request no longer than it may."""
    if not has_request_context():
        return most
    kept = 0.0 if g.get(_LAST) else RESERVE_SECONDS
    left: float = PAGE_SECONDS - kept - g.get(_WAITED, 0.0)
    return min(most, max(left, LEAST_SECONDS))


def _spend(seconds: float) -> None:
    if has_request_context():
        setattr(g, _WAITED, g.get(_WAITED, 0.0) + seconds)


def teach(engine: Engine) -> None:
    """Let all connections of an engine be impatient, and more so while they rest."""

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Impatient:  # noqa: ANN401
        return Impatient.connect(*arguments, **options)

    def rest(connection: Impatient | None, _record: object) -> None:
        if connection is not None:
            connection.patience = PING_SECONDS

    def work(connection: Impatient, _record: object, _proxy: object) -> None:
        connection.patience = STATEMENT_SECONDS

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkin", rest)
    event.listen(engine, "checkout", work)
