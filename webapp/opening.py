"""How a transaction begins: whether the connection still lives, BEGIN and who acts, in one round trip, not in three.

A connection that rested in the pool has to be asked whether it is still there.  What a transaction begins with asks as
well as an empty statement does, and nothing has happened yet when the answer is no: the pool takes another one.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import generators, pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.abc import PQGen
    from sqlalchemy import Engine

_BEGIN = {False: b"BEGIN", True: b"BEGIN READ ONLY"}
_ENTER = (
    b"select set_config('role', $1, true), set_config('app.patients', $2, true), set_config('app.locations', $3, true),"
    b" set_config('app.actor', $4, true), set_config('app.at', $5, true), set_config('app.request', $6, true),"
    b" set_config('app.origin', $7, true)"
)
_here = threading.local()


class Opening:
    """The first words of one transaction; `values` are role, patients, locations, actor, time, request and origin."""

    def __init__(self, values: Sequence[str], *, read_only: bool) -> None:
        self.said = False
        self._begin = _BEGIN[read_only]
        self._values = [value.encode() for value in values]

    @contextmanager
    def on_the_tongue(self) -> Iterator[None]:
        """Let the pool say it in this thread where it would otherwise ask whether a connection lives."""
        _here.opening = self
        try:
            yield
        finally:
            _here.opening = None

    def say(self, connection: psycopg.Connection[Any]) -> None:
        """Begin the transaction and enter its role; raises the driver's errors, and then the connection is closed."""
        with connection.lock:
            try:
                connection.wait(self._talk(connection.pgconn))
            except BaseException:
                connection.pgconn.finish()
                raise
        self.said = True

    def _talk(self, connection: pq.abc.PGconn) -> PQGen[None]:
        connection.enter_pipeline_mode()
        connection.send_query_params(self._begin, None)
        connection.send_query_params(_ENTER, self._values)
        connection.pipeline_sync()
        yield from generators.send(connection)
        status = None
        while status != pq.ExecStatus.PIPELINE_SYNC:
            # None ends the answer to one statement.
            answer = yield from generators.fetch(connection)
            status = None if answer is None else answer.status
            if answer is not None and status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(answer)
        connection.exit_pipeline_mode()


def teach(engine: Engine) -> None:
    """Let the pool of an engine open the transaction that it is asked for, and send its usual ping for others."""
    usual = engine.dialect.do_ping

    def ask(connection: Any) -> bool:  # noqa: ANN401 - the dialect types it so
        opening: Opening | None = getattr(_here, "opening", None)
        if opening is None:
            return usual(connection)
        opening.say(connection)
        return True

    engine.dialect.do_ping = ask  # type: ignore[method-assign, assignment]
