"""Carry out a change of the clinic with an answer for every visit it leaves without a place: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.booking import queries
from webapp.booking.actions.affected_groups import free_for_group, lock_groups, patients_of
from webapp.booking.actions.cancel import CancelRequest, Costs, cancel
from webapp.booking.actions.locking import lock_visits
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.sessions import SessionMove, cancel_session, move_session
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


_KEEP = Choice("keep")


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


@dataclass(frozen=True, slots=True)
class Carried:
    """The id of what was made or changed, and the patients whose visits were moved or canceled with it."""

    made: UUID
    patients: frozenset[UUID]


def carry_out(change: Change, decisions: Decisions, *, at: datetime) -> Carried:
    """Make the change and do what was decided, in the caller's transaction.

    Everything is locked before the visits are listed, so no booking slips in between.  Raises VisitsAffected with
    the list when it is not the one that was seen or something can't be done, Undecided when a visit has no answer,
    and whatever the change itself refuses.
    """
    groups = lock_groups(decisions.seen)
    lock_visits({*decisions.seen, *groups.seats})
    practice.lock_locations(change.sites())
    practice.lock_resources(change.resources() | _needed(decisions) | groups.resources, exclusive=True)
    change.look(at)
    made = change.apply(at)
    visits = change.affected(at)
    if decisions.seen != {visit.id: visit.version for visit in visits}:
        raise VisitsAffected(_hits(change, visits, at), again=bool(decisions.seen))
    patients = _decide(change, visits, decisions, at)
    change.finish(at)
    return Carried(made, patients)


def _needed(decisions: Decisions) -> set[UUID]:
    """What the decisions give back or may take: locked in the one order, before anything waits for another editor."""
    targets = [choice.target for choice in decisions.choices.values() if choice.target is not None]
    visits = [db.session.get(Appointment, visit) for visit in decisions.seen]
    known = [visit for visit in visits if visit is not None]
    needed = {target.provider_id for target in targets} | {visit.patient_id for visit in known}
    # What holds keep is locked before the holds are.
    kept = {part for visit in known for part in (visit.provider_id, visit.room_id, *visit.equipment_ids) if part}
    moves = bool(targets) or decisions.rest == "move"
    sites = {target.location_id for target in targets} | {visit.location_id for visit in known if moves}
    return (needed | kept).union(*(practice.resources_of(site) for site in sites))


def _decide(change: Change, visits: Sequence[Coming], decisions: Decisions, at: datetime) -> frozenset[UUID]:
    chosen = _chosen(change, visits, decisions, at)
    open_ = [visit.id for visit in visits if visit.id not in chosen]
    if open_:
        raise Undecided(_hits(change, visits, at), open_)
    # Who is canceled makes room for who moves.
    order = {"cancel": 0, "keep": 1, "move": 2}
    # Seats before their group: one that is given up is not canceled once more with it.
    for visit in sorted(visits, key=lambda each: (order.get(chosen[each.id].what, 1), each.patient_id is None)):
        try:
            with db.session.begin_nested():
                _do(visit, chosen[visit.id], decisions.reason, at)
        except Refusal as refusal:
            raise VisitsAffected(_hits(change, visits, at), problem=refusal, visit=visit.id) from refusal
    moved = {visit for visit, choice in chosen.items() if choice.what == "move"}
    stuck = next((visit.id for visit in change.affected(at) if visit.id in moved), None)
    if stuck is not None:
        raise VisitsAffected(_hits(change, visits, at), again=True, visit=stuck)
    changed = {visit.id for visit in visits if chosen[visit.id].what != "keep"}
    touched = (visit.patient_id for visit in visits if changed & {visit.id, visit.group_id})
    return frozenset(patient for patient in touched if patient is not None) | patients_of(changed)


def _chosen(change: Change, visits: Sequence[Coming], decisions: Decisions, at: datetime) -> dict[UUID, Choice]:
    chosen = {visit.id: decisions.choices[visit.id] for visit in visits if visit.id in decisions.choices}
    rest = [visit for visit in visits if visit.id not in chosen]
    if decisions.rest in {"keep", "cancel"}:
        chosen |= {visit.id: Choice(decisions.rest) for visit in rest}
    elif decisions.rest == "move":
        for hit in _hits(change, rest, at):
            if hit.offers:
                first = hit.offers[0]
                chosen[hit.visit.id] = Choice("move", Target(first.provider_id, first.location_id, first.start))
    # A seat goes where its group goes, unless it is given up.
    gone = {visit.id for visit in visits if visit.patient_id is None and chosen.get(visit.id, _KEEP).what != "keep"}
    with_group = [visit for visit in visits if visit.group_id in gone]
    return chosen | {visit.id: _KEEP for visit in with_group if chosen.get(visit.id, _KEEP).what != "cancel"}


def _do(visit: Coming, choice: Choice, reason: str, at: datetime) -> None:
    target = choice.target
    if choice.what == "cancel" and visit.patient_id is None:
        cancel_session(visit.id, reason, at=at, version=visit.version)
    elif choice.what == "cancel":
        cancel(CancelRequest(visit.id, reason, visit.version, costs=Costs.GIVE_BACK), at=at)
    elif choice.what == "move" and target is not None and visit.patient_id is None:
        move_session(SessionMove(visit.id, target.starts_at, target.provider_id, visit.version), at=at)
    elif choice.what == "move" and target is not None:
        move(MoveRequest(visit.id, target.starts_at, target.provider_id, target.location_id, visit.version), at=at)


def _hits(change: Change, visits: Sequence[Coming], at: datetime) -> list[Hit]:
    """Each visit with its offers; the first offer of one is not the first of the next."""
    promised: list[FreeStart] = []
    hits = []
    for number, visit in enumerate(visits):
        offers = _offers(change, visit, promised, at) if number < MOST_LOOKED_UP else []
        promised += offers[:1]
        may_cancel = allows(visit.status, Action.CANCEL)
        hits.append(Hit(visit, tuple(offers), may_cancel))
    return hits


def _offers(change: Change, visit: Coming, promised: Sequence[FreeStart], at: datetime) -> list[FreeStart]:
    """The nearest time with the same provider, the nearest with anybody, and the next nearest."""
    if visit.seat or visit.status not in MOVABLE:
        return []
    window = Span(max(at, visit.span.start - _BEFORE), max(at, visit.span.start) + _AFTER)
    starts = free_for_group(visit, window, at) if visit.patient_id is None else _free(visit, window, at)
    starts = [start for start in starts if change.takes(start) and not any(_same(start, p) for p in promised)]
    starts.sort(key=lambda start: (abs(start.start - visit.span.start), start.location_id != visit.location_id))
    own = [
        start for start in starts if (start.provider_id, start.location_id) == (visit.provider_id, visit.location_id)
    ]
    others = [start for start in starts if start.provider_id != visit.provider_id]
    return list(dict.fromkeys([*own[:1], *others[:1], *own[1:2], *starts]))[:OFFERS]


def _free(visit: Coming, window: Span, at: datetime) -> list[FreeStart]:
    moving = db.session.get(Appointment, visit.id)
    found = queries.free_times(Search(visit.service_id, window, patient_id=visit.patient_id, moving=moving), at)
    return [] if found is None else found.starts


def _same(one: FreeStart, other: FreeStart) -> bool:
    return one.provider_id == other.provider_id and one.start < other.end and other.start < one.end
