"""Random sequences of changes against a model that fits on a page: what it allows happens, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bench.storm import judge
from tests import factories
from tests.booking.wishes import ACTOR, Open, Owner
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    BookRequest,
    CancelRequest,
    MoveRequest,
    SwapRequest,
    book,
    cancel,
    check_in,
    confirm,
    finish,
    mark_no_show,
    move,
    start,
    swap,
)
from webapp.booking.states import LIVE, MOVABLE, TRANSITIONS, Action, Status
from webapp.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENTS, PROVIDERS, STARTS = 3, 2, 16
STEP = timedelta(minutes=5)
KINDS = {"short": (15, 0, 0), "tidied": (20, 5, 10)}
"""Length and buffers in minutes."""
LATE = clock_time(12)
"""After every visit of the model has begun, so that it can be missed."""


@dataclass(frozen=True)
class Visit:
    """A visit as the model knows it."""

    patient: int
    provider: int
    kind: str
    starts: datetime
    status: Status = Status.BOOKED
    version: int = 1
    released: datetime | None = None

    def spans(self) -> dict[tuple[str, int], tuple[datetime, datetime]]:
        """Resource -> when it is busy with this visit."""
        length, before, after = (timedelta(minutes=minutes) for minutes in KINDS[self.kind])
        ends = self.starts + length if self.released is None else max(self.released, self.starts + STEP)
        opens = self.starts - before
        staff_ends = max(min(self.starts + length, ends) + after, opens + STEP)
        return {("patient", self.patient): (self.starts, ends), ("provider", self.provider): (opens, staff_ends)}

    def meets(self, other: Visit) -> bool:
        mine, theirs = self.spans(), other.spans()
        return any(mine[key][0] < theirs[key][1] and theirs[key][0] < mine[key][1] for key in mine.keys() & theirs)


class Desk(RuleBasedStateMachine):
    """Everything a receptionist can do, on the model and on PostgreSQL."""

    open: Open
    owner: Owner
    clinic: Clinic
    services: dict[str, UUID]

    def __init__(self) -> None:
        super().__init__()
        self.owner.execute("SET session_replication_role = replica")
        for table in ("appointment_history", "occupancy", "appointment"):
            self.owner.execute(f"DELETE FROM {table}".encode())
        self.owner.execute("RESET session_replication_role")
        self.visits: dict[UUID, Visit] = {}

    def tries(self, deed: Callable[[], object]) -> bool:
        try:
            with self.open(at=LATE):
                deed()
        except Refusal:
            return False
        return True

    def fits(self, *wanted: Visit, instead_of: tuple[UUID, ...] = ()) -> bool:
        others = [visit for key, visit in self.visits.items() if visit.status in LIVE and key not in instead_of]
        apart = all(not one.meets(other) for one in wanted for other in others)
        return apart and not any(one.meets(other) for n, one in enumerate(wanted) for other in wanted[:n])

    @rule(
        patient=st.integers(0, PATIENTS - 1),
        provider=st.integers(0, PROVIDERS - 1),
        kind=st.sampled_from(sorted(KINDS)),
        step=st.integers(0, STARTS),
    )
    def books(self, patient: int, provider: int, kind: str, step: int) -> None:
        wanted = Visit(patient, provider, kind, clock_time(10) + step * STEP)
        clinic = self.clinic
        request = BookRequest(
            clinic.patients[patient], self.services[kind], clinic.location, wanted.starts, clinic.providers[provider]
        )
        made: list[UUID] = []
        assert self.tries(lambda: made.append(book(request, actor=ACTOR, at=NOW).id)) == self.fits(wanted)
        if made:
            self.visits[made[0]] = wanted

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), provider=st.integers(0, PROVIDERS - 1), step=st.integers(0, STARTS))
    def moves(self, data: st.DataObject, provider: int, step: int) -> None:
        key = data.draw(st.sampled_from(list(self.visits)))
        visit = self.visits[key]
        there = replace(visit, provider=provider, starts=clock_time(10) + step * STEP, version=visit.version + 1)
        allowed = visit.status in MOVABLE and self.fits(there, instead_of=(key,))
        request = MoveRequest(key, there.starts, self.clinic.providers[provider], version=visit.version)
        assert self.tries(lambda: move(request, at=NOW)) == allowed
        if allowed:
            self.visits[key] = there

    @precondition(lambda self: len(self.visits) > 1)
    @rule(data=st.data())
    def swaps(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(list(self.visits)))[:2]
        first, second = self.visits[one], self.visits[other]
        new_first = replace(first, provider=second.provider, starts=second.starts, version=first.version + 1)
        new_second = replace(second, provider=first.provider, starts=first.starts, version=second.version + 1)
        movable = {first.status, second.status} <= MOVABLE
        allowed = movable and self.fits(new_first, new_second, instead_of=(one, other))
        request = SwapRequest(one, other, {one: first.version, other: second.version})
        assert self.tries(lambda: swap(request, at=NOW)) == allowed
        if allowed:
            self.visits |= {one: new_first, other: new_second}

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), action=st.sampled_from(list(Action)), stale=st.booleans())
    def goes_on(self, data: st.DataObject, action: Action, stale: bool) -> None:  # noqa: FBT001 - a drawn value
        key = data.draw(st.sampled_from(list(self.visits)))
        visit = self.visits[key]
        steps: dict[Action, Callable[..., object]] = {
            Action.CONFIRM: confirm,
            Action.CHECK_IN: check_in,
            Action.START: start,
            Action.FINISH: finish,
            Action.MARK_NO_SHOW: mark_no_show,
            Action.CANCEL: lambda visit, *, at, version: cancel(CancelRequest(visit, "ill", version), at=at),
        }
        if action not in steps:
            return
        at = visit.starts + STEP
        seen = visit.version - 1 if stale else visit.version
        allowed = visit.status in TRANSITIONS[action].before and not stale
        assert self.tries(lambda: steps[action](key, at=at, version=seen)) == allowed
        if allowed:
            released = at if action is Action.FINISH else None
            after = TRANSITIONS[action].after
            self.visits[key] = replace(visit, status=after, version=visit.version + 1, released=released)

    @invariant()
    def postgresql_holds_what_the_model_holds(self) -> None:
        rows = self.owner.execute("SELECT id, status, version, starts_at FROM appointment").fetchall()
        found = {row["id"]: (row["status"], row["version"], row["starts_at"]) for row in rows}
        assert found == {key: (visit.status, visit.version, visit.starts) for key, visit in self.visits.items()}
        names = {resource: ("patient", n) for n, resource in enumerate(self.clinic.patients)}
        names |= {resource: ("provider", n) for n, resource in enumerate(self.clinic.providers)}
        busy = self.owner.execute("SELECT owner_id, resource_id, during FROM occupancy").fetchall()
        held = {
            (row["owner_id"], names[row["resource_id"]]): (row["during"].lower, row["during"].upper) for row in busy
        }
        live = {key: visit for key, visit in self.visits.items() if visit.status in LIVE}
        assert held == {(key, part): span for key, visit in live.items() for part, span in visit.spans().items()}
        assert len(busy) == len(held)

    def teardown(self) -> None:
        ended_early = any(visit.released for visit in self.visits.values())
        assert ended_early or judge.overlaps(self.owner) == 0


@pytest.mark.slow
def test_what_the_model_allows_happens_and_nothing_else(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=PROVIDERS, rooms=0, patients=PATIENTS, needs_room=False)
    services = {
        kind: factories.service(
            owner,
            clinic.providers,
            [clinic.location],
            needs_room=False,
            length_minutes=length,
            buffer_before_minutes=before,
            buffer_after_minutes=after,
        )
        for kind, (length, before, after) in KINDS.items()
    }
    machine = type(
        "Machine", (Desk,), {"open": staticmethod(desk), "owner": owner, "clinic": clinic, "services": services}
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
