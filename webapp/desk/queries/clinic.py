"""The clinic as a board needs it: one statement, and the hours of each provider and day made of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from webapp.booking.queries import Group
from webapp.db import swiftly
from webapp.practice.hours import Block, Seconds, Span, local_day, opened
from webapp.practice.models import Location, name_of

_CLINIC = (Path(__file__).parent.parent / "sql" / "clinic.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Colleague:
    """A provider as boards name them; `position` is their place among the columns."""

    id: UUID
    name: str
    specialty: str
    position: int


@dataclass(frozen=True, slots=True)
class Clinic:
    """One site between two days, as it was read: its people, their weekly blocks and what is once and different.

    `plan` is another number when hours or closures are others; `sites` and `rooms` are (id, name); `extra`, `away` and
    `blocked` are of each provider, `shut` of the whole site.
    """

    location: Location
    sites: tuple[tuple[UUID, str], ...]
    rooms: tuple[tuple[UUID, str], ...]
    providers: tuple[Colleague, ...]
    blocks: dict[int, list[Block]]
    plan: int = 0
    extra: dict[UUID, list[Seconds]] = field(default_factory=dict)
    away: dict[UUID, list[Seconds]] = field(default_factory=dict)
    shut: tuple[tuple[Seconds, str], ...] = ()
    blocked: dict[UUID, list[tuple[Seconds, str]]] = field(default_factory=dict)
    sessions: tuple[Group, ...] = ()

    def worked(self, day: date) -> dict[UUID, list[Seconds]]:
        """Spans that each provider works on a local day, by start; closures and leave not taken off."""
        found: dict[UUID, list[Seconds]] = defaultdict(list)
        zone = self.location.time_zone
        for block in self.blocks.get(day.isoweekday(), ()):
            if block.applies_on(day):
                found[block.provider_id] += opened(zone, day, block.starts, block.ends)
        if self.extra:
            whole = local_day(zone, day).seconds
            for provider, spans in self.extra.items():
                found[provider] += [span for span in spans if _touch(span, whole)]
        return {provider: joined(spans) if len(spans) > 1 else spans for provider, spans in found.items()}

    def closed(self, provider: UUID, day: Span) -> list[tuple[Seconds, str]]:
        """What takes time of a provider on a day besides visits, with its word; none for leave: nobody's business."""
        if not self.shut and provider not in self.blocked and provider not in self.away:
            return []
        whole = day.seconds
        found = [*self.shut, *self.blocked.get(provider, ()), *((span, "") for span in self.away.get(provider, ()))]
        return [each for each in found if _touch(each[0], whole)]


def clinic(location_id: UUID | None, first: date, last: date) -> Clinic | None:
    """Read the site that was asked for, else the first by name, for some local days; None without any site."""
    row = swiftly(_CLINIC, {"location": location_id, "first": first, "last": last}).fetchone()
    if row is None:
        return None
    id_, name, zone, phone, line, city, state, postal_code, sites, rooms, people, blocks, extra, away, shut, *more = row
    taken, sessions = more
    return Clinic(
        location=Location(
            id=id_, name=name, time_zone=zone, phone=phone, line=line, city=city, state=state, postal_code=postal_code
        ),
        sites=tuple((UUID(each), label) for each, label in sites or ()),
        rooms=tuple((UUID(each), label) for each, label in rooms or ()),
        providers=tuple(_provider(*each) for each in people or ()),
        blocks=_by_weekday(blocks or [], id_),
        plan=hash(repr((blocks, extra, shut))),
        extra=_spans(extra or []),
        away=_spans(away or []),
        shut=tuple(((start, end), reason) for start, end, reason in shut or ()),
        blocked=_labelled(taken or []),
        sessions=tuple(_session(id_, zone, *each) for each in sessions or ()),
    )


def joined(spans: list[Seconds]) -> list[Seconds]:
    """The same time by start, with spans that touch or overlap made one."""
    made: list[Seconds] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def _session(location_id: UUID, zone: str, *row: Any) -> Group:  # noqa: ANN401 - a row
    id_, service_id, service, provider_id, provider, room, starts, ends, capacity, taken, here, held, version = row
    return Group(
        id=UUID(id_),
        service_id=UUID(service_id),
        service=service,
        provider_id=UUID(provider_id),
        provider_name=provider,
        room_name=room,
        location_id=location_id,
        zone=zone,
        starts_at=datetime.fromisoformat(starts),
        ends_at=datetime.fromisoformat(ends),
        capacity=capacity,
        taken=taken,
        here=here,
        held=held,
        status="open",
        version=version,
    )


def _touch(one: Seconds, other: Seconds) -> bool:
    return one[0] < other[1] and other[0] < one[1]


# A large group has hundreds, and who they are rarely changes.
@lru_cache(maxsize=1024)
def _provider(id_: str, family: str, given: str, prefix: str, credential: str, specialty: str, place: int) -> Colleague:
    return Colleague(UUID(id_), name_of(prefix, given, family, credential), specialty, place)


def _by_weekday(rows: list[list[Any]], location_id: UUID) -> dict[int, list[Block]]:
    found: dict[int, list[Block]] = defaultdict(list)
    for provider, weekday, starts, ends, valid_from, valid_to, weeks in rows:
        until = None if valid_to is None else date.fromisoformat(valid_to)
        block = Block(
            UUID(provider), location_id, None, int(weekday), time.fromisoformat(starts), time.fromisoformat(ends),
            date.fromisoformat(valid_from), until, int(weeks),
        )  # fmt: skip
        found[block.weekday].append(block)
    return found


def _spans(rows: list[tuple[str, int, int]]) -> dict[UUID, list[Seconds]]:
    found: dict[UUID, list[Seconds]] = defaultdict(list)
    for provider, start, end in rows:
        found[UUID(provider)].append((start, end))
    return found


def _labelled(rows: list[tuple[str, int, int, str]]) -> dict[UUID, list[tuple[Seconds, str]]]:
    found: dict[UUID, list[tuple[Seconds, str]]] = defaultdict(list)
    for resource, start, end, label in rows:
        found[UUID(resource)].append(((start, end), label))
    return found
