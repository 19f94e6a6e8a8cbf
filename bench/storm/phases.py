"""What the crowd does in each phase, drawn from a seed so that a storm can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from bench.storm import tied
from bench.storm.crowd import CONNECTIONS
from bench.storm.deeds import (
    Away,
    Book,
    BookHeld,
    BookLate,
    BookOver,
    Cancel,
    EditHours,
    Hold,
    HoldFor,
    Move,
    Rebook,
    Swap,
    Sweep,
    TakeOver,
    Want,
)
from bench.storm.ground import DAY_MINUTES, PROVIDERS, SLOTS_A_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from bench.storm.crowd import Plan
    from bench.storm.deeds import Attempt, Deed, Placed
    from bench.storm.ground import Ground

LATTICE = 5
ROUND = 25
EQUAL_DAYS = 60
"""Phase (a) has these days for itself, (b) and (c) the ones after."""
MIXED_DAYS = 8
SPECIAL_DAYS = 6


@dataclass(frozen=True, slots=True)
class Size:
    """How hard to storm: bookers and slots of phase (a), deeds of (b) to (e), freed times of (f), deeds of (g)."""

    bookers: int = 200
    slots: int = 500
    mixed: int = 8000
    changes: int = 8000
    specials: int = 6000
    tied: int = 2000
    freed: int = 20
    everybody: int = 0


def equal(ground: Ground, size: Size, random: Random) -> list[Plan]:
    """(a) Every booker wants every one of the equal slots, all of them the same one at the same moment."""
    plans: list[Plan] = [[] for _ in range(CONNECTIONS)]
    service = ground.kinds[0].service
    for number in range(size.slots):
        provider, starts = ground.providers[number % PROVIDERS], ground.slot(number // PROVIDERS)
        bookers = random.sample(ground.patients, size.bookers)
        for n, plan in enumerate(plans):
            plan.append([Book(Want(patient, service, provider, starts)) for patient in bookers[n::CONNECTIONS]])
    return plans


def mixed(ground: Ground, size: Size, random: Random) -> list[Plan]:
    """(b) Visits of all lengths, with and without buffers, by name or with anybody; many touch their neighbours."""
    deeds: list[Deed] = []
    for _ in range(size.mixed):
        kind = random.choice(ground.kinds)
        deeds.append(
            Book(
                Want(random.choice(ground.patients), kind.service, _anybody(ground, random), _some_time(ground, random))
            )
        )
    return _dealt(deeds)


def changes(ground: Ground, size: Size, random: Random, visits: Sequence[Placed], *, swaps: bool) -> list[Plan]:
    """(c) Moves, swaps, cancellations and new bookings of cancelled visits, several people at the same visits.

    `visits` are those of (b).  Without a deed for it (`swaps`), a swap is two people who move their visits onto each
    other's at the same moment, and a new booking is a cancellation and a booking.
    """
    equals = [visit for visit in visits if visit.service == ground.kinds[0].service]
    deeds: list[Deed] = []
    while len(deeds) < size.changes:
        lot, visit = random.random(), random.choice(visits)
        if lot < 0.45:
            deeds.append(Move(visit.visit, random.choice((None, *ground.providers)), _some_time(ground, random)))
        elif lot < 0.55:
            deeds += _swap(*random.sample(equals, 2), swaps=swaps)
        elif lot < 0.60:
            deeds.append(Cancel(visit.visit))
        elif lot < 0.75 and swaps:
            deeds.append(Rebook(visit.visit, _anybody(ground, random), _some_time(ground, random)))
        else:
            kind, patient = random.choice(ground.kinds), random.choice(ground.patients)
            deeds.append(Book(Want(patient, kind.service, _anybody(ground, random), _some_time(ground, random))))
    return _dealt(deeds)


def _swap(one: Placed, other: Placed, *, swaps: bool) -> list[Deed]:
    if swaps:
        return [Swap(one.visit, other.visit)]
    # Neighbours in the list go to different people, who begin their rounds together.
    return [Move(one.visit, other.provider, other.starts), Move(other.visit, one.provider, one.starts)]


def specials(ground: Ground, size: Size, random: Random, visits: Sequence[Placed]) -> list[Plan]:
    """(d) Holds that are booked, replaced, taken over and swept, overbooking, equipment, leave and edited hours.

    By name and without buffers, on days of their own: whoever is sent away by leave is told so, and is no mystery.
    """
    service, equipped = ground.kinds[0].service, ground.scan
    movable = [visit for visit in visits if visit.service == service]
    deeds: list[Deed] = []
    while len(deeds) < size.specials:
        provider, visit = random.choice(ground.providers), random.choice(movable).visit
        starts = ground.minute(EQUAL_DAYS + MIXED_DAYS + random.randrange(SPECIAL_DAYS), 20 * random.randrange(22))
        want = Want(random.choice(ground.patients), service, provider, starts)
        # One person holds, and a round of everybody later the same person books or takes over.
        each: dict[int, list[Deed]] = {
            30: [Book(want)],
            10: [Book(replace(want, service=equipped))],
            12: [BookLate(want)],
            8: [BookOver(want)],
            1: [*[Hold(want)] * CONNECTIONS, *[BookHeld()] * CONNECTIONS],
            2: [*[HoldFor(visit, provider, starts)] * CONNECTIONS, *[TakeOver(visit)] * CONNECTIONS],
            7: [Sweep()],
            3: [Away(provider, starts)],
            5: [EditHours(provider)],
            4: [Cancel(visit)],
        }
        deeds += random.choices(list(each.values()), list(each))[0]
    return _dealt(deeds)


def together(ground: Ground, size: Size, random: Random, groups: list[UUID]) -> list[Plan]:
    """(e) Series that are booked, moved and canceled all or none, and groups with more people than seats."""
    return _dealt([*tied.deeds(ground, size.tied, groups, random)])


def live(attempts: Iterable[Attempt]) -> list[Placed]:
    """The visits that these attempts left live."""
    found: dict[UUID, Placed] = {}
    for attempt in attempts:
        found.update({placed.visit: placed for placed in attempt.placed})
    gone = {visit for attempt in attempts for visit in attempt.gone}
    return [placed for visit, placed in found.items() if visit not in gone]


def _anybody(ground: Ground, random: Random) -> UUID | None:
    return random.choice(ground.providers) if random.random() < 0.5 else None


def _some_time(ground: Ground, random: Random) -> datetime:
    day = EQUAL_DAYS + random.randrange(MIXED_DAYS)
    if random.random() < 0.5:  # on the grid of equal slots, so that visits touch
        return ground.minute(day, 20 * random.randrange(SLOTS_A_DAY - 2))
    return ground.minute(day, LATTICE * random.randrange((DAY_MINUTES - 45) // LATTICE))


def _dealt(deeds: list[Deed]) -> list[Plan]:
    hands = [deeds[n::CONNECTIONS] for n in range(CONNECTIONS)]
    rounds = -(-len(hands[0]) // ROUND)
    return [[hand[ROUND * n : ROUND * (n + 1)] for n in range(rounds)] for hand in hands]
