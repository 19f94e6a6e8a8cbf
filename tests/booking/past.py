"""Visits of a fortnight in which clocks change, generated and put into the database as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import strategies as st

from tests import factories
from tests.factories import NOW
from webapp.booking.queries.figures import Period
from webapp.db import Role, transactional
from webapp.ids import new_id
from webapp.practice.models import Location

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection

ZONES = ("America/New_York", "Pacific/Auckland")
# Around the end of daylight time in New York, 2026-11-01; Auckland's began on 2026-09-27.
FIRST, LAST = date(2026, 10, 26), date(2026, 11, 8)
EARLIEST = datetime(2026, 10, 24, 0, 0, tzinfo=UTC)
STATUSES = ("held", "lapsed", "booked", "confirmed", "arrived", "in_room", "finished", "cancelled", "noshow")
TAKES = {"booked", "confirmed", "arrived", "in_room", "finished"}
CAME = {"arrived", "in_room", "finished"}
KNOWN = ["The patient is sick", "Booked by mistake"]
STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Visit:
    """One generated visit; times in steps of five minutes."""

    site: int
    provider: int
    service: int
    status: str
    start: int
    length: int
    before: int
    after: int
    lane: int
    seat: bool
    booked: int
    waited: int | None
    released: int | None
    canceled: int
    reason: str

    @property
    def starts_at(self) -> datetime:
        return EARLIEST + self.start * STEP

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.length * STEP

    @property
    def booked_at(self) -> datetime:
        return self.starts_at - self.booked * timedelta(minutes=37)

    @property
    def arrived_at(self) -> datetime | None:
        return None if self.waited is None else self.starts_at - timedelta(minutes=7)

    @property
    def started_at(self) -> datetime | None:
        return (
            None if self.arrived_at is None or self.waited is None else self.arrived_at + timedelta(seconds=self.waited)
        )

    @property
    def released_at(self) -> datetime | None:
        return None if self.released is None or self.status != "finished" else self.starts_at + self.released * STEP

    @property
    def cancelled_at(self) -> datetime | None:
        return self.starts_at - timedelta(minutes=self.canceled) if self.status == "cancelled" else None


@dataclass(frozen=True)
class Session:
    """One generated group visit."""

    site: int
    provider: int
    start: int
    length: int
    before: int
    after: int
    open: bool

    @property
    def starts_at(self) -> datetime:
        return EARLIEST + self.start * STEP


steps = st.integers(0, 18 * 288)
visits = st.builds(
    Visit,
    site=st.integers(0, 1),
    provider=st.integers(0, 1),
    service=st.integers(0, 1),
    status=st.sampled_from(STATUSES),
    start=steps,
    length=st.integers(1, 24),
    before=st.sampled_from((0, 5, 10)),
    after=st.sampled_from((0, 15)),
    lane=st.integers(0, 2),
    seat=st.booleans(),
    booked=st.integers(0, 4000) | st.just(-1),
    waited=st.none() | st.integers(0, 5000),
    released=st.none() | st.integers(-2, 30),
    canceled=st.integers(-30, 3000),
    reason=st.sampled_from((*KNOWN, "Moved to Rosa's cousin in Maine")),
)
sessions = st.builds(
    Session,
    site=st.integers(0, 1),
    provider=st.integers(0, 1),
    start=steps,
    length=st.integers(1, 24),
    before=st.sampled_from((0, 5)),
    after=st.sampled_from((0, 10)),
    open=st.booleans(),
)


@dataclass
class Ground:
    """Two sites in two zones with two providers and services, and a way to ask as a manager."""

    app: Flask
    connection: Connection[Any]
    sites: list[UUID] = field(default_factory=list)
    providers: list[UUID] = field(default_factory=list)
    services: list[UUID] = field(default_factory=list)
    patient: UUID = field(default_factory=new_id)

    def fill(self, visits: list[Visit], sessions: list[Session]) -> None:
        """Put exactly these into the database; as replica, because overlaps are the point of some of them."""
        run = self.connection.execute
        run("set session_replication_role = replica")
        run("delete from appointment")
        run("delete from group_session")
        common = {"room_id": None, "created_at": NOW}
        for session in sessions:
            reason = None if session.open else "x"
            factories.insert(
                self.connection, "group_session", id=new_id(), service_id=self.services[0], capacity=8,
                provider_id=self.providers[session.provider], location_id=self.sites[session.site],
                starts_at=session.starts_at, ends_at=session.starts_at + session.length * STEP,
                buffer_before_minutes=session.before, buffer_after_minutes=session.after,
                status="open" if session.open else "cancelled", cancel_reason=reason, **common,
            )  # fmt: skip
        for number, each in enumerate(visits):
            self._insert(each, number)
        run("set session_replication_role = default")

    def _insert(self, each: Visit, number: int) -> None:
        factories.insert(
            self.connection, "appointment", id=new_id(), patient_id=self.patient, price_cents=0,
            service_id=self.services[each.service], provider_id=self.providers[each.provider],
            location_id=self.sites[each.site], starts_at=each.starts_at, ends_at=each.ends_at, status=each.status,
            buffer_before_minutes=each.before, buffer_after_minutes=each.after, lane=each.lane,
            overbook_reason="x" if each.lane else None, booked_at=each.booked_at, arrived_at=each.arrived_at,
            started_at=each.started_at, released_at=each.released_at, cancelled_at=each.cancelled_at,
            cancel_reason=each.reason if each.status == "cancelled" else None,
            held_until=NOW if each.status == "held" else None,
            group_session_id=new_id() if each.seat else None, seat_no=number + 1 if each.seat else None,
        )  # fmt: skip

    @contextmanager
    def period(self) -> Iterator[Period]:
        with self.app.app_context(), transactional(factories.scope(Role.MANAGER), read_only=True) as session:
            sites = tuple(session.get_one(Location, site) for site in self.sites)
            yield Period(FIRST, LAST, sites)
