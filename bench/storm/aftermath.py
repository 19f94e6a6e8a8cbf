"""What is true after phase (g): every answer was kept, everything is told once and as it is, and the audit holds."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from bench.storm.backstage import MRN, PEOPLE, VISITS
from bench.storm.deeds import Answer, Book, BookHeld, BookOver, CancelSome, Hold, MoveSome, OwnCancel, OwnMove
from bench.storm.wire import NOTHING, SAVED
from tests import factories
from tests.activity.sealed import seal_everything
from tests.notify.postman import Postman
from webapp import clock
from webapp.activity.sealing import publish
from webapp.activity.verifying import verify
from webapp.booking import projected, queries, waiting_jobs
from webapp.booking.projection.ahead import Unusable
from webapp.booking.queries import Search
from webapp.db import transactional
from webapp.jobs import scope
from webapp.practice.hours import Span, local_day

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from flask import Flask

    from bench.storm.deeds import Attempt
    from bench.storm.ground import Ground
    from webapp.interop.importing import Import

PATIENCE_SECONDS = 120.0
LATER = timedelta(minutes=4)
"""When nothing can be undone any more, so that everybody has been told."""
_UNTOLD = """
    SELECT (SELECT count(*) FROM availability_dirty)
        + (SELECT count(*) FROM availability_day WHERE published < version)
"""
_PLANNED = "a.status IN ('booked', 'confirmed')"
_MESSAGES = {
    "sent twice": """
        SELECT count(*) FROM (SELECT FROM mailbox_item GROUP BY parcel_id, channel HAVING count(*) > 1) AS t""",
    "said twice": """
        SELECT count(*) FROM (
            SELECT FROM message WHERE kind IN ('confirmation', 'cancellation', 'offer')
            GROUP BY subject_id, kind, channel HAVING count(*) > 1) AS t""",
    "left unsaid": f"""
        SELECT count(*) FROM appointment AS a LEFT JOIN visit_told AS t ON t.appointment_id = a.id
        WHERE {_PLANNED} AND (t.planned, t.starts_at, t.provider_id)
            IS DISTINCT FROM (true, a.starts_at, a.provider_id)""",
    "still told as planned": """
        SELECT count(*) FROM appointment AS a JOIN visit_told AS t ON t.appointment_id = a.id
        WHERE t.planned AND a.status = 'cancelled'""",
    "messages left": """
        SELECT count(*) FROM message
        WHERE state IN ('queued', 'sending') AND due_at < clock_timestamp() + interval '3 minutes'""",
    "offers left open": """
        SELECT count(*) FROM waiting_offer AS o JOIN appointment AS h ON h.id = o.hold_id
        WHERE o.outcome = 'open' AND h.status <> 'held'""",
    "two times for one wish": """
        SELECT count(*) FROM (SELECT FROM waiting_offer WHERE outcome IN ('open', 'accepted')
            GROUP BY wish_id HAVING count(*) > 1) AS t""",
}

_UNDONE = """
    SELECT j.task_name AS task, j.status::text AS status, left(f.error, 120) AS error, count(*) AS n
    FROM jobs.procrastinate_jobs AS j LEFT JOIN jobs.failure AS f ON f.job_id = j.id
    WHERE j.status NOT IN ('todo', 'succeeded') GROUP BY 1, 2, 3
"""


def unkept(attempts: list[Attempt]) -> Counter[str]:
    """Answers that the history does not bear out: done, and nothing was; refused, and something was."""
    faults: Counter[str] = Counter()
    there = {(each.visit, each.provider, each.starts) for attempt in attempts for each in attempt.placed}
    for attempt in attempts:
        if attempt.outcome in {"done", SAVED} and not _kept(attempt, there):
            faults[f"unkept: {type(attempt.deed).__name__}"] += 1
        if attempt.outcome not in {"done", SAVED} and (attempt.placed or attempt.gone):
            faults[f"{attempt.outcome} and yet done: {type(attempt.deed).__name__}"] += 1
        if attempt.outcome == NOTHING and isinstance(attempt.deed, Book | BookOver | Hold):
            faults["never pressed"] += 1
    return faults


def _kept(attempt: Attempt, there: set[tuple[UUID, UUID, datetime]]) -> bool:
    placed = {each.visit for each in attempt.placed}
    match attempt.deed:
        case Book() | BookOver() | Hold() | BookHeld() | Answer(take=True):
            return attempt.visit in placed or (attempt.outcome == SAVED and bool(placed))
        case OwnCancel() | CancelSome():
            return attempt.visit in attempt.gone
        case OwnMove(_, provider, starts) | MoveSome(_, provider, starts):
            # Moved to where it was leaves no line in the history.
            return attempt.visit in placed or (attempt.visit, provider, starts) in there
    return True


def projection(admin: str, worker: Flask, ground: Ground, days: list[datetime]) -> Counter[str]:
    """Days whose free times DynamoDB has otherwise than PostgreSQL, once all changes are told."""
    faults: Counter[str] = Counter()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(admin, autocommit=True) as connection:
        while _number(connection, _UNTOLD):
            if time.monotonic() > deadline:
                return Counter({"changes that DynamoDB is never told": 1})
            time.sleep(0.1)
    with worker.app_context():
        for day, provider in ((day, provider) for day in days for provider in (None, *ground.providers)):
            faults += _compared(ground, day, provider)
    return faults


def _compared(ground: Ground, day: datetime, provider: UUID | None) -> Counter[str]:
    now = clock.now()
    window = local_day(factories.NEW_YORK, day.date())
    search = Search(
        service_id=ground.kinds[0].service, window=window, provider_id=provider, location_id=ground.location
    )
    known = projected.ahead(ground.location, Span(window.start, window.end), now)
    try:
        known.plan(ground.location, day.date(), factories.NEW_YORK)
    except Unusable as unusable:
        return Counter({f"projection {unusable.reason}": 1})
    with transactional(scope(), read_only=True):
        told, computed = projected.free_times(search, now, known), queries.free_times(search, now)
    same = told is not None and computed is not None and told.starts == computed.starts
    return Counter() if same else Counter({"days told otherwise than they are": 1})


def messages(admin: str, worker: Flask) -> Counter[str]:
    """What people were told, when what may be undone is over: each thing once, and as it is."""
    with psycopg.connect(admin, autocommit=True, row_factory=dict_row) as owner:
        postman = Postman(worker, owner)
        postman.now = clock.now()
        postman.works(postman.now + LATER)
        with worker.app_context(), clock.stopped_at(postman.now):
            waiting_jobs.sweep_waiting_list(timestamp=0)
        faults = Counter({name: n for name, query in _MESSAGES.items() if (n := _number(owner, query))})
        for job in owner.execute(_UNDONE):
            faults[f"{job['task']} {job['status']}: {job['error']}"] = job["n"]
        return faults


def audit(worker: Flask) -> Counter[str]:
    """The audit against its seals and their copies, everything sealed."""
    with worker.app_context():
        try:
            seal_everything(clock.now())
        except TimeoutError:
            return Counter({"left unsealed": 1})
        publish()
        verdict = verify(scope)
    faults = Counter({f"audit {verdict.finding.kind}": 1} if verdict.finding is not None else {})
    return faults if verdict.rows and not verdict.unsealed else faults + Counter({"left unverified": 1})


def imports(admin: str, courses: list[Import]) -> Counter[str]:
    """People and their visits, as often as they were imported: everybody once, each visit once."""
    people = "SELECT count(DISTINCT patient_id) FROM patient_identifier WHERE starts_with(value, %s)"
    visits = """
        SELECT count(*) FROM encounter WHERE patient_id IN
            (SELECT patient_id FROM patient_identifier WHERE starts_with(value, %s))"""
    with psycopg.connect(admin, autocommit=True) as connection:
        known, seen = (_number(connection, query, MRN) for query in (people, visits))
    faults: Counter[str] = Counter()
    if known != PEOPLE:
        faults["people imported otherwise than once"] = 1
    if seen != VISITS * sum(course.imported for course in courses):
        faults["visits imported otherwise than once"] = 1
    return faults


def _number(connection: psycopg.Connection[Any], query: str, *values: object) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(next(iter(row.values())) if isinstance(row, dict) else row[0])
