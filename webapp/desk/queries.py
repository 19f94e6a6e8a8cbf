"""What the day board shows, put together from several slices in a handful of statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from webapp.booking.queries import BoardVisit, blocked_times, booked_minutes, day_visits
from webapp.booking.states import LIVE, Status
from webapp.db import db
from webapp.desk.day_plan import Facts
from webapp.patients.models import Encounter
from webapp.practice import queries as practice
from webapp.practice.hours import Seconds, Span, local_day, opened
from webapp.practice.models import Location, Organization, Practitioner, Provider
from webapp.practice.queries import Hours, Shut

FULL = 0.85
_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Month:
    """The days around a day in whole weeks from Sunday, each with its load: "", "some", "full" or "closed"."""

    first: date
    days: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one site: its providers, what each of them has, and every visit by start."""

    location: Location
    day: date
    span: Span
    providers: tuple[Provider, ...]
    facts: dict[UUID, Facts]
    visits: tuple[BoardVisit, ...]
    month: Month

    @property
    def working(self) -> list[Provider]:
        """Providers who work or have a visit that day, in column order; all of them when nobody does."""
        busy = [each for each in self.providers if self.facts[each.id].hours or self.facts[each.id].visits]
        return busy or list(self.providers)


def location(wanted: UUID | None = None, own: Collection[UUID] = ()) -> Location | None:
    """Find the site to show: the one that was asked for, else the first of one's own, else the first by name.

    None in a clinic without any.
    """
    sites = practice.locations()
    asked = [site for site in sites if site.id == wanted] or [site for site in sites if site.id in own] or sites
    return next(iter(asked), None)


def day(site: Location, wanted: date, at: datetime) -> Day:
    """Read a day as it is at `at`: lapsed holds are gone, canceled visits are listed but take no time."""
    zone = site.time_zone
    span = local_day(zone, wanted)
    providers = tuple(practice.providers())
    ids = [provider.id for provider in providers]
    first, last = _weeks(wanted)
    hours = practice.hours(ids, first, last)
    month_span = Span(local_day(zone, first).start, local_day(zone, last).end)
    shut = practice.closures([site.id], month_span)
    visits = tuple(day_visits(site.id, span, at))
    closed = _closed(ids, span, [each for each in shut if _touches(each.span, span)])
    facts = {
        provider: Facts(
            hours=_worked(hours, provider, site, wanted),
            closed=tuple(closed[provider]),
            visits=tuple(_entry(visit) for visit in visits if visit.provider_id == provider and _on_grid(visit)),
        )
        for provider in ids
    }
    month = _month(site, wanted, hours, shut, booked_minutes(site.id, month_span, zone))
    return Day(site, wanted, span, providers, facts, visits, month)


def _weeks(day: date) -> tuple[date, date]:
    """First Sunday and last Saturday of the weeks that the day's month touches."""
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first - timedelta(days=first.isoweekday() % _SUNDAY), last + timedelta(days=6 - last.isoweekday() % _SUNDAY)


def _closed(ids: list[UUID], span: Span, shut: list[Shut]) -> dict[UUID, list[tuple[Seconds, str]]]:
    closed: dict[UUID, list[tuple[Seconds, str]]] = {provider: [] for provider in ids}
    for provider in ids:
        closed[provider] += [(each.span.seconds, each.reason) for each in shut]
    for blocked in blocked_times(ids, span):
        closed[blocked.resource_id].append((blocked.span.seconds, blocked.label))
    return closed


def _worked(hours: Hours, provider: UUID, site: Location, day: date) -> tuple[Seconds, ...]:
    return tuple(
        sorted(
            span
            for block in hours.blocks
            if block.provider_id == provider and block.location_id == site.id and block.applies_on(day)
            for span in opened(site.time_zone, day, block.starts, block.ends)
        )
    )


def _on_grid(visit: BoardVisit) -> bool:
    return visit.status is not Status.CANCELLED


def _entry(visit: BoardVisit) -> tuple[UUID, Seconds, bool]:
    return visit.id, Span(visit.starts_at, visit.ends_at).seconds, visit.status in LIVE


def _touches(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _month(site: Location, day: date, hours: Hours, shut: list[Shut], booked: dict[str, int]) -> Month:
    first, last = _weeks(day)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Month(day.replace(day=1), tuple((each, _load(site, each, hours, shut, booked)) for each in days))


def _load(site: Location, day: date, hours: Hours, shut: list[Shut], booked: dict[str, int]) -> str:
    span = local_day(site.time_zone, day)
    worked = sum(
        end - start
        for block in hours.blocks
        if block.location_id == site.id and block.applies_on(day)
        for start, end in opened(site.time_zone, day, block.starts, block.ends)
    )
    if not worked or any(each.span.start <= span.start and each.span.end >= span.end for each in shut):
        return "closed"
    minutes = booked.get(day.isoformat(), 0)
    if not minutes:
        return ""
    return "full" if minutes * 60 >= worked * FULL else "some"


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An imported visit as the desk may see it: when and with whom, not what for."""

    starts_at: datetime
    who: str


def past_visits(patient_id: UUID, *, limit: int = 200) -> list[PastVisit]:
    """Read the visits a patient brought with their record, the latest first."""
    query = (
        select(Encounter.starts_at, Practitioner, Organization.name)
        .outerjoin(Practitioner, Practitioner.id == Encounter.practitioner_id)
        .outerjoin(Organization, Organization.id == Encounter.organization_id)
        .where(Encounter.patient_id == patient_id)
        .order_by(Encounter.starts_at.desc())
        .limit(limit)
    )
    return [PastVisit(starts_at, _who(person, place)) for starts_at, person, place in db.session.execute(query)]


def _who(person: Practitioner | None, place: str | None) -> str:
    name = "" if person is None else " ".join(part for part in (person.prefix, person.given, person.family) if part)
    return ", ".join(part for part in (name, place or "") if part)
