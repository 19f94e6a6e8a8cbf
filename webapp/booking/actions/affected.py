"""Carry out a change of the clinic with an answer for every visit it leaves without a place: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.booking import queries
from webapp.booking.actions.cancel import CancelRequest, cancel
from webapp.booking.actions.locking import lock_visits
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.models import Appointment
from webapp.booking.queries import Search
from webapp.booking.refusals import Undecided, VisitsAffected
from webapp.booking.states import MOVABLE, Action, allows
from webapp.db import db
from webapp.errors import Refusal
from webapp.practice import actions as practice
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from webapp.booking.actions.changes import Change
    from webapp.booking.availability import FreeStart
    from webapp.booking.queries.coming import Coming

# Nearest free times are looked up under the locks: as many as a bad morning has visits, and no more.
MOST_LOOKED_UP = 40
OFFERS = 3
_BEFORE, _AFTER = timedelta(days=3), timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a visit shall go."""

    provider_id: UUID
    location_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """What happens to one visit: "keep", "cancel", or "move" with a target."""

    what: str
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """What somebody decided, and the visits (id to version) that they saw; `rest` is for those without a choice."""

    seen: Mapping[UUID, int] = field(default_factory=dict)
    choices: Mapping[UUID, Choice] = field(default_factory=dict)
    rest: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An affected visit with the times it could move to, best first, and what can be done about it."""

    visit: Coming
    offers: tuple[FreeStart, ...]
    may_cancel: bool


def carry_out(change: Change, decisions: Decisions, *, at: datetime) -> UUID:
    """Make the change and do what was decided, in the caller's transaction; returns the change's id.

    Everything is locked before the visits are listed, so no booking slips in between.  Raises VisitsAffected with
    the list when it is not the one that was seen or something can't be done, Undecided when a visit has no answer,
    and whatever the change itself refuses.
    """
    lock_visits(decisions.seen)
    practice.lock_locations(change.sites())
    practice.lock_resources(change.resources() | _needed(decisions), exclusive=True)
    change.look(at)
    made = change.apply(at)
    visits = change.affected(at)
    if decisions.seen != {visit.id: visit.version for visit in visits}:
        raise VisitsAffected(_hits(change, visits, at), again=bool(decisions.seen))
    _decide(change, visits, decisions, at)
    change.finish(at)
    return made


def _needed(decisions: Decisions) -> set[UUID]:
    """What the moves may take: locked in the one order, before any of them begins to wait for another editor."""
    targets = [choice.target for choice in decisions.choices.values() if choice.target is not None]
    if not targets and decisions.rest != "move":
        return set()
    visits = [db.session.get(Appointment, visit) for visit in decisions.seen]
    known = [visit for visit in visits if visit is not None]
    sites = {target.location_id for target in targets} | {visit.location_id for visit in known}
    needed = {target.provider_id for target in targets} | {visit.patient_id for visit in known}
    return needed.union(*(practice.resources_of(site) for site in sites))


def _decide(change: Change, visits: Sequence[Coming], decisions: Decisions, at: datetime) -> None:
    chosen = _chosen(change, visits, decisions, at)
    open_ = [visit.id for visit in visits if visit.id not in chosen]
    if open_:
        raise Undecided(_hits(change, visits, at), open_)
    # Who is canceled makes room for who moves.
    order = {"cancel": 0, "keep": 1, "move": 2}
    for visit in sorted(visits, key=lambda each: order.get(chosen[each.id].what, 1)):
        try:
            with db.session.begin_nested():
                _do(visit, chosen[visit.id], decisions.reason, at)
        except Refusal as refusal:
            raise VisitsAffected(_hits(change, visits, at), problem=refusal, visit=visit.id) from refusal
    moved = {visit for visit, choice in chosen.items() if choice.what == "move"}
    stuck = next((visit.id for visit in change.affected(at) if visit.id in moved), None)
    if stuck is not None:
        raise VisitsAffected(_hits(change, visits, at), again=True, visit=stuck)


def _chosen(change: Change, visits: Sequence[Coming], decisions: Decisions, at: datetime) -> dict[UUID, Choice]:
    chosen = {visit.id: decisions.choices[visit.id] for visit in visits if visit.id in decisions.choices}
    if decisions.rest in {"keep", "cancel"}:
        return {visit.id: Choice(decisions.rest) for visit in visits} | chosen
    if decisions.rest == "move":
        for hit in _hits(change, [visit for visit in visits if visit.id not in chosen], at):
            if hit.offers:
                first = hit.offers[0]
                chosen[hit.visit.id] = Choice("move", Target(first.provider_id, first.location_id, first.start))
    return chosen


def _do(visit: Coming, choice: Choice, reason: str, at: datetime) -> None:
    if choice.what == "cancel":
        cancel(CancelRequest(visit.id, reason, visit.version), at=at)
    elif choice.what == "move" and choice.target is not None:
        target = choice.target
        move(MoveRequest(visit.id, target.starts_at, target.provider_id, target.location_id, visit.version), at=at)


def _hits(change: Change, visits: Sequence[Coming], at: datetime) -> list[Hit]:
    """Each visit with its offers; the first offer of one is not the first of the next."""
    promised: list[FreeStart] = []
    hits = []
    for number, visit in enumerate(visits):
        offers = _offers(change, visit, promised, at) if number < MOST_LOOKED_UP else []
        promised += offers[:1]
        hits.append(Hit(visit, tuple(offers), allows(visit.status, Action.CANCEL)))
    return hits


def _offers(change: Change, visit: Coming, promised: Sequence[FreeStart], at: datetime) -> list[FreeStart]:
    """The nearest time with the same provider, the nearest with anybody, and the next nearest."""
    if visit.seat or visit.status not in MOVABLE:
        return []
    window = Span(max(at, visit.span.start - _BEFORE), max(at, visit.span.start) + _AFTER)
    moving = db.session.get(Appointment, visit.id)
    found = queries.free_times(Search(visit.service_id, window, patient_id=visit.patient_id, moving=moving), at)
    if found is None:
        return []
    starts = [start for start in found.starts if change.takes(start) and not any(_same(start, p) for p in promised)]
    starts.sort(key=lambda start: (abs(start.start - visit.span.start), start.location_id != visit.location_id))
    own = [
        start for start in starts if (start.provider_id, start.location_id) == (visit.provider_id, visit.location_id)
    ]
    others = [start for start in starts if start.provider_id != visit.provider_id]
    return list(dict.fromkeys([*own[:1], *others[:1], *own[1:2], *starts]))[:OFFERS]


def _same(one: FreeStart, other: FreeStart) -> bool:
    return one.provider_id == other.provider_id and one.start < other.end and other.start < one.end
