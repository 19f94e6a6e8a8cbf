"""What a receptionist does with groups, beside everything else: seats that are taken, held, changed and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests import factories
from tests.booking.machine import Desk, patients, providers, starts
from tests.booking.model import GROUP_STEPS, SEATS, STEP, TEN, UNTIL
from tests.booking.wishes import ACTOR
from tests.factories import NOW
from webapp.booking.actions import book_held
from webapp.booking.actions.seats import JoinRequest, change_session, hold_seat, join
from webapp.booking.states import MOVABLE, Status

if TYPE_CHECKING:
    from uuid import UUID


class DeskWithGroups(Desk):
    """Everything a receptionist can do, with groups of two; `sessions` are those of the model, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[UUID] = []

    @initialize(steps=st.tuples(starts, starts))
    def plans_two_groups(self, steps: tuple[int, int]) -> None:
        """One of each provider, so that there is somewhere to sit and somewhere to go from the beginning."""
        for provider, step in enumerate(steps):
            self.opens_a_group(provider, step, [])

    @precondition(lambda self: self.world.groups)
    @rule(data=st.data(), patient=patients, late=st.booleans())
    def takes_a_seat(self, data: st.DataObject, patient: int, late: bool) -> None:  # noqa: FBT001 - drawn
        group, wanted = self.asked_for(data, patient)
        made: list[UUID] = []
        done = self.tries(lambda: made.append(join(wanted, actor=ACTOR, at=UNTIL if late else NOW).id))
        seat = self.world.seat(patient, group)
        assert done == (not self.world.is_full(group, late=late) and self.world.patient_fits(seat))
        if done:
            self.world.lapse_in(group, late=late)
            self.world.visits[made[0]] = seat

    @precondition(lambda self: self.world.groups)
    @rule(data=st.data(), patient=patients)
    def is_offered_a_seat(self, data: st.DataObject, patient: int) -> None:
        group, wanted = self.asked_for(data, patient)
        made: list[UUID] = []
        done = self.tries(lambda: made.append(hold_seat(wanted, UNTIL - NOW, at=NOW).id))
        assert done == (not self.world.is_full(group))
        if done:
            self.world.visits[made[0]] = replace(self.world.seat(patient, group), status=Status.HELD)

    def asked_for(self, data: st.DataObject, patient: int) -> tuple[int, JoinRequest]:
        group = data.draw(st.integers(0, len(self.world.groups) - 1))
        return group, JoinRequest(self.sessions[group], self.at.clinic.patients[patient])

    @precondition(lambda self: self.offered())
    @rule(data=st.data())
    def accepts_a_seat(self, data: st.DataObject) -> None:
        """Instead of something the same person has, if there is any."""
        kept = data.draw(st.sampled_from(self.offered()))
        held = self.world.visits[kept]
        theirs = [key for key, visit in self.world.visits.items() if visit.patient == held.patient and key != kept]
        if theirs:
            self.hands_over(data.draw(st.sampled_from(theirs)), kept)
            return
        assert self.tries(lambda: book_held(kept, actor=ACTOR, at=NOW))
        self.world.advance(kept, Status.BOOKED)

    def offered(self) -> list[UUID]:
        return [key for key, visit in self.world.visits.items() if visit.seat and visit.status is Status.HELD]

    @precondition(lambda self: self.world.groups and any(visit.seat for visit in self.world.visits.values()))
    @rule(data=st.data(), late=st.booleans())
    def changes_group(self, data: st.DataObject, late: bool) -> None:  # noqa: FBT001 - drawn
        key = data.draw(st.sampled_from([key for key, visit in self.world.visits.items() if visit.seat]))
        group = data.draw(st.integers(0, len(self.world.groups) - 1))
        there, now = self.world.sits(key, group), UNTIL if late else NOW
        own = (key,) if self.world.visits[key].group == group else ()
        allowed = self.world.visits[key].status in MOVABLE and not self.world.is_full(group, own, late=late)
        allowed = allowed and self.world.patient_fits(there, (key,))
        assert self.tries(lambda: change_session(key, self.sessions[group], at=now)) == allowed
        if allowed:
            self.world.lapse_in(group, late=late)
            self.world.visits[key] = there

    @rule(provider=providers, step=starts, seats=st.lists(patients, max_size=2, unique=True))
    def begins_a_group(self, provider: int, step: int, seats: list[int]) -> None:
        self.opens_a_group(provider, step, seats)

    def opens_a_group(self, provider: int, step: int, seats: list[int]) -> None:
        owner, clinic = self.at.owner, self.at.clinic
        allowed = self.world.group_fits(provider, step) and all(self.world.seat_fits(seat, step) for seat in seats)
        opens = {"provider_id": clinic.providers[provider], "ends_at": TEN + (step + GROUP_STEPS) * STEP}
        taken: dict[UUID, int] = {}
        try:
            with owner.transaction():
                session = factories.group_session(owner, clinic, TEN + step * STEP, capacity=SEATS, **opens)
                for n, seat in enumerate(seats):
                    columns = {**opens, "patient_id": clinic.patients[seat], "room_id": None}
                    columns |= {"group_session_id": session, "seat_no": n + 1}
                    taken[factories.appointment(owner, clinic, TEN + step * STEP, **columns)] = seat
        except psycopg.errors.ExclusionViolation:
            assert not allowed
            return
        assert allowed
        self.sessions.append(session)
        self.world.groups.append((provider, range(step, step + GROUP_STEPS)))
        group = len(self.world.groups) - 1
        self.world.visits |= {key: self.world.seat(seat, group) for key, seat in taken.items()}
