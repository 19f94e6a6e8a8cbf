"""Change several visits at once, all of them or none: a series, or visits that belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.booking.actions.cancel import CancelRequest, cancel
from webapp.booking.actions.locking import lock_visits
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.models import Appointment
from webapp.booking.plan_refusals import NothingLeft, SeveralTaken
from webapp.booking.queries.several import ONE, reached, targets
from webapp.booking.refusals import WrongState
from webapp.booking.states import Action
from webapp.db import db
from webapp.errors import NotFound, Refusal, VersionConflict
from webapp.practice import actions as practice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from webapp.booking.actions.book import Overbook


APART = timedelta(hours=20)
"""Visits at least this far apart never share a neighbour: the longest of them with its buffers is shorter."""


@dataclass(frozen=True, slots=True)
class MoveSeveral:
    """Where each visit goes; `version` of a move is the one the person saw."""

    moves: tuple[MoveRequest, ...]


@dataclass(frozen=True, slots=True)
class CancelSeveral:
    """Which visits, by id with the version that was seen (None: whatever it is now), and why."""

    versions: Mapping[UUID, int | None]
    reason: str


def move_several(request: MoveSeveral, *, at: datetime) -> list[Appointment]:
    """Move visits as if all at once: one may go where another one of them is now.

    Raises SeveralTaken with what stands in the way of each that found no place, or what `move` raises of a single one;
    either way all stay where they were.
    """
    visits = {visit.id: visit for visit in _locked([each.appointment_id for each in request.moves])}
    needed = {each.provider_id for each in request.moves if each.provider_id is not None}
    sites = {each.location_id for each in request.moves if each.location_id is not None}
    ways = sorted(_way(each, visits[each.appointment_id]) for each in request.moves)
    # Each keeps to its own stretch of time: two such changes wait for each other at the first stretch they share, and
    # only there. Otherwise one gives up its time before another takes it, as in a swap: then nobody else may be there.
    apart = all(one[1] + APART <= other[0] for one, other in pairwise(ways))
    lock_all(visits.values(), needed, sites, exclusive=not apart)
    waiting = sorted(request.moves, key=lambda each: _order(each, visits[each.appointment_id], forward=apart))
    refused: dict[UUID, Refusal] = {}
    while waiting:
        left = _move_each(waiting, refused, at)
        if len(left) == len(waiting) or (left and apart):
            raise SeveralTaken(refused, patient=next(iter(visits.values())).patient_id)
        waiting = left
    return [visits[each.appointment_id] for each in request.moves]


def _move_each(moves: Sequence[MoveRequest], refused: dict[UUID, Refusal], at: datetime) -> list[MoveRequest]:
    """Move what can be; returns what found its place taken, perhaps by one that has yet to go."""
    left = []
    for each in moves:
        try:
            move(each, at=at)
        except (NotFound, VersionConflict, WrongState):
            raise  # no other order helps
        except Refusal as refusal:
            refused[each.appointment_id] = refusal
            left.append(each)
        else:
            refused.pop(each.appointment_id, None)
    return left


def _way(request: MoveRequest, visit: Appointment) -> tuple[datetime, datetime]:
    """From when to when a visit is, or will be."""
    return min(visit.starts_at, request.starts_at), max(visit.starts_at, request.starts_at)


def cancel_several(request: CancelSeveral, *, at: datetime) -> list[Appointment]:
    """Cancel visits for one reason, all of them or none (NotFound, WrongState, VersionConflict, ReasonMissing)."""
    visits = _locked(request.versions)
    # Giving time back shares the providers' locks: all of them in one order, before the first is given back.
    practice.lock_resources({visit.provider_id for visit in visits})
    return [cancel(CancelRequest(visit.id, request.reason, request.versions[visit.id]), at=at) for visit in visits]


def move_along(
    request: MoveRequest,
    which: str,
    others: Mapping[UUID, datetime | None],
    *,
    at: datetime,
    overbook: Overbook | None = None,
) -> Appointment:
    """Move a visit and those that go with it (see `queries.targets`), all or none; returns the visit.

    `others` are times that were chosen for some of them instead; None leaves one where it is. With another provider for
    the visit, those of its series that it shares one with go along; in one coming each keeps its own. Only a visit by
    itself is ever booked over others.
    """
    if which == ONE:
        return move(request, at=at, overbook=overbook)
    anchor = db.session.get(Appointment, request.appointment_id)
    if anchor is None:
        raise NotFound
    wanted: dict[UUID, datetime | None] = {**targets(anchor, which, request.starts_at)}
    wanted |= {visit: chosen for visit, chosen in others.items() if visit in wanted}
    new = request.provider_id if request.provider_id != anchor.provider_id else None
    moves = tuple(
        _along(visit, wanted[visit.id], anchor, new, request)
        for visit in reached(anchor, which)
        if wanted[visit.id] is not None
    )
    if not moves:
        raise NothingLeft(patient=anchor.patient_id)
    move_several(MoveSeveral(tuple(each for each in moves if each is not None)), at=at)
    return anchor


def _along(
    visit: Appointment, starts_at: datetime | None, anchor: Appointment, provider: UUID | None, request: MoveRequest
) -> MoveRequest | None:
    if starts_at is None:
        return None
    if visit.id == anchor.id:
        return replace(request, starts_at=starts_at)
    shares = visit.provider_id == anchor.provider_id and visit.series_id is not None
    return MoveRequest(visit.id, starts_at, provider if shares else None)


def cancel_along(request: CancelRequest, which: str, *, at: datetime) -> Appointment:
    """Cancel a visit and those that go with it for one reason, all or none; returns the visit."""
    if which == ONE:
        return cancel(request, at=at)
    anchor = db.session.get(Appointment, request.appointment_id)
    if anchor is None:
        raise NotFound
    versions: dict[UUID, int | None] = {visit.id: None for visit in reached(anchor, which, Action.CANCEL)}
    cancel_several(CancelSeveral(versions | {anchor.id: request.version}, request.reason), at=at)
    return anchor


def lock_all(visits: Iterable[Appointment], people: Iterable[UUID], sites: Iterable[UUID], *, exclusive: bool) -> None:
    """Lock all that visits have or could take where they are and where they go, in one order, before any of them."""
    known = list(visits)
    needed = {*people, *(visit.patient_id for visit in known), *(visit.provider_id for visit in known)}
    needed |= {part for visit in known for part in (visit.room_id, *visit.equipment_ids) if part is not None}
    places = {*sites, *(visit.location_id for visit in known)}
    practice.lock_resources(needed.union(*map(practice.resources_of, places)), exclusive=exclusive)


def _locked(appointment_ids: Collection[UUID]) -> Sequence[Appointment]:
    """Lock visits in the order of their ids and read them as they are now, by start (NotFound)."""
    lock_visits(appointment_ids)
    query = select(Appointment).where(Appointment.id.in_(list(appointment_ids)))
    query = query.order_by(Appointment.starts_at, Appointment.id).execution_options(populate_existing=True)
    found = list(db.session.scalars(query))
    if not found or len(found) != len(set(appointment_ids)):
        raise NotFound
    return found


def _order(request: MoveRequest, visit: Appointment, *, forward: bool) -> float:
    """By time; where they are in each other's way, who goes later moves from the last on."""
    start = visit.starts_at.timestamp()
    return start if forward or request.starts_at <= visit.starts_at else -start
