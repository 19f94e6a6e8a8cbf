"""Small makers of rows that are valid by default, written by the superuser; tests name only what matters to them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import sql
from psycopg.types.range import TimestamptzRange

from webapp.db import Role, Scope
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

NEW_YORK = "America/New_York"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""A Monday, 8:00 in New York: an hour before the clinic opens."""

_serial = itertools.count(1)


def clock_time(hour: int, minute: int = 0, *, day: date | None = None, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall-clock time, of the day of NOW unless another is given."""
    wall = datetime.combine(day or NOW.date(), time(hour, minute), ZoneInfo(zone))
    return wall.astimezone(UTC)


def scope(role: Role = Role.DESK, *, actor: UUID | None = None, at: datetime = NOW, **other: Any) -> Scope:
    """A scope with an actor of its own."""
    return Scope(role, actor or new_id(), at, other.pop("request", None) or str(new_id()), **other)


def insert(connection: Connection[Any], table: str, **columns: object) -> None:
    """Insert one row."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
    connection.execute(statement, columns)


def resource(connection: Connection[Any], kind: str) -> UUID:
    """A resource without what it stands for."""
    made = new_id()
    insert(connection, "resource", id=made, kind=kind)
    return made


def location(connection: Connection[Any], **columns: object) -> UUID:
    """A site in New York."""
    made = new_id()
    defaults = {"name": f"Harbor Clinic {next(_serial)}", "time_zone": NEW_YORK}
    insert(connection, "location", id=made, **{**defaults, **columns})
    return made


def room(connection: Connection[Any], location_id: UUID, **columns: object) -> UUID:
    made = resource(connection, "room")
    insert(connection, "room", id=made, location_id=location_id, **{"name": f"Room {next(_serial)}", **columns})
    return made


def provider(connection: Connection[Any], **columns: object) -> UUID:
    """A provider without hours."""
    made = resource(connection, "provider")
    number = next(_serial)
    defaults = {"family": f"Osei {number}", "given": "Amara", "prefix": "Dr.", "position": number}
    insert(connection, "provider", id=made, **{**defaults, **columns})
    return made


def hours(connection: Connection[Any], provider_id: UUID, location_id: UUID, **columns: object) -> UUID:
    """Hours from 9:00 to 17:00 on one weekday (Monday), without a usual room."""
    made = new_id()
    defaults = {"weekday": 1, "starts": time(9), "ends": time(17), "valid_from": date(2020, 1, 1)}
    insert(connection, "schedule", id=made, provider_id=provider_id, location_id=location_id, **{**defaults, **columns})
    return made


def service(
    connection: Connection[Any], providers: Sequence[UUID], locations: Sequence[UUID], **columns: object
) -> UUID:
    """A visit of 20 minutes that needs a room."""
    made = new_id()
    defaults = {"name": f"Follow-up {next(_serial)}", "length_minutes": 20, "price_cents": 12_000}
    insert(connection, "service", id=made, **{**defaults, **columns})
    for provider_id in providers:
        insert(connection, "service_provider", service_id=made, provider_id=provider_id)
    for location_id in locations:
        insert(connection, "service_location", service_id=made, location_id=location_id)
    return made


def patient(connection: Connection[Any], **columns: object) -> UUID:
    """Rosa Jimenez, one of many."""
    made = resource(connection, "patient")
    family = f"Jimenez {next(_serial)}"
    defaults = {
        "family": family,
        "given": "Rosa",
        "family_key": family.lower(),
        "given_key": "rosa",
        "name_key": f"rosa {family.lower()}",
        "birth_date": date(1973, 3, 4),
        "gender": "female",
        "created_at": NOW,
    }
    insert(connection, "patient", id=made, **{**defaults, **columns})
    return made


def phone(connection: Connection[Any], patient_id: UUID, value: str = "555-0142") -> UUID:
    made = new_id()
    digits = "".join(character for character in value if character.isdigit())
    insert(connection, "patient_telecom", id=made, patient_id=patient_id, system="phone", value=value, digits=digits)
    return made


def closure(connection: Connection[Any], location_id: UUID, starts: datetime, ends: datetime) -> UUID:
    made = new_id()
    during = TimestamptzRange(starts, ends)
    insert(connection, "closure", id=made, location_id=location_id, during=during, reason="Snow")
    return made


def limit(connection: Connection[Any], account_id: UUID, role: str, locations: Sequence[UUID]) -> None:
    """Let a role of an account hold at these locations only."""
    statement = "UPDATE account_role SET everywhere = false WHERE account_id = %s AND role = %s"
    connection.execute(statement, (account_id, role))
    for location_id in locations:
        insert(connection, "account_role_location", account_id=account_id, role=role, location_id=location_id)


def account(connection: Connection[Any], *roles: str, **columns: object) -> UUID:
    """An account with the given staff roles."""
    made = new_id()
    defaults = {"email": f"person{next(_serial)}@anteroom.example", "display_name": "A Person", "created_at": NOW}
    insert(connection, "account", id=made, **{**defaults, **columns})
    for role in roles:
        insert(connection, "account_role", account_id=made, role=role, granted_at=NOW)
    return made


@dataclass(frozen=True, slots=True)
class Clinic:
    """One site where every provider works 9:00 to 17:00 on every day of the week, and a service all of them perform."""

    location: UUID
    rooms: tuple[UUID, ...]
    providers: tuple[UUID, ...]
    service: UUID
    patients: tuple[UUID, ...]


def clinic(
    connection: Connection[Any], *, providers: int = 2, rooms: int = 2, patients: int = 2, **service_columns: object
) -> Clinic:
    """A clinic that takes bookings; keywords beyond the numbers are columns of its service."""
    site = location(connection)
    where = tuple(room(connection, site) for _ in range(rooms))
    who = tuple(provider(connection) for _ in range(providers))
    for one, weekday in itertools.product(who, range(1, 8)):
        hours(connection, one, site, weekday=weekday)
    what = service(connection, who, [site], **service_columns)
    people = tuple(patient(connection) for _ in range(patients))
    return Clinic(site, where, who, what, people)


def branch(connection: Connection[Any], of: Clinic, **columns: object) -> Clinic:
    """A second site of a clinic: the same service and patients, a provider and a room of its own."""
    site = location(connection, **columns)
    where, who = room(connection, site), provider(connection)
    for weekday in range(1, 8):
        hours(connection, who, site, weekday=weekday)
    insert(connection, "service_provider", service_id=of.service, provider_id=who)
    insert(connection, "service_location", service_id=of.service, location_id=site)
    return Clinic(site, (where,), (who,), of.service, of.patients)


def appointment(connection: Connection[Any], at: Clinic, starts: datetime, **columns: object) -> UUID:
    """A booked visit of 20 minutes of the clinic's first patient with its first provider and room, with occupancy.

    `status`, `lane` with `overbook_reason`, or `held_until` make it another kind of visit.
    """
    made = new_id()
    defaults = {
        "patient_id": at.patients[0],
        "service_id": at.service,
        "provider_id": at.providers[0],
        "room_id": at.rooms[0] if at.rooms else None,
        "location_id": at.location,
        "starts_at": starts,
        "ends_at": starts + timedelta(minutes=20),
        "status": "booked",
        "price_cents": 12_000,
        "booked_at": NOW,
    }
    with connection.transaction():
        insert(connection, "appointment", id=made, **{**defaults, **columns})
        connection.execute("SELECT doors.settle(%s, %s)", (made, NOW))
    return made


def equipment(connection: Connection[Any], at: Clinic, kind: str = "ultrasound", **columns: object) -> UUID:
    """A piece of equipment at the clinic's site."""
    made = resource(connection, "equipment")
    defaults = {"kind": kind, "name": f"{kind} {next(_serial)}"}
    insert(connection, "equipment", id=made, location_id=at.location, **{**defaults, **columns})
    return made


def leave(connection: Connection[Any], provider_id: UUID, starts: datetime, ends: datetime) -> UUID:
    """A provider is away, and what is free of the time is taken by it."""
    made = new_id()
    with connection.transaction():
        insert(connection, "leave", id=made, provider_id=provider_id, starts_at=starts, ends_at=ends, kind="vacation")
        connection.execute("SELECT doors.settle_leave(%s, %s)", (made, NOW))
    return made


def group_session(connection: Connection[Any], at: Clinic, starts: datetime, **columns: object) -> UUID:
    """An open group visit of an hour and eight seats with the clinic's first provider in its first room."""
    made = new_id()
    defaults = {
        "service_id": at.service,
        "provider_id": at.providers[0],
        "room_id": at.rooms[0] if at.rooms else None,
        "location_id": at.location,
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=1),
        "capacity": 8,
        "created_at": NOW,
    }
    with connection.transaction():
        insert(connection, "group_session", id=made, **{**defaults, **columns})
        connection.execute("SELECT doors.settle_session(%s, %s)", (made, NOW))
    return made
