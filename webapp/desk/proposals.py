"""What one line would book: each part of it chosen, or all that it may be, so that nothing is guessed about people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.booking.availability import FreeStart, first_free, nearest_alternatives, one_each
from webapp.booking.forms import Choice
from webapp.booking.line_times import moments
from webapp.booking.one_line import Understood
from webapp.booking.queries import Search, free_times, patient_visits
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
    search_for = Search(service or offer.service.id, Span(desk.at, desk.at), provider, place, patient)
    times, chosen, gone = _Times(search_for, frozenset(providers), desk).find(line, picked.at)
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

    def __init__(self, search_for: Search, providers: frozenset[UUID], desk: Desk) -> None:
        self._search = search_for
        self._providers = providers
        self._desk = desk
        self._zone = desk.site.time_zone

    def find(
        self, line: Understood, picked: datetime | None
    ) -> tuple[list[datetime], datetime | None, datetime | None]:
        """The times to choose from, the chosen one, and one that was asked for and is not free."""
        gone = None
        if line.days and line.times:
            wanted = [moment for day in line.days for time in line.times for moment in moments(day, time, self._zone)]
            times = [moment for moment in wanted if self._free(Span(moment, moment + _MINUTE), step=_ANY_START)]
            if len(wanted) == len(times) == 1:
                return times, times[0], None
            gone = None if times else next(iter(wanted), None)
            times = times or self._nearest(wanted[0] if wanted else local_day(self._zone, line.days[0]).start)
        elif line.days:
            spans = [local_day(self._zone, day) for day in line.days]
            times = [start.start for span in spans for start in one_each(self._free(span))][:MOST_TIMES]
        else:
            free = one_each(self._free(Span(self._desk.at, self._desk.at + AHEAD)))
            at_time = [start for start in free if not line.times or self._clock(start) in line.times]
            times = [start.start for start in first_free(at_time, FEW_TIMES, {self._desk.site.id: self._zone})]
        return times, picked if picked in times else None, gone

    def _clock(self, start: FreeStart) -> object:
        return start.start.astimezone(ZoneInfo(self._zone)).time()

    def _nearest(self, wanted: datetime) -> list[datetime]:
        now = self._desk.at
        free = self._free(Span(max(now, wanted - NEAR), max(now, wanted) + NEAR))
        return [start.start for start in nearest_alternatives(free, wanted, FEW_TIMES)]

    def _free(self, window: Span, step: int | None = None) -> list[FreeStart]:
        # A time that the desk names is not held to the notice that patients have to give.
        asked = replace(self._search, window=window, asked=step is not None)
        found = free_times(asked, self._desk.at, step=step)
        starts = [] if found is None else found.starts
        return [start for start in starts if not self._providers or start.provider_id in self._providers]
