"""Book a series: every visit of it, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.book import BookRequest, How
from webapp.booking.actions.book_all import book_looked, lock_looked, look_all
from webapp.booking.actions.several import far_apart
from webapp.booking.models import Appointment, Series
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.plan_refusals import SeriesTooLong, SeriesTooShort, SeveralTaken
from webapp.booking.recurrence import FEWEST, MOST
from webapp.booking.refusals import NotOffered, PatientNotBookable
from webapp.db import db, unread
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.models import Location

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.booking.actions.book import Ready
    from webapp.booking.recurrence import Repeat

_WHENEVER = (DepositFirst, NotOffered, PatientNotBookable)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The n-th visit of the rule and when it shall be; not always when the rule says."""

    number: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """A rule and the visits that were agreed on; no `provider_id` means anybody who is free, for each anew."""

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    repeat: Repeat
    first_at: datetime
    visits: tuple[Chosen, ...]
    provider_id: UUID | None = None
    note: str = ""
    via: str = "desk"


@dataclass(frozen=True, slots=True)
class Booked:
    """A series with its visits by start."""

    series: Series
    visits: tuple[Appointment, ...]


def book_series(request: SeriesRequest, *, actor: UUID | None, at: datetime) -> Booked:
    """Book all visits of a series in the caller's transaction, or none.

    Raises SeveralTaken with what stands in the way of each visit that found no place, SeriesTooShort, SeriesTooLong,
    NotFound, or what `book` raises of every visit alike.
    """
    visits = sorted(request.visits, key=lambda each: each.starts_at)
    if len(visits) < FEWEST:
        raise SeriesTooShort(field="visits", patient=request.patient_id)
    if len(visits) > MOST:
        raise SeriesTooLong(field="visits", patient=request.patient_id)
    site = db.session.get(Location, request.location_id)
    if site is None:
        raise NotFound
    wishes = [_wish(request, each) for each in visits]

    how = How(actor, at, series=new_id())

    def attempt() -> Booked:
        looked = look_all(wishes, how)
        # By time: two series that want the same people wait for each other at the first time they share, only there.
        # Visits that are nearly neighbours could meet one long visit of somebody else with both their ends, and wait
        # for it while it waits for them: then nobody else may be there.
        close = not far_apart(map(_stretch, looked))
        with db.session.begin_nested():
            lock_looked(looked, alone=close)
            # After the locks: whoever merges the patient's record has those before the record.
            series = _series(request, site, how)
            made = book_looked(wishes, looked)
        return Booked(series, tuple(unread(Appointment, visit, patient_id=request.patient_id) for visit in made))

    try:
        return afresh(attempt, request.patient_id)
    except SeveralTaken as several:
        # One sentence for what is wrong at any time; else what stands in the way of each visit.
        whenever = next((why for why in several.refused.values() if isinstance(why, _WHENEVER)), None)
        by_number = {visits[place].number: why for place, why in several.refused.items()}
        raise whenever or SeveralTaken(by_number, patient=request.patient_id) from None


def _stretch(visit: Ready) -> tuple[datetime, datetime]:
    """From when to when a visit takes time, with its buffers."""
    before, after = timedelta(minutes=visit["before_minutes"]), timedelta(minutes=visit["after_minutes"])
    return visit["starts_at"] - before, visit["ends_at"] + after


def _series(request: SeriesRequest, site: Location, how: How) -> Series:
    rule = request.repeat
    series = Series(
        id=how.series,
        patient_id=request.patient_id,
        frequency=rule.frequency.value,
        every=rule.every,
        count=rule.count,
        until=rule.until,
        time_zone=site.time_zone,
        first_at=request.first_at,
        created_at=how.at,
        created_by=how.actor,
    )
    db.session.add(series)
    db.session.flush()
    return series


def _wish(request: SeriesRequest, visit: Chosen) -> BookRequest:
    return BookRequest(
        patient_id=request.patient_id,
        service_id=request.service_id,
        location_id=request.location_id,
        starts_at=visit.starts_at,
        provider_id=request.provider_id,
        note=request.note,
        via=request.via,
    )
