"""Whether this process can serve: PostgreSQL answers within a second, and by the same clock."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from flask import current_app
from sqlalchemy import event

from webapp import clock
from webapp.db import CONNECT_ARGS, db
from webapp.patience import Impatient

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

EXTENSION = "anteroom.readiness"

PATIENCE_SECONDS = 1.0
MOST_SKEW = timedelta(seconds=5)
"""Times of visits are full minutes, but sessions, holds and codes end by the second."""


class Probe:
    """Asks PostgreSQL the time over a connection of its own: a crowd that fills the pool is no reason to leave.

    One question at a time: whoever asks while PostgreSQL keeps one unanswered waits for the same answer, a second at
    most, so that a black hole costs one thread however often a balancer looks.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "readiness")
        self._asked: Future[timedelta] | None = None
        self._connection: psycopg.Connection[Any] | None = None

    def missing(self) -> str | None:
        """What is wrong: `postgresql` or `clock`; None when this process can serve."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._thread.submit(self._skew)
            asked = self._asked
        try:
            skew = asked.result(PATIENCE_SECONDS)
        except (psycopg.Error, TimeoutError):
            return "postgresql"
        return "clock" if abs(skew) > MOST_SKEW else None

    def close(self) -> None:
        """Give the connection back; the next question opens another."""
        if self._connection is not None:
            self._connection.close()

    def _skew(self) -> timedelta:
        """How far our clock is ahead of the database's, give or take half of the way there."""
        kept = self._connection
        if kept is not None and not kept.closed:
            try:
                return _measured(kept)
            except psycopg.OperationalError:
                kept.close()
        self._connection = Impatient.connect(self._address, autocommit=True, **CONNECT_ARGS)
        return _measured(self._connection)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its probe; it connects when it is asked first, after every fork."""
    probe = app.extensions[EXTENSION] = Probe(settings.database_url)
    with app.app_context():
        event.listen(db.engine, "engine_disposed", lambda _engine: probe.close())


def probe() -> Probe:
    """The probe of the current application."""
    found: Probe = current_app.extensions[EXTENSION]
    return found


def _measured(connection: psycopg.Connection[Any]) -> timedelta:
    before = clock.now()
    row = connection.execute("select clock_timestamp()").fetchone()
    after = clock.now()
    there: datetime = row[0] if row else before
    return before + (after - before) / 2 - there
