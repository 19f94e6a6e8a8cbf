"""Series that want each other's times, and groups with more people than seats: deeds, their phase, and its judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from sqlalchemy import select

from tests import factories
from tests.factories import NOW
from webapp.booking.actions import MoveRequest
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.actions.series import Chosen, SeriesRequest, book_series
from webapp.booking.actions.sessions import SessionMove, move_session
from webapp.booking.actions.several import CancelSeveral, MoveSeveral, cancel_several, move_several
from webapp.booking.models import Appointment
from webapp.booking.recurrence import Frequency, Repeat, occurrences, shifted
from webapp.db import db
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from psycopg import Connection

    from bench.storm.ground import Ground

COUNT = 4
"""Visits of a series."""
WEEKS = 4
CAPACITY = 8
GROUPS = 12
FIRST_DAY = 90
"""Series have the days from here on for themselves, groups those ten weeks later."""
GROUP_DAY = FIRST_DAY + 70
_OVERFULL = """
    SELECT count(*) FROM group_session AS s
    WHERE (SELECT count(*) FROM appointment AS a
           WHERE a.group_session_id = s.id AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'finished')
          ) > s.capacity
       OR EXISTS (SELECT FROM appointment AS a
                  WHERE a.group_session_id = s.id AND a.status = 'booked' AND a.starts_at <> s.starts_at)
"""


@dataclass(frozen=True, slots=True)
class BookSeries:
    """Four visits, a week apart, all or none."""

    patient: UUID
    service: UUID
    provider: UUID | None
    starts: datetime


@dataclass(frozen=True, slots=True)
class MoveSeries:
    """All visits of the series that this person booked last, by some days."""

    days: int


@dataclass(frozen=True, slots=True)
class CancelSeries:
    """All visits of the series that this person booked last."""


@dataclass(frozen=True, slots=True)
class Join:
    """Take a seat in a group."""

    group: UUID
    patient: UUID


@dataclass(frozen=True, slots=True)
class MoveGroup:
    """Move a group with everybody in it."""

    group: UUID
    starts: datetime


Tied: TypeAlias = BookSeries | MoveSeries | CancelSeries | Join | MoveGroup


def times(first: datetime) -> list[datetime]:
    """When the visits of a series are."""
    rule = Repeat(Frequency.WEEKLY, count=COUNT)
    return [each.at for each in occurrences(first, factories.NEW_YORK, rule)]


class TiedDeeds:
    """What one person does with visits that are tied to each other."""

    def __init__(self, location: UUID, actor: UUID) -> None:
        self._location = location
        self._actor = actor
        self._mine: list[UUID] = []

    @property
    def mine(self) -> list[Appointment]:
        """The series this person booked last, as it is."""
        return list(
            db.session.scalars(select(Appointment).where(Appointment.id.in_(self._mine)).order_by(Appointment.id))
        )

    def goals(self, deed: MoveSeries) -> list[tuple[Appointment, datetime]]:
        """Where each visit of the series would go, at the same time of the clock."""
        return [(visit, shifted(visit.starts_at, factories.NEW_YORK, timedelta(days=deed.days))) for visit in self.mine]

    def do(self, deed: Tied) -> list[Appointment]:
        """Do it; the visits it placed."""
        match deed:
            case BookSeries():
                self._mine = self._book(deed)
                return self.mine
            case MoveSeries():
                moves = tuple(MoveRequest(visit.id, starts) for visit, starts in self.goals(deed))
                return move_several(MoveSeveral(moves), at=NOW) if moves else []
            case CancelSeries():
                gone, self._mine = self._mine, []
                return cancel_several(CancelSeveral(dict.fromkeys(gone), "storm"), at=NOW) if gone else []
            case Join(group, patient):
                return [join(JoinRequest(group, patient), actor=self._actor, at=NOW)]
            case MoveGroup(group, starts):
                move_session(SessionMove(group, starts), at=NOW)
                return []

    def _book(self, deed: BookSeries) -> list[UUID]:
        visits = tuple(Chosen(number, at) for number, at in enumerate(times(deed.starts), 1))
        request = SeriesRequest(
            deed.patient,
            deed.service,
            self._location,
            Repeat(Frequency.WEEKLY, count=COUNT),
            deed.starts,
            visits,
            deed.provider,
        )
        return [visit.id for visit in book_series(request, actor=self._actor, at=NOW).visits]


def begin_groups(connection: Connection[Any], ground: Ground) -> list[UUID]:
    """Begin the groups that people will want seats in."""
    service = factories.service(
        connection, ground.providers, [ground.location], capacity=CAPACITY, length_minutes=20, needs_room=False
    )
    made = []
    for number in range(GROUPS):
        starts = ground.minute(GROUP_DAY + number, 60)
        group = new_id()
        with connection.transaction():
            factories.insert(
                connection,
                "group_session",
                id=group,
                service_id=service,
                provider_id=ground.providers[number % len(ground.providers)],
                location_id=ground.location,
                starts_at=starts,
                ends_at=starts + timedelta(minutes=20),
                capacity=CAPACITY,
                created_at=NOW,
            )
            connection.execute("SELECT doors.settle_session(%s, %s)", (group, NOW))
        made.append(group)
    return made


def deeds(ground: Ground, count: int, groups: list[UUID], random: Random) -> list[Tied]:
    """Draw what people do: series of a few hours, so that most meet another one, and seats of full groups."""
    drawn: list[Tied] = []
    service = ground.kinds[0].service
    while len(drawn) < count:
        lot, patient = random.random(), random.choice(ground.patients)
        number = random.randrange(len(groups))
        starts = ground.minute(FIRST_DAY + random.randrange(WEEKS * 7), 20 * random.randrange(18))
        if lot < 0.4:
            provider = random.choice((None, *ground.providers))
            drawn.append(BookSeries(patient, service, provider, starts))
        elif lot < 0.55:
            drawn.append(MoveSeries(random.choice((-1, 1, 1, 2, 7))))
        elif lot < 0.6:
            drawn.append(CancelSeries())
        elif lot < 0.95:
            drawn.append(Join(groups[number], patient))
        else:
            later = ground.minute(GROUP_DAY + number, 20 * random.randrange(18))
            drawn.append(MoveGroup(groups[number], later))
    return drawn


def overfull(connection: Connection[Any]) -> int:
    """Count groups with more people than seats, or with somebody at another time than the group."""
    row = connection.execute(_OVERFULL.encode()).fetchone()
    return 0 if row is None else int(next(iter(row.values())) if isinstance(row, dict) else row[0])
