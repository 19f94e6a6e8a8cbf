"""Changes of the clinic that visits stand in the way of, as the tests of them ask for them."""

from __future__ import annotations

from datetime import date, time, timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    Change,
    ClosureChange,
    Decisions,
    Hit,
    HoursChange,
    LeaveChange,
    Retirement,
    ServiceChange,
    carry_out,
)
from webapp.booking.refusals import VisitsAffected
from webapp.db import Role
from webapp.practice.actions import NewHours, NewLeave, Retire, SaveService
from webapp.practice.hours import Block, Span

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MANAGER = Role.MANAGER


def afternoons(clinic: Clinic, *, version: int = 1, last: date | None = None) -> Change:
    """The first provider works from one to five on Mondays, from today on."""
    provider, day = clinic.providers[0], NOW.date()
    block = Block(provider, clinic.location, None, 1, time(13), time(17), day, last)
    return HoursChange(NewHours(provider, day, last, (block,), version))


def leave(clinic: Clinic, start: int = 9, end: int = 12) -> Change:
    return LeaveChange(NewLeave(clinic.providers[0], Span(clock_time(start), clock_time(end)), "sick", "flu"))


def asked(desk: Open, change: Change, decisions: Decisions | None = None, role: Role = MANAGER) -> VisitsAffected:
    """Try a change that is refused with a list."""
    with pytest.raises(VisitsAffected) as refused, desk(factories.scope(role)):
        carry_out(change, decisions or Decisions(), at=NOW)
    return refused.value


def hits(refusal: VisitsAffected) -> dict[UUID, Hit]:
    return {hit.visit.id: hit for hit in refusal.alternatives if isinstance(hit, Hit)}


def done(desk: Open, change: Change, decisions: Decisions | None = None, role: Role = MANAGER) -> UUID:
    with desk(factories.scope(role)):
        return carry_out(change, decisions or Decisions(), at=NOW).made


def every(clinic: Clinic) -> dict[str, Change]:
    """Each change there is, with a visit of the first provider at ten in its way."""
    only_other = SaveService(
        {"name": "Follow-up", "length_minutes": 20, "price_cents": 1},
        frozenset(clinic.providers[1:]),
        frozenset([clinic.location]),
        frozenset(),
        frozenset(),
        (),
        clinic.service,
        1,
    )
    return {
        "hours": afternoons(clinic),
        "leave": leave(clinic),
        "closure": ClosureChange(clinic.location, Span(TEN, TEN + HOUR), "Snow"),
        "provider": Retirement(Retire("providers", clinic.providers[0], 1)),
        "location": Retirement(Retire("locations", clinic.location, 1)),
        "service": Retirement(Retire("services", clinic.service, 1)),
        "performers": ServiceChange(only_other),
    }
