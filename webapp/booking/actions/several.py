"""Change several visits at once, all of them or none: a series, or visits that belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.cancel import CancelRequest, cancel, cancel_locked
from webapp.booking.actions.choosing import one_of_each
from webapp.booking.actions.locking import allowed, lock_visits, refused
from webapp.booking.actions.move import MoveRequest, in_time, in_turn, move, move_to_one_of, stand, wish_of
from webapp.booking.actions.own_time import time_of
from webapp.booking.actions.placing import offered_each
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.models import Appointment
from webapp.booking.plan_refusals import NothingLeft, SeveralTaken
from webapp.booking.queries.several import ONE, reached, targets
from webapp.booking.refusals import ScheduleChanged
from webapp.booking.states import MOVABLE, TRANSITIONS, Action, Status
from webapp.db import db
from webapp.errors import NotFound, Refusal
from webapp.practice import actions as practice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from webapp.booking.actions.book import Overbook
    from webapp.booking.actions.placing import Offered

    Going = tuple[Appointment, Offered]
    """A visit, and what was found for it where it goes."""


_TAKE_PLACES = text("""
    select take_place(place.visit, place.schedule_version, :at)
    from (
        select * from unnest(:visits, :schedule_versions) with ordinality as wanted (visit, schedule_version, n)
        order by n
    ) as place
""").bindparams(bindparam("visits", type_=ARRAY(PGUUID)), bindparam("schedule_versions", type_=ARRAY(Integer)))

CANCELABLE = TRANSITIONS[Action.CANCEL].before - {Status.HELD}
"""A hold is tied to no other visit, and is locked in another order."""
LONGEST = timedelta(hours=16)
"""No visit with its buffers is longer: twelve hours, and two on either side."""


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
    for each in request.moves:
        allowed(visits[each.appointment_id], MOVABLE, version=each.version)
    # Each keeps to its own stretch of time: two such changes wait for each other at the first stretch they share, and
    # only there. Otherwise one gives up its time before another takes it, as in a swap: then nobody else may be there.
    apart = far_apart(_way(each, visits[each.appointment_id]) for each in request.moves)
    order = sorted(request.moves, key=lambda each: _order(each, visits[each.appointment_id], forward=apart))

    def attempt(move_them: Callable[..., None]) -> None:
        # Looked at before any lock is taken, as if none of them were there any more.
        wanted = _looked(order, visits, at)
        with db.session.begin_nested():
            move_them([(visits[each.appointment_id], wanted[each.appointment_id]) for each in order], at, apart=apart)

    # In few round trips, because others wait meanwhile: each has its first choice, or if somebody was quicker another.
    for _ in range(2):
        try:
            afresh(lambda: attempt(_at_once))
        except (ScheduleChanged, SeveralTaken):
            raise
        except Refusal:
            continue
        break
    else:
        afresh(lambda: attempt(_one_by_one))
    return [visits[each.appointment_id] for each in request.moves]


def _looked(moves: Sequence[MoveRequest], visits: Mapping[UUID, Appointment], at: datetime) -> dict[UUID, Offered]:
    wishes, refused = {}, {}
    for each in moves:
        near = [visit for visit in visits.values() if abs(visit.starts_at - each.starts_at) < LONGEST]
        try:
            wishes[each.appointment_id] = wish_of(each, visits[each.appointment_id], near)
        except Refusal as refusal:
            refused[each.appointment_id] = refusal
    looked = {}
    for visit, found in zip(wishes, offered_each(list(wishes.values()), at), strict=True):
        try:
            if isinstance(found, Refusal):
                raise found
            found.could_take()
            looked[visit] = in_time(found, at)
        except Refusal as refusal:
            refused[visit] = refusal
    if refused:
        raise SeveralTaken(refused, patient=visits[moves[0].appointment_id].patient_id)
    return looked


def _at_once(moves: Sequence[Going], at: datetime, *, apart: bool) -> None:
    """Move each to its first choice, in three round trips for all of them (SlotTaken, ScheduleChanged)."""
    visits = [visit for visit, _ in moves]
    versions = []
    given = [time_of(visit) for visit in visits]
    ordinary = not any(visit.lane for visit in visits)
    left = [(visit.starts_at, visit.provider_id, visit.room_id, tuple(visit.equipment_ids)) for visit in visits]
    with db.session.no_autoflush:
        for n, (visit, wanted) in enumerate(moves):
            # Its own room first, but who takes the time that the one before has just left takes the room with it.
            follows = n > 0 and left[n - 1][:2] == (wanted.terms.starts_at, visit.provider_id)
            *_, room, equipment = left[n - 1 if follows else n]
            places, pieces = in_turn(wanted, room, equipment)
            stand(visit, wanted.terms, replace(places[0], equipment_ids=one_of_each(pieces, ()) or ()))
            visit.lane, visit.overbook_reason = 0, None
            versions.append(places[0].schedule_version)
        taken = [time_of(visit) for visit in visits]
        # In a relay each takes exactly what the one before has just left, and whoever wants some of that waits for us
        # before he has any of it: nobody comes in between, although nobody is kept away.
        relay = ordinary and given[:-1] == taken[1:]
        parts = {part for time in given + taken for part, _ in time if part is not None}
        practice.lock_resources(parts, exclusive=not (apart or relay))
    db.session.flush()
    try:
        values = {"visits": [visit.id for visit in visits], "schedule_versions": versions, "at": at}
        db.session.execute(_TAKE_PLACES, values)
    except DBAPIError as error:
        raise refused(error, visits[0].patient_id) from error
    freed(visits, at)


def _one_by_one(moves: Sequence[Going], at: datetime, *, apart: bool) -> None:
    """Move in an order in which each finds a place free, its second choice if need be, or none (SeveralTaken)."""
    parts = {part for visit, _ in moves for part, _ in time_of(visit) if part is not None}
    practice.lock_resources(parts.union(*(wanted.could_take() for _, wanted in moves)), exclusive=not apart)
    waiting = list(moves)
    while waiting:
        refused: dict[UUID, Refusal] = {}
        for visit, wanted in waiting:
            try:
                move_to_one_of(visit, wanted, at)
            except ScheduleChanged:
                raise
            except Refusal as refusal:
                refused[visit.id] = refusal
        if refused and (apart or len(refused) == len(waiting)):
            raise SeveralTaken(refused, patient=waiting[0][0].patient_id)
        waiting = [each for each in waiting if each[0].id in refused]


def _way(request: MoveRequest, visit: Appointment) -> tuple[datetime, datetime]:
    """From when to when a visit is, or will be, with its buffers."""
    later = max(visit.starts_at, request.starts_at) + (visit.ends_at - visit.starts_at)
    before, after = timedelta(minutes=visit.buffer_before_minutes), timedelta(minutes=visit.buffer_after_minutes)
    return min(visit.starts_at, request.starts_at) - before, later + after


def far_apart(stretches: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether no visit, however long, could touch two of them."""
    return all(one[1] + LONGEST <= other[0] for one, other in pairwise(sorted(stretches)))


def cancel_several(request: CancelSeveral, *, at: datetime) -> list[Appointment]:
    """Cancel visits for one reason, all of them or none (NotFound, WrongState, VersionConflict, ReasonMissing)."""
    visits = _locked(request.versions)
    for visit in visits:
        allowed(visit, CANCELABLE, version=request.versions[visit.id])
    # Giving time back shares the providers' locks: all of them in one order, before the first is given back.
    practice.lock_resources({visit.provider_id for visit in visits})
    cancel_locked(visits, request.reason, at=at)
    return list(visits)


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
    tied = reached(anchor, which)
    if tied == [anchor] and wanted[anchor.id] is not None:
        return move(request, at=at, overbook=overbook)
    moves = tuple(
        _along(visit, wanted[visit.id], anchor, new, request) for visit in tied if wanted[visit.id] is not None
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
    if versions.keys() == {anchor.id}:
        return cancel(request, at=at)
    cancel_several(CancelSeveral(versions | {anchor.id: request.version}, request.reason), at=at)
    return anchor


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
