"""Why a time is not offered: the rules that speak against it, by name. Pure, the exact opposite of `free_starts`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.booking.intervals import LATTICE
from webapp.practice.hours import Block, Site, Span, days_of, local_day, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from webapp.booking.availability import Busy, Calendar, Wanted


class Rule(StrEnum):
    """What can keep a time from being offered, in the order in which the desk is told."""

    SERVICE_RETIRED = "service_retired"
    PROVIDER_RETIRED = "provider_retired"
    LOCATION_RETIRED = "location_retired"
    NOT_PERFORMED = "not_performed"
    NOT_OFFERED_THERE = "not_offered_there"
    AUDIENCE = "audience"
    OFF_LATTICE = "off_lattice"
    PASSED = "passed"
    NOTICE = "notice"
    FURTHEST = "furthest"
    OTHER_WEEK = "other_week"
    OUTSIDE_HOURS = "outside_hours"
    HOURS_TOO_SHORT = "hours_too_short"
    AWAY = "away"
    CLOSED = "closed"
    PROVIDER_BUSY = "provider_busy"
    PATIENT_BUSY = "patient_busy"
    NO_ROOM = "no_room"
    ROOM_BUSY = "room_busy"
    NO_EQUIPMENT = "no_equipment"
    EQUIPMENT_BUSY = "equipment_busy"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that speaks against a time, and the span it does so by, where it has one."""

    rule: Rule
    span: Span | None = None
    detail: str = ""
    resource_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Why not this provider, there and then?"""

    provider_id: UUID
    location_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the search for free times has no need to know: names of things, and what is out of use.

    `retired` names which of service, provider and location are; `kinds` are the kinds of equipment in the order of the
    calendar's pieces; `closed_for` the reason of each of its closures. `suits` tells whether the service is for the
    patient.
    """

    retired: frozenset[Rule] = frozenset()
    kinds: tuple[str, ...] = ()
    closed_for: tuple[str, ...] = ()
    suits: bool = True


NOTHING_KNOWN = Facts()


def why_not(asked: Question, wanted: Wanted, calendar: Calendar, facts: Facts = NOTHING_KNOWN) -> tuple[Reason, ...]:
    """Every reason why the time is not offered, the most lasting first; none when it is.

    `wanted` and `calendar` are those of the search that did not offer it, with the start inside of its window.
    """
    lasting = _never(asked, wanted, facts)
    site = next((each for each in calendar.sites if each.id == asked.location_id), None)
    if site is None or lasting:
        return tuple(lasting) or (Reason(Rule.OUTSIDE_HOURS),)
    visit = Span(asked.start, asked.start + timedelta(minutes=wanted.rules.length))
    reasons = [*_too_soon_or_late(asked, wanted, site), *_hours(asked, calendar, site, visit)]
    reasons += [Reason(Rule.AWAY, each.span) for each in _touching(asked.provider_id, calendar.absences, visit)]
    for number, closed in enumerate(calendar.closures):
        if closed.location_id == asked.location_id and _overlap(closed.span, visit):
            detail = facts.closed_for[number] if number < len(facts.closed_for) else ""
            reasons.append(Reason(Rule.CLOSED, closed.span, detail))
    reasons += _busy(asked, wanted, calendar, site, visit)
    reasons += _equipment(wanted, calendar, site, visit, facts.kinds)
    # Leave is busy time, too: one of the two says it.
    if any(reason.rule is Rule.AWAY for reason in reasons):
        reasons = [reason for reason in reasons if reason.rule is not Rule.PROVIDER_BUSY]
    return tuple(reasons)


def _never(asked: Question, wanted: Wanted, facts: Facts) -> list[Reason]:
    reasons = [Reason(rule) for rule in Rule if rule in facts.retired]
    if asked.provider_id not in wanted.provider_ids and Rule.PROVIDER_RETIRED not in facts.retired:
        reasons.append(Reason(Rule.NOT_PERFORMED))
    if asked.location_id not in wanted.location_ids and Rule.LOCATION_RETIRED not in facts.retired:
        reasons.append(Reason(Rule.NOT_OFFERED_THERE))
    if not facts.suits:
        reasons.append(Reason(Rule.AUDIENCE))
    return reasons


def _too_soon_or_late(asked: Question, wanted: Wanted, site: Site) -> list[Reason]:
    reasons = []
    if asked.start.timestamp() % LATTICE:
        reasons.append(Reason(Rule.OFF_LATTICE))
    if asked.start < wanted.now:
        reasons.append(Reason(Rule.PASSED))
    elif asked.start < wanted.now + timedelta(minutes=wanted.rules.notice):
        reasons.append(Reason(Rule.NOTICE))
    if wanted.rules.furthest is not None:
        today = wanted.now.astimezone(ZoneInfo(site.time_zone)).date()
        if asked.start >= local_day(site.time_zone, today + timedelta(days=wanted.rules.furthest)).end:
            reasons.append(Reason(Rule.FURTHEST))
    return reasons


def _hours(asked: Question, calendar: Calendar, site: Site, visit: Span) -> list[Reason]:
    """Nothing when one block holds the whole visit; else what comes nearest to it."""
    mine = [block for block in calendar.blocks if _theirs(block, asked)]
    if _holding(mine, site, visit):
        return []
    if _holding(mine, site, Span(visit.start, visit.start + timedelta(minutes=1))):
        return [Reason(Rule.HOURS_TOO_SHORT)]
    if any(_out_of_rhythm(block, site, visit) for block in mine):
        return [Reason(Rule.OTHER_WEEK)]
    return [Reason(Rule.OUTSIDE_HOURS)]


def _theirs(block: Block, asked: Question) -> bool:
    return block.provider_id == asked.provider_id and block.location_id == asked.location_id


def _holding(blocks: Iterable[Block], site: Site, visit: Span) -> list[Block]:
    """The blocks that all of a span lies in."""
    start, end = visit.seconds
    return [
        block
        for block in blocks
        for day in days_of(site.time_zone, visit)
        if block.applies_on(day)
        and any(begin <= start and end <= stop for begin, stop in opened(site.time_zone, day, block.starts, block.ends))
    ]


def _out_of_rhythm(block: Block, site: Site, visit: Span) -> bool:
    """A block of another week that would hold the visit in its own."""
    start, end = visit.seconds
    return any(
        not block.in_rhythm(day)
        and replace(block, every_weeks=1).applies_on(day)
        and any(begin <= start and end <= stop for begin, stop in opened(site.time_zone, day, block.starts, block.ends))
        for day in days_of(site.time_zone, visit)
    )


def _busy(asked: Question, wanted: Wanted, calendar: Calendar, site: Site, visit: Span) -> list[Reason]:
    taken, staff, now = calendar.busy, _staff(wanted, visit), wanted.now
    reasons = [
        Reason(Rule.PROVIDER_BUSY, each.span, _kind(each), asked.provider_id)
        for each in _touching(asked.provider_id, taken, staff, now)
    ]
    if wanted.patient_id is not None:
        mine = _touching(wanted.patient_id, taken, visit, now)
        reasons += [Reason(Rule.PATIENT_BUSY, each.span, "", wanted.patient_id) for each in mine]
    if wanted.rules.needs_room:
        rooms = _rooms(asked, wanted, calendar, site, visit)
        if not rooms:
            reasons.append(Reason(Rule.NO_ROOM))
        elif all(_touching(room, taken, staff, now) for room in rooms):
            reasons.append(Reason(Rule.ROOM_BUSY, resource_id=rooms[0] if len(rooms) == 1 else None))
    return reasons


def _equipment(wanted: Wanted, calendar: Calendar, site: Site, visit: Span, names: tuple[str, ...]) -> Iterator[Reason]:
    staff = _staff(wanted, visit)
    for number, pieces in enumerate(calendar.equipment.get(site.id, ())):
        kind = names[number] if number < len(names) else ""
        if not pieces:
            yield Reason(Rule.NO_EQUIPMENT, detail=kind)
        elif all(_touching(piece, calendar.busy, staff, wanted.now) for piece in pieces):
            yield Reason(Rule.EQUIPMENT_BUSY, detail=kind)


def _staff(wanted: Wanted, visit: Span) -> Span:
    """The visit with its buffers: what it takes of provider, room and equipment."""
    rules = wanted.rules
    before, after = timedelta(minutes=rules.buffer_before), timedelta(minutes=rules.buffer_after)
    return Span(visit.start - before, visit.end + after)


def _rooms(asked: Question, wanted: Wanted, calendar: Calendar, site: Site, visit: Span) -> tuple[UUID, ...]:
    """The rooms that the blocks around the visit lead to; outside of hours, every room that the service may take."""
    usable = tuple(room for room in site.room_ids if wanted.room_ids is None or room in wanted.room_ids)
    blocks = _holding([block for block in calendar.blocks if _theirs(block, asked)], site, visit)
    found: list[UUID] = []
    for block in blocks:
        found += (block.room_id,) if block.room_id is not None and block.room_id in usable else usable
    return tuple(dict.fromkeys(found)) if blocks else usable


def _touching(resource: UUID, taken: Sequence[Busy], span: Span, now: datetime | None = None) -> list[Busy]:
    return [
        each
        for each in taken
        if each.resource_id == resource
        and _overlap(each.span, span)
        and (now is None or each.lapses_at is None or each.lapses_at > now)
    ]


def _kind(busy: Busy) -> str:
    return "" if busy.lapses_at is None else "held"


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
