"""A clinic as sets of five-minute steps: what is busy, and what fits; the whole of what booking has to obey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from tests.factories import NOW, clock_time
from webapp.booking.states import LIVE, Status

STEP = timedelta(minutes=5)
TEN = clock_time(10)
LATE = clock_time(12)
"""After every visit of the model has begun, so that it can be missed."""
UNTIL = NOW + timedelta(minutes=10)
"""When every hold of the model is over."""
GROUP_STEPS, SEATS = 3, 2
LANES = range(1, 10)
Resource = tuple[str, int]


@dataclass(frozen=True)
class Visit:
    """A visit as the model knows it; times in steps from ten o'clock."""

    patient: int
    provider: int
    length: int
    before: int
    after: int
    step: int
    status: Status = Status.BOOKED
    version: int = 1
    lane: int = 0
    released: int | None = None
    group: int | None = None

    @property
    def seat(self) -> bool:
        return self.group is not None

    @property
    def time(self) -> set[int]:
        """The patient's steps."""
        ends = self.step + self.length if self.released is None else max(self.released, self.step + 1)
        return set(range(self.step, min(ends, self.step + self.length)))

    @property
    def staffed(self) -> set[int]:
        """The provider's steps."""
        if self.seat:
            return set()
        return set(range(self.step - self.before, max(self.time) + 1 + self.after))

    def busy(self) -> dict[tuple[Resource, int], set[int]]:
        """(resource, lane) -> steps."""
        if self.status not in LIVE:
            return {}
        parts = {} if self.seat else {(("provider", self.provider), self.lane): self.staffed}
        return parts if self.status is Status.HELD else {**parts, (("patient", self.patient), 0): self.time}


@dataclass
class World:
    """All there is: visits by id, leave by id, group visits."""

    kinds: Mapping[str, tuple[int, int, int]]
    visits: dict[UUID, Visit] = field(default_factory=dict)
    leaves: dict[UUID, tuple[int, range]] = field(default_factory=dict)
    groups: list[tuple[int, range]] = field(default_factory=list)

    def wanted(self, patient: int, provider: int, kind: str, step: int) -> Visit:
        length, before, after = (minutes // 5 for minutes in self.kinds[kind])
        return Visit(patient, provider, length, before, after, step)

    def seat(self, patient: int, group: int) -> Visit:
        provider, steps = self.groups[group]
        return Visit(patient, provider, GROUP_STEPS, 0, 0, steps.start, group=group)

    def sits(self, key: UUID, group: int) -> Visit:
        """A seat that changes to another group."""
        was = self.visits[key]
        there = self.seat(was.patient, group)
        return replace(there, status=was.status, version=was.version + 1, released=was.released)

    def is_full(self, group: int, instead_of: Iterable[UUID] = (), *, late: bool = False) -> bool:
        """Whether all seats are somebody's; late, those that were only held are free."""
        others = [visit for key, visit in self.visits.items() if visit.group == group and key not in instead_of]
        taken = [visit for visit in others if visit.status in (LIVE - {Status.HELD} if late else LIVE)]
        return len(taken) >= SEATS

    def lapse_in(self, group: int, *, late: bool) -> None:
        """Whoever takes a seat late ends what is held of the others."""
        for key, visit in list(self.visits.items()):
            if late and visit.group == group and visit.status is Status.HELD:
                self.advance(key, Status.LAPSED)

    def advance(self, key: UUID, status: Status) -> None:
        visit = self.visits[key]
        self.visits[key] = replace(visit, status=status, version=visit.version + 1)

    def held_for(self, patient: int) -> tuple[UUID, ...]:
        """The hold that a new one of this patient replaces."""
        return tuple(
            key
            for key, visit in self.visits.items()
            if visit.patient == patient and visit.status is Status.HELD and not visit.seat
        )

    def lapse_under(self, visit: Visit, *, late: bool) -> None:
        """A late booking ends the holds that it overlaps."""
        for key, other in list(self.visits.items()):
            mine = visit.staffed if other.provider == visit.provider else set()
            if late and other.status is Status.HELD and other.staffed & mine:
                self.advance(key, Status.LAPSED)

    def taken(self, provider: int, instead_of: Iterable[UUID] = (), *, late: bool = False) -> dict[int, set[int]]:
        """Lane -> steps of a provider's visits, group visits and leave; late, holds are over."""
        lanes: dict[int, set[int]] = {0: set()}
        own: set[int] = set()
        for key, visit in self.visits.items():
            gone = key in instead_of or (late and visit.status is Status.HELD)
            for (resource, lane), steps in visit.busy().items():
                if resource == ("provider", provider):
                    (own if gone and lane == 0 else lanes.setdefault(lane, set()) if not gone else set()).update(steps)
        for who, steps_of_group in self.groups:
            lanes[0] |= set(steps_of_group) if who == provider else set()
        # What the visit itself, or an ended hold, had of the leave is not the leave's yet.
        lanes[0] |= self.on_leave(provider) - own
        return lanes

    def on_leave(self, provider: int) -> set[int]:
        return {step for who, steps in self.leaves.values() if who == provider for step in steps}

    def away(self, visit: Visit) -> bool:
        return not visit.seat and bool(visit.time & self.on_leave(visit.provider))

    def patient_fits(self, visit: Visit, instead_of: Iterable[UUID] = ()) -> bool:
        others = [other for key, other in self.visits.items() if key not in instead_of]
        mine = (("patient", visit.patient), 0)
        return all(not other.busy().get(mine, set()) & visit.time for other in others)

    def placed(
        self, wanted: Visit, instead_of: Iterable[UUID] = (), *, late: bool = False, over: bool = False
    ) -> Visit | None:
        """The visit with the lane it gets; None when it is refused."""
        if self.away(wanted) or (wanted.status is not Status.HELD and not self.patient_fits(wanted, instead_of)):
            return None
        lanes = self.taken(wanted.provider, instead_of, late=late)
        if not any(steps & wanted.staffed for steps in lanes.values()):
            return wanted
        if not over:
            return None
        lane = next((lane for lane in LANES if not lanes.get(lane, set()) & wanted.staffed), None)
        return None if lane is None else replace(wanted, lane=lane)

    def both_fit(self, one: Visit, other: Visit, instead_of: tuple[UUID, UUID]) -> bool:
        apart = not (one.provider == other.provider and one.staffed & other.staffed)
        apart = apart and not (one.patient == other.patient and one.time & other.time)
        return apart and all(self.placed(visit, instead_of) is not None for visit in (one, other))

    def group_fits(self, provider: int, step: int) -> bool:
        lanes = self.taken(provider)
        return not any(steps & set(range(step, step + GROUP_STEPS)) for steps in lanes.values())

    def seat_fits(self, patient: int, step: int) -> bool:
        return self.patient_fits(Visit(patient, 0, GROUP_STEPS, 0, 0, step))

    def busy(self) -> dict[object, set[int]]:
        """(visit, or what else; resource; lane) -> steps, as PostgreSQL has to hold them."""
        all_of: dict[object, set[int]] = {}
        for key, visit in self.visits.items():
            all_of |= {(key, *part): steps for part, steps in visit.busy().items()}
        for who, steps in self.groups:
            all_of.setdefault(("group_session", ("provider", who), 0), set()).update(steps)
        for who in {who for who, _ in self.leaves.values()}:
            visits = [visit.busy().get((("provider", who), 0), set()) for visit in self.visits.values()]
            groups = [set(steps) for provider, steps in self.groups if provider == who]
            left = self.on_leave(who).difference(*visits, *groups)
            all_of |= {("leave", ("provider", who), 0): left} if left else {}
        return all_of
