"""The clinic that is stormed: four providers, four rooms, visits of several lengths with and without buffers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection

SLOT_MINUTES = 20
SLOTS_A_DAY = 24
DAY_MINUTES = 8 * 60
PROVIDERS = 4
ROOMS = 4
PIECES = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of visit, in minutes."""

    service: UUID
    length: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Everybody and everything a visit needs; `kinds[0]` is the one of equal slots."""

    location: UUID
    providers: tuple[UUID, ...]
    rooms: tuple[UUID, ...]
    patients: tuple[UUID, ...]
    kinds: tuple[Kind, ...]
    first_day: date
    scan: UUID
    """A visit of twenty minutes that needs one of two pieces of equipment."""

    def minute(self, day: int, minutes: int) -> datetime:
        """An instant so many minutes after opening on the n-th day."""
        opening = factories.clock_time(9, day=self.first_day + timedelta(days=day))
        return opening + timedelta(minutes=minutes)

    def slot(self, number: int) -> datetime:
        """The start of the n-th equal slot of a provider."""
        return self.minute(number // SLOTS_A_DAY, SLOT_MINUTES * (number % SLOTS_A_DAY))

    def kind_of(self, service: UUID) -> Kind:
        return next(kind for kind in (*self.kinds, Kind(self.scan, SLOT_MINUTES)) if kind.service == service)


def prepare(connection: Connection[Any], patients: int, first_day: date) -> Ground:
    """Build the clinic in an empty migrated database; the storm is about days from `first_day` on."""
    clinic = factories.clinic(connection, providers=PROVIDERS, rooms=ROOMS, patients=patients)
    kinds = [Kind(clinic.service, SLOT_MINUTES)]
    for length, before, after in ((10, 0, 0), (20, 0, 5), (30, 5, 0), (45, 5, 10)):
        service = factories.service(
            connection,
            clinic.providers,
            [clinic.location],
            length_minutes=length,
            buffer_before_minutes=before,
            buffer_after_minutes=after,
        )
        kinds.append(Kind(service, length, before, after))
    scan = factories.service(connection, clinic.providers, [clinic.location])
    factories.insert(connection, "service_equipment", service_id=scan, kind="ultrasound")
    for _ in range(PIECES):
        factories.equipment(connection, clinic)
    connection.execute("ANALYZE")
    return Ground(clinic.location, clinic.providers, clinic.rooms, clinic.patients, tuple(kinds), first_day, scan)
