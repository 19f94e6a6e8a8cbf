"""What one line would book: each part of it chosen, or all that it may be, so that nothing is guessed about people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.booking.forms import Choice
from webapp.booking.line_times import moments
from webapp.booking.one_line import Understood
from webapp.booking.queries import Near, Nearest, Search, first_free, free_in, patient_visits
from webapp.patients.queries import Found, search
from webapp.practice.hours import Span, local_day
from webapp.practice.models import Location
from webapp.practice.queries import Offer

MOST_PEOPLE = 5
MOST_TIMES = 6
FEW_TIMES = 3
AHEAD = timedelta(days=14)
NEAR = timedelta(days=7)
_MINUTE = timedelta(minutes=1)
_ANY_START = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """The choice so far, and what is asked: several of a kind while none is chosen, or none chosen is right.

    `gone` is the time that was asked for and is not free; `refused` providers were named but do not do it.
    """

    choice: Choice
    people: Sequence[Found]
    offers: Sequence[Offer]
    providers: Sequence[UUID]
    times: Sequence[datetime]
    gone: datetime | None = None
    refused: bool = False

    @property
    def patient(self) -> Found | None:
        return next((person for person in self.people if person.id == self.choice.patient), None)

    @property
    def offer(self) -> Offer | None:
        return next((offer for offer in self.offers if offer.service.id == self.choice.service), None)

    @property
    def complete(self) -> bool:
        choice = self.choice
        anybody = not self.providers or choice.provider in self.providers
        return None not in {choice.patient, choice.service, choice.location, choice.at} and anybody


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the line was typed: the site, its day, and who comes there today."""

    site: Location
    at: datetime
    coming: Collection[UUID]

    @property
    def wall(self) -> datetime:
        """What the clock on the wall of the site shows."""
        return self.at.astimezone(ZoneInfo(self.site.time_zone)).replace(tzinfo=None)

    @property
    def today(self) -> date:
        return self.wall.date()


def propose(line: Understood, picked: Choice, offers: Sequence[Offer], desk: Desk) -> Proposal:
    """Complete a line with what was picked in place; only what has one meaning is chosen by itself."""
    known = search(line.patient, today=desk.today, limit=MOST_PEOPLE, first=desk.coming)
    people = [person for person in known if not person.deceased]
    patient = _one([person.id for person in people], picked.patient)
    possible, service = _services(line, picked, offers, patient)
    offer = next((each for each in possible if each.service.id == service), None)
    choice = replace(picked, patient=patient, service=service, provider=None, location=None, at=None)
    if offer is None:
        return Proposal(choice, people, possible, (), ())
    named = [provider for provider in line.providers if provider in offer.provider_ids]
    refused = bool(line.providers) and not named
    providers = sorted(offer.provider_ids) if refused else named
    provider = _one(providers, picked.provider)
    place = desk.site.id if desk.site.id in offer.location_ids else min(offer.location_ids)
    choice = replace(choice, provider=provider, location=place)
    among = frozenset(providers)
    search_for = Search(service or offer.service.id, Span(desk.at, desk.at), provider, place, patient, among=among)
    times, chosen, gone = _Times(search_for, desk).find(line, picked.at)
    return Proposal(replace(choice, at=chosen), people, possible, providers, times, gone, refused)


def _one(candidates: Sequence[UUID], picked: UUID | None) -> UUID | None:
    """What was picked of the candidates, or the only one."""
    if picked in candidates:
        return picked
    return candidates[0] if len(candidates) == 1 else None


def _services(
    line: Understood, picked: Choice, offers: Sequence[Offer], patient: UUID | None
) -> tuple[list[Offer], UUID | None]:
    """Types of visits that were named, or all that the named provider does; unnamed, the one of the last visit."""
    named = [offer for offer in offers if offer.service.id in line.services]
    possible = named or [offer for offer in offers if not line.providers or offer.provider_ids & set(line.providers)]
    ids = [offer.service.id for offer in possible or offers]
    chosen = _one(ids, picked.service)
    if chosen is None and not named and patient is not None:
        last = [visit.service for visit in patient_visits(patient, limit=FEW_TIMES)]
        usual = (offer.service.id for name in last for offer in possible if offer.service.name == name)
        chosen = next(usual, None)
    return list(possible or offers), chosen


class _Times:
    """Looks for the times a line can mean."""

    def __init__(self, search_for: Search, desk: Desk) -> None:
        self._search = search_for
        self._desk = desk
        self._zone = desk.site.time_zone

    def find(
        self, line: Understood, picked: datetime | None
    ) -> tuple[list[datetime], datetime | None, datetime | None]:
        """The times to choose from, the chosen one, and one that was asked for and is not free."""
        gone = None
        if line.days and line.times:
            wanted = [moment for day in line.days for time in line.times for moment in moments(day, time, self._zone)]
            # A time that the desk names is not held to the notice that patients have to give.
            times = self._which(wanted, asked=True)
            if len(wanted) == len(times) == 1:
                return times, times[0], None
            gone = None if times else next(iter(wanted), None)
            times = times or self._nearest(wanted[0] if wanted else local_day(self._zone, line.days[0]).start)
        elif line.days:
            times = [moment for day in line.days for moment in self._first(day, MOST_TIMES)][:MOST_TIMES]
        else:
            times = self._on_next_days(line.times)
        return times, picked if picked in times else None, gone

    def _on_next_days(self, named: Sequence[time]) -> list[datetime]:
        """The first time of each of the next days, one of the named ones if there are any, then the next ones."""
        now, zone = self._desk.at, self._zone
        days = [self._desk.today + timedelta(days=n) for n in range(AHEAD.days + 1)]
        if named:
            wanted = [moment for day in days for each in named for moment in moments(day, each, zone)]
            by_day = _by_day(self._which([each for each in wanted if now <= each < now + AHEAD], asked=False), zone)
        else:
            by_day = []
            for day in days:
                by_day += [found] if (found := self._first(day, FEW_TIMES)) else []
                if len(by_day) == FEW_TIMES:
                    break
        firsts = [times[0] for times in by_day[:FEW_TIMES]]
        others = [moment for times in by_day for moment in times[1:]]
        return sorted(firsts + others[: FEW_TIMES - len(firsts)])

    def _first(self, day: date, n: int) -> list[datetime]:
        """The first times of a day at which somebody is free."""
        there, now = local_day(self._zone, day), self._desk.at
        window = Span(max(now, there.start), min(now + AHEAD, there.end))
        if window.start >= window.end:
            return []
        return [start.start for start in first_free(replace(self._search, window=window), now, n)]

    def _which(self, wanted: Sequence[datetime], *, asked: bool) -> list[datetime]:
        """Those of some instants at which somebody is free."""
        windows = [Span(moment, moment + _MINUTE) for moment in wanted]
        searches = [replace(self._search, window=window, asked=asked) for window in windows]
        found = free_in(searches, self._desk.at, step=_ANY_START)
        return [moment for moment, there in zip(wanted, found, strict=True) if there is not None and there.starts]

    def _nearest(self, wanted: datetime) -> list[datetime]:
        near = Nearest([Near(self._search, wanted, self._zone)], NEAR, FEW_TIMES, self._desk.at)
        return [start.start for start in near.of(0)]


def _by_day(instants: Sequence[datetime], zone: str) -> list[list[datetime]]:
    found: dict[date, list[datetime]] = {}
    for instant in sorted(instants):
        found.setdefault(instant.astimezone(ZoneInfo(zone)).date(), []).append(instant)
    return list(found.values())
