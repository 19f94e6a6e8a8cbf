"""Connections that give up: PostgreSQL may be there and say nothing, and then neither TCP nor its own time-outs help.

A server that is stopped (SIGSTOP), or a proxy that hangs, still acknowledges every packet.  Only whoever waits can
count the seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    RV = TypeVar("RV")

# A statement ends itself after 4 s (CONNECT_ARGS): only silence lasts longer.
STATEMENT_SECONDS = 4.5
# A connection that rests in the pool is asked whether it still lives; that takes a fraction of a millisecond.
PING_SECONDS = 1.0
LOOK_EVERY = 0.1


class Impatient(psycopg.Connection[Any]):
    """A connection whose every statement is answered within `patience` seconds, or it is closed (OperationalError)."""

    patience = STATEMENT_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = LOOK_EVERY, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg tells it apart for its callers, of whom we are one
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from None


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
