"""One day of the demo clinic as a plan: who comes to whom, for what, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.interop.demo.clinic import NEW_PATIENT, PROVIDERS, TIME_ZONE, DemoProvider, DemoService, services_of
from webapp.patients.birth_dates import age

_ZONE = ZoneInfo(TIME_ZONE)
# Some visits are canceled later; with this many, more than 80 people still come.
_FEWEST = 93
_GAP_SHARES = (0.22, 0.17, 0.12, 0.06)
_GAPS = (10, 15, 20, 30)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be given a visit; `key` is what the plan is drawn by, the same in every database."""

    id: UUID
    key: str
    birth_date: dt.date


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of a plan, in aware UTC."""

    provider: DemoProvider
    service: DemoService
    person: Person
    starts_at: datetime
    ends_at: datetime


def plan_day(day: dt.date, people: Sequence[Person], seed: int, *, first: Person | None = None) -> list[PlannedVisit]:
    """Fill a local day: every person at most once, old enough for what they come for, `first` on Dr. Osei's list.

    The same day, people and seed give the same plan; a day that turns out too quiet is drawn again with fewer gaps.
    """
    planned: list[PlannedVisit] = []
    for gap_share in _GAP_SHARES:
        planned = _draw(day, people, Random(f"{seed}:{day.isoformat()}"), gap_share, first)
        if len(planned) >= _FEWEST:
            break
    return planned


def admin_time(day: dt.date) -> list[tuple[DemoProvider, datetime, datetime]]:
    """The spans of a day that providers keep for paperwork."""
    return [
        (provider, _instant(day, starts), _instant(day, ends))
        for provider in PROVIDERS
        for starts, ends in provider.admin
    ]


def _draw(
    day: dt.date, people: Sequence[Person], chance: Random, gap_share: float, first: Person | None
) -> list[PlannedVisit]:
    waiting = sorted(people, key=lambda person: person.key)
    chance.shuffle(waiting)
    if first in waiting:
        # Providers take from the front, and Dr. Osei takes first.
        waiting.remove(first)
        waiting.insert(0, first)
    planned = []
    for provider in PROVIDERS:
        for service, starts_at in _slots(day, provider, chance, gap_share):
            known = first if service.name == NEW_PATIENT else None
            person = _next([each for each in waiting if each is not known], service, day)
            if person is not None:
                waiting.remove(person)
                ends_at = starts_at + timedelta(minutes=service.minutes)
                planned.append(PlannedVisit(provider, service, person, starts_at, ends_at))
    return planned


def _slots(
    day: dt.date, provider: DemoProvider, chance: Random, gap_share: float
) -> Iterator[tuple[DemoService, datetime]]:
    """Lay visits one after the other, buffers between them and a gap now and then for whoever calls today."""
    for opens, closes in _open(day, provider):
        at = opens
        while at < closes:
            if chance.random() < gap_share:
                at += timedelta(minutes=chance.choice(_GAPS))
            fitting = [(each, weight) for each, weight in services_of(provider) if at + _length(each) <= closes]
            if not fitting:
                break
            service = chance.choices([each for each, _ in fitting], [weight for _, weight in fitting])[0]
            yield service, at + timedelta(minutes=service.before)
            at += _length(service)


def _open(day: dt.date, provider: DemoProvider) -> Iterator[tuple[datetime, datetime]]:
    """The provider's hours of a day without the time kept for paperwork."""
    kept = [(starts, ends) for each, starts, ends in admin_time(day) if each is provider]
    for starts, ends in provider.hours(day.isoweekday()):
        at, closes = _instant(day, starts), _instant(day, ends)
        for admin_starts, admin_ends in kept:
            if at <= admin_starts and admin_ends <= closes:
                yield at, admin_starts
                at = admin_ends
        yield at, closes


def _next(waiting: list[Person], service: DemoService, day: dt.date) -> Person | None:
    return next((person for person in waiting if age(person.birth_date, day) >= service.youngest), None)


def _length(service: DemoService) -> timedelta:
    return timedelta(minutes=service.before + service.minutes + service.after)


def _instant(day: dt.date, at: time) -> datetime:
    return datetime.combine(day, at, _ZONE).astimezone(UTC)
