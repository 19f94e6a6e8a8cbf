"""What a receptionist does, on the model and on PostgreSQL, as Hypothesis draws it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bench.storm import judge
from tests.booking.model import LATE, STEP, TEN, UNTIL, World
from tests.booking.wishes import ACTOR, Open, Owner
from tests.factories import NOW, Clinic
from webapp.booking.actions import (
    BookRequest,
    CancelRequest,
    HoldRequest,
    MoveRequest,
    Overbook,
    SwapRequest,
    book,
    book_held,
    cancel,
    check_in,
    confirm,
    end_leave,
    finish,
    hold,
    lapse,
    mark_no_show,
    move,
    settle_leave,
    start,
    swap,
    take_over,
)
from webapp.booking.states import MOVABLE, TRANSITIONS, Action, Status
from webapp.errors import Refusal
from webapp.practice import actions as practice
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.booking.model import Visit

PATIENTS, PROVIDERS, STARTS = 3, 2, 16
KINDS = {"short": (15, 0, 0), "tidied": (20, 5, 10)}
"""Length and buffers in minutes."""
URGENT = Overbook("Urgent")

patients, providers = st.integers(0, PATIENTS - 1), st.integers(0, PROVIDERS - 1)
kinds, starts = st.sampled_from(sorted(KINDS)), st.integers(0, STARTS)


@dataclass(frozen=True)
class Places:
    """What the rules need of the clinic."""

    open: Open
    owner: Owner
    clinic: Clinic
    services: dict[str, UUID]


class Desk(RuleBasedStateMachine):
    """Everything a receptionist can do, on the model and on PostgreSQL."""

    at: Places

    def __init__(self) -> None:
        super().__init__()
        self.at.owner.execute("SET session_replication_role = replica")
        for table in ("appointment_history", "occupancy", "appointment", "leave", "group_session"):
            self.at.owner.execute(f"DELETE FROM {table}".encode())
        self.at.owner.execute("RESET session_replication_role")
        self.world = World(KINDS)

    def tries(self, deed: Callable[[], object]) -> bool:
        try:
            with self.at.open(at=LATE):
                deed()
        except Refusal:
            return False
        return True

    def chosen(self, data: st.DataObject) -> tuple[UUID, Visit]:
        key = data.draw(st.sampled_from(list(self.world.visits)))
        return key, self.world.visits[key]

    @rule(patient=patients, provider=providers, kind=kinds, step=starts, late=st.booleans(), over=st.booleans())
    def books(self, patient: int, provider: int, kind: str, step: int, late: bool, over: bool) -> None:  # noqa: FBT001 - drawn
        wanted = self.world.wanted(patient, provider, kind, step)
        clinic, now = self.at.clinic, UNTIL if late else NOW
        request = BookRequest(
            clinic.patients[patient],
            self.at.services[kind],
            clinic.location,
            TEN + step * STEP,
            clinic.providers[provider],
        )
        made: list[UUID] = []
        overbook = URGENT if over else None
        done = self.tries(lambda: made.append(book(request, actor=ACTOR, at=now, overbook=overbook).id))
        expected = self.world.placed(wanted, late=late, over=over)
        assert done == (expected is not None)
        if expected is not None:
            self.world.lapse_under(expected, late=late)
            self.world.visits[made[0]] = expected

    @rule(patient=patients, provider=providers, kind=kinds, step=starts)
    def holds(self, patient: int, provider: int, kind: str, step: int) -> None:
        wanted = replace(self.world.wanted(patient, provider, kind, step), status=Status.HELD)
        clinic = self.at.clinic
        request = HoldRequest(
            clinic.patients[patient],
            self.at.services[kind],
            clinic.location,
            TEN + step * STEP,
            clinic.providers[provider],
        )
        former = self.world.held_for(patient)
        made: list[UUID] = []
        done = self.tries(lambda: made.append(hold(request, UNTIL - NOW, actor=ACTOR, at=NOW).id))
        allowed = self.world.placed(wanted, instead_of=former) is not None
        assert done == allowed
        if allowed:
            for key in former:
                self.world.advance(key, Status.LAPSED)
            self.world.visits[made[0]] = wanted

    @precondition(lambda self: self.world.visits)
    @rule(data=st.data(), late=st.booleans(), booked=st.booleans())
    def holds_end(self, data: st.DataObject, late: bool, booked: bool) -> None:  # noqa: FBT001 - drawn
        key, visit = self.chosen(data)
        now = UNTIL if late else NOW
        if not booked:
            ended: list[bool] = []
            assert self.tries(lambda: ended.append(lapse(key, at=now)))
            assert ended == [late and visit.status is Status.HELD]
            if ended[0]:
                self.world.advance(key, Status.LAPSED)
            return
        now_booked = replace(visit, status=Status.BOOKED)
        allowed = visit.status is Status.HELD and not late and self.world.patient_fits(now_booked, (key,))
        allowed = allowed and not self.world.away(visit)
        assert self.tries(lambda: book_held(key, actor=ACTOR, at=now)) == allowed
        if allowed:
            self.world.advance(key, Status.BOOKED)

    @precondition(lambda self: len(self.world.visits) > 1)
    @rule(data=st.data())
    def takes_over(self, data: st.DataObject) -> None:
        (key, _), (kept, _) = self.chosen(data), self.chosen(data)
        self.hands_over(key, kept)

    def hands_over(self, key: UUID, kept: UUID) -> None:
        visit, held = self.world.visits[key], self.world.visits[kept]
        there = replace(held, status=visit.status, lane=0, version=visit.version + 1, released=None)
        allowed = visit.status in MOVABLE and held.status is Status.HELD and visit.patient == held.patient
        if visit.seat and held.group is not None:
            there = self.world.sits(key, held.group)
        allowed = allowed and visit.seat == held.seat
        allowed = allowed and self.world.patient_fits(there, (key, kept)) and not self.world.away(held)
        assert self.tries(lambda: take_over(kept, key, at=NOW, version=visit.version)) == allowed
        if allowed:
            self.world.advance(kept, Status.LAPSED)
            self.world.visits[key] = there

    @precondition(lambda self: self.world.visits)
    @rule(data=st.data(), provider=providers, step=starts, over=st.booleans())
    def moves(self, data: st.DataObject, provider: int, step: int, over: bool) -> None:  # noqa: FBT001 - drawn
        key, visit = self.chosen(data)
        if visit.seat:
            return
        there = replace(visit, provider=provider, step=step, version=visit.version + 1, lane=0)
        placed = self.world.placed(there, instead_of=(key,), over=over) if visit.status in MOVABLE else None
        request = MoveRequest(key, TEN + step * STEP, self.at.clinic.providers[provider], version=visit.version)
        assert self.tries(lambda: move(request, at=NOW, overbook=URGENT if over else None)) == (placed is not None)
        if placed is not None:
            self.world.visits[key] = placed

    @precondition(lambda self: len(self.world.visits) > 1)
    @rule(data=st.data())
    def swaps(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(list(self.world.visits)))[:2]
        first, second = self.world.visits[one], self.world.visits[other]
        if first.seat or second.seat:
            return
        new_first = replace(first, provider=second.provider, step=second.step, version=first.version + 1, lane=0)
        new_second = replace(second, provider=first.provider, step=first.step, version=second.version + 1, lane=0)
        movable = {first.status, second.status} <= MOVABLE
        allowed = movable and self.world.both_fit(new_first, new_second, (one, other))
        request = SwapRequest(one, other, {one: first.version, other: second.version})
        assert self.tries(lambda: swap(request, at=NOW)) == allowed
        if allowed:
            self.world.visits |= {one: new_first, other: new_second}

    @precondition(lambda self: self.world.visits)
    @rule(data=st.data(), action=st.sampled_from(list(Action)), stale=st.booleans())
    def goes_on(self, data: st.DataObject, action: Action, stale: bool) -> None:  # noqa: FBT001 - a drawn value
        key, visit = self.chosen(data)
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
        at = TEN + (visit.step + 1) * STEP
        seen = visit.version - 1 if stale else visit.version
        allowed = visit.status in TRANSITIONS[action].before and not stale
        assert self.tries(lambda: steps[action](key, at=at, version=seen)) == allowed
        if allowed:
            self.world.advance(key, TRANSITIONS[action].after)
            if action is Action.FINISH:
                self.world.visits[key] = replace(self.world.visits[key], released=visit.step + 1)

    @rule(provider=providers, step=starts, length=st.integers(1, 6))
    def goes_away(self, provider: int, step: int, length: int) -> None:
        span = Span(TEN + step * STEP, TEN + (step + length) * STEP)
        made: list[UUID] = []

        def enter() -> None:
            leave = practice.add_leave(practice.NewLeave(self.at.clinic.providers[provider], span, "vacation"))
            settle_leave(leave.id, NOW)
            made.append(leave.id)

        assert self.tries(enter)
        self.world.leaves[made[0]] = (provider, range(step, step + length))

    @precondition(lambda self: self.world.leaves)
    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        leave = data.draw(st.sampled_from(list(self.world.leaves)))
        assert self.tries(lambda: end_leave(leave, at=NOW))
        del self.world.leaves[leave]

    @invariant()
    def postgresql_holds_what_the_model_holds(self) -> None:
        rows = self.at.owner.execute("SELECT id, status, version, starts_at, lane FROM appointment").fetchall()
        found = {row["id"]: (row["status"], row["version"], row["starts_at"], row["lane"]) for row in rows}
        known = self.world.visits.items()
        assert found == {key: (it.status, it.version, TEN + it.step * STEP, it.lane) for key, it in known}
        names = {resource: ("patient", n) for n, resource in enumerate(self.at.clinic.patients)}
        names |= {resource: ("provider", n) for n, resource in enumerate(self.at.clinic.providers)}
        query = "SELECT owner_id, owner_kind, resource_id, lane, during FROM occupancy"
        busy: dict[object, set[int]] = {}
        for row in self.at.owner.execute(query):
            owner = row["owner_id"] if row["owner_kind"] == "appointment" else row["owner_kind"]
            span = range((row["during"].lower - TEN) // STEP, (row["during"].upper - TEN) // STEP)
            busy.setdefault((owner, names[row["resource_id"]], row["lane"]), set()).update(span)
        assert busy == self.world.busy()

    def teardown(self) -> None:
        special = any(it.released is not None or it.lane or it.seat for it in self.world.visits.values())
        assert special or judge.overlaps(self.at.owner) == 0
