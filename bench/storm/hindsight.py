"""Reads from the history of visits what the answers of the web do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.storm.deeds import Attempt, Book, Cancel, Move, Placed, Want

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection

_STEPS = """
    SELECT h.appointment_id, a.patient_id, a.service_id, h.provider_id, h.room_id, h.starts_at, h.to_status,
        row_number() OVER (PARTITION BY h.appointment_id ORDER BY h.id) AS version
    FROM appointment_history AS h JOIN appointment AS a ON a.id = h.appointment_id
    ORDER BY h.id
"""


def complete(connection: Connection[Any], attempts: list[Attempt]) -> None:
    """Fill in `placed`, `gone` and `wants` of attempts that only know their deed and the visit it was about.

    Every change of the storm is one row of history, so its number is the version it made.
    """
    steps: dict[UUID, list[Placed | None]] = {}
    for visit, patient, service, provider, room, starts, status, version in connection.execute(_STEPS):
        placed = Placed(visit, version, patient, service, provider, room, starts)
        steps.setdefault(visit, []).append(None if status == "cancelled" else placed)
    taken: set[tuple[UUID, int]] = set()
    for attempt in sorted(attempts, key=lambda attempt: attempt.ended):
        _complete(attempt, steps, taken)


def _complete(attempt: Attempt, steps: dict[UUID, list[Placed | None]], taken: set[tuple[UUID, int]]) -> None:
    match attempt.deed:
        case Book() if attempt.outcome == "done":
            (visit,) = attempt.own
            attempt.placed = (_first(steps[visit]),)
            attempt.own = frozenset()
        case Move(visit, provider, starts):
            booked = _first(steps[visit])
            if provider is not None:
                attempt.wants = (Want(booked.patient, booked.service, provider, starts),)
            attempt.own = frozenset({visit})
            if attempt.outcome == "done":
                attempt.placed = (_step_to(attempt.deed, steps[visit], taken),)
        case Cancel(visit) if attempt.outcome == "done":
            attempt.gone = {visit: len(steps[visit])}


def _first(steps: list[Placed | None]) -> Placed:
    assert steps[0] is not None  # noqa: S101 - a visit begins by being booked
    return steps[0]


def _step_to(deed: Move, steps: list[Placed | None], taken: set[tuple[UUID, int]]) -> Placed:
    fitting = [
        step
        for step in steps
        if step is not None and step.starts == deed.starts and deed.provider in {None, step.provider}
    ]
    for step in fitting:
        if step.version > 1 and (deed.visit, step.version) not in taken:
            taken.add((deed.visit, step.version))
            return step
    if not fitting:
        raise LookupError("a move that was said to be done is not in the history")
    return fitting[-1]  # it moved to where it was, which leaves no line in the history
