"""What being signed in costs every request."""

from __future__ import annotations

from time import thread_time
from typing import TYPE_CHECKING

from bench.figures.figure import Figure, median
from webapp import dynamo
from webapp.clock import now
from webapp.identity.service import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.desk import Desk

TIMES = 400


def figures(desk: Desk) -> Iterator[Figure]:
    """The session read: CPU of the client, round trips, and what PostgreSQL is asked."""
    with desk.client.session_transaction() as session:
        handle = session["_user_id"]
    sessions, spent = identity().sessions, []
    for _ in range(TIMES):
        started = thread_time()
        if sessions.resolve(handle, now()) is None:
            raise RuntimeError("the session was not found")
        spent.append(thread_time() - started)
    yield Figure("session read, client CPU (median)", median(spent) * 1000, "ms", at_most=0.6)
    with desk.app.test_request_context():
        sessions.resolve(handle, now())
        calls = len(dynamo.spent().calls)
    yield Figure("session read, round trips to DynamoDB", calls, "", at_most=1)
    desk.statements.clear()
    desk.get("/empty")
    yield Figure("session read, statements to PostgreSQL", len(desk.statements), "", at_most=0)
