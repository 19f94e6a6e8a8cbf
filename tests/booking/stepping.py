"""Two people at two connections, one step at a time; nobody sleeps, PostgreSQL says who waits."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import text

from tests import factories
from tests.booking.wishes import ACTOR
from webapp.db import Role, db, transactional
from webapp.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.booking.wishes import Owner

T = TypeVar("T")
PATIENCE_SECONDS = 10.0


class Hand:
    """A person with one open transaction in a thread of their own; `does` starts a step, `waits` tells if it blocks."""

    def __init__(self, app: Flask, watch: Owner, role: Role = Role.DESK, **scope: Any) -> None:
        self._app = app
        self._watch = watch
        self._scope = factories.scope(role, **{"actor": ACTOR, **scope})
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._context: Any = None
        self._transaction: AbstractContextManager[Session] | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        """Open the transaction."""
        self._thread.submit(self._open).result(PATIENCE_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""
        self._thread.submit(self._end, ZeroDivisionError()).result(PATIENCE_SECONDS)
        self._thread.submit(self._context.pop).result(PATIENCE_SECONDS)
        self._thread.shutdown()

    def does(self, step: Callable[[], T]) -> Future[T]:
        """Begin a step."""
        return self._thread.submit(step)

    def did(self, step: Callable[[], T]) -> T:
        """Take a step that nobody is in the way of."""
        return self.does(step).result(PATIENCE_SECONDS)

    def waits(self, step: Future[Any]) -> bool:
        """True as soon as the step waits for a lock of somebody else; False when it ended without."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        query = "SELECT wait_event_type AS event FROM pg_stat_activity WHERE pid = %s"
        while not step.done():
            row = self._watch.execute(query, (self._pid,)).fetchone()
            if row is not None and row["event"] == "Lock":
                return True
            if time.monotonic() > deadline:
                raise TimeoutError("the step neither ended nor waited")
        return False

    def commits(self) -> None:
        self._thread.submit(self._end).result(PATIENCE_SECONDS)

    def rolls_back(self) -> None:
        self._thread.submit(self._end, ZeroDivisionError()).result(PATIENCE_SECONDS)

    def ends(self, step: Future[Any]) -> str:
        """How a step and the commit after it went: "done", the code of a refusal, or the class of an error."""
        try:
            step.result(PATIENCE_SECONDS)
            self.commits()
        except Refusal as refusal:
            self.rolls_back()
            return refusal.code
        except Exception as error:  # noqa: BLE001 - a lost race may end in any way
            self.rolls_back()
            return type(getattr(error, "orig", error)).__name__
        return "done"

    def _open(self) -> None:
        self._context = self._app.app_context()
        self._context.push()
        self._transaction = transactional(self._scope)
        self._transaction.__enter__()
        self._pid = db.session.execute(text("select pg_backend_pid()")).scalar_one()

    def _end(self, error: Exception | None = None) -> None:
        if self._transaction is None:
            return
        transaction, self._transaction = self._transaction, None
        with suppress(ZeroDivisionError):
            transaction.__exit__(None if error is None else type(error), error, None)
