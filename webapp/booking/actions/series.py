"""Book a series: every visit of it, or none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from webapp.booking.actions.book import BookRequest, book, could_book
from webapp.booking.actions.several import APART
from webapp.booking.models import Appointment, Series
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.plan_refusals import SeriesTooLong, SeriesTooShort, SeveralTaken
from webapp.booking.recurrence import FEWEST, MOST
from webapp.booking.refusals import NotOffered, PatientNotBookable
from webapp.db import db
from webapp.errors import NotFound, Refusal
from webapp.ids import new_id
from webapp.practice import actions as practice
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

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
    _lock(request, visits)
    series = _series(request, actor, at)
    refused: dict[int, Refusal] = {}
    made: list[Appointment] = []
    # By time: two series that want the same people wait for each other at the first time they share, and only there.
    for each in visits:
        try:
            if refused:
                # Nothing will come of it: what else stands in the way is for a look to say, which keeps nobody waiting.
                could_book(_wish(request, each), at=at)
            else:
                made.append(book(_wish(request, each), actor=actor, at=at))
        except NotFound:
            raise
        except Refusal as refusal:
            refused[each.number] = refusal
    if refused:
        raise _all_or_nothing(refused, request)
    for visit in made:
        visit.series_id = series.id
    db.session.flush()
    return Booked(series, tuple(made))


def _lock(request: SeriesRequest, visits: Sequence[Chosen]) -> None:
    """Everything that any of the visits could take, in one statement and one order, before the first is booked.

    Shared, as for a single booking. Visits that are nearly neighbours could meet one long visit of somebody else with
    both their ends, and wait for it while it waits for them: then nobody else may be there.
    """
    if len(visits) < FEWEST:
        raise SeriesTooShort(field="visits", patient=request.patient_id)
    if len(visits) > MOST:
        raise SeriesTooLong(field="visits", patient=request.patient_id)
    needed = practice.resources_of(request.location_id) | {request.patient_id}
    if request.provider_id is not None:
        needed.add(request.provider_id)
    close = any(other.starts_at - one.starts_at < APART for one, other in pairwise(visits))
    practice.lock_resources(needed, exclusive=close)


def _series(request: SeriesRequest, actor: UUID | None, at: datetime) -> Series:
    site = db.session.get(Location, request.location_id)
    if site is None:
        raise NotFound
    rule = request.repeat
    series = Series(
        id=new_id(),
        patient_id=request.patient_id,
        frequency=rule.frequency.value,
        every=rule.every,
        count=rule.count,
        until=rule.until,
        time_zone=site.time_zone,
        first_at=request.first_at,
        created_at=at,
        created_by=actor,
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


def _all_or_nothing(refused: dict[int, Refusal], request: SeriesRequest) -> Refusal:
    """One sentence for what is wrong at any time; else what stands in the way of each visit."""
    whenever = next((refusal for refusal in refused.values() if isinstance(refusal, _WHENEVER)), None)
    return whenever or SeveralTaken(refused, patient=request.patient_id)
