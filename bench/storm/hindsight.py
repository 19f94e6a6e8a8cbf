"""Reads from the history of visits what the answers of the web do not tell."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.storm.deeds import Attempt, ByWorker, Move, MoveSome, OwnMove, Placed, Want

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection

_STEPS = """
    SELECT h.appointment_id, a.patient_id, a.service_id, h.provider_id, h.room_id, h.starts_at, h.to_status, h.version,
        h.actor, h.at
    FROM appointment_history AS h JOIN appointment AS a ON a.id = h.appointment_id
    WHERE h.at >= %s
    ORDER BY h.id
"""
_GONE = frozenset({"cancelled", "lapsed", "noshow"})
WORKER_SECONDS = 4.0
"""How long a worker's change may take to be seen: as long as PostgreSQL lets a statement run."""
SLEW_SECONDS = 0.005
"""How far the clock of the wall may drift from the machine's in a phase."""


class LostError(Exception):
    """Somebody of the crowd changed a visit while they did nothing: the history names who."""


def complete(connection: Connection[Any], attempts: list[Attempt]) -> list[Attempt]:
    """Fill in `placed`, `gone` and `wants` of a phase's attempts; returns what the worker did meanwhile.

    Every step in the history names the account that took it and the moment its request began; an account is at one
    browser, which does one thing after the other, so each step belongs to one attempt.  Raises LostError.
    """
    offset = time.time() - time.monotonic()
    began = datetime.fromtimestamp(min(attempt.began for attempt in attempts) + offset - SLEW_SECONDS, UTC)
    done: dict[UUID | None, list[Attempt]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda attempt: attempt.began):
        done[attempt.actor].append(attempt)
    workers: list[Attempt] = []
    for step in connection.execute(_STEPS, (began,)):
        visit, patient, service, provider, room, starts, status, version, actor, at = step
        moment = at.timestamp() - offset
        if actor is None:
            who = Attempt(ByWorker(), moment, moment + WORKER_SECONDS, "done")
            workers.append(who)
        else:
            who = _who(done[actor], moment)
        if status in _GONE:
            who.gone[visit] = version
        else:
            who.placed += (Placed(visit, version, patient, service, provider, room, starts),)
    _wants(connection, attempts)
    return workers


def _who(attempts: list[Attempt], moment: float) -> Attempt:
    """Which of one account's attempts a request that began at a moment belongs to."""
    number = bisect_right(attempts, moment + SLEW_SECONDS, key=lambda attempt: attempt.began) - 1
    if number < 0 or attempts[number].ended + SLEW_SECONDS < moment:
        raise LostError
    return attempts[number]


def _wants(connection: Connection[Any], attempts: list[Attempt]) -> None:
    """What had to be free for a move: whose visit it is, and of which kind."""
    query = "SELECT id, patient_id, service_id FROM appointment WHERE id = ANY (%s)"
    moves = [attempt for attempt in attempts if attempt.visit and isinstance(attempt.deed, Move | MoveSome | OwnMove)]
    rows = connection.execute(query, ([attempt.visit for attempt in moves],))
    known = {visit: (patient, service) for visit, patient, service in rows}
    for attempt in moves:
        deed = attempt.deed
        if isinstance(deed, Move | MoveSome | OwnMove) and attempt.visit is not None and deed.provider is not None:
            patient, service = known[attempt.visit]
            attempt.wants = (Want(patient, service, deed.provider, deed.starts),)
