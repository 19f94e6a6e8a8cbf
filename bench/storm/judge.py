"""What is true after the storm, from the visits themselves; the table that prevented the overlaps is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

# Who is where: the patient for the service's length, provider and room for its buffers too. Built from the service,
# because the visit's own end and buffers were written by what is being judged.
_OVERLAPS = """
    WITH live AS (
        SELECT a.id, a.lane, part.resource, tstzrange(part.opens, part.closes) AS during
        FROM appointment AS a
        JOIN service AS s ON s.id = a.service_id
        CROSS JOIN LATERAL (VALUES
            (a.patient_id, a.starts_at, a.starts_at + make_interval(mins => s.length_minutes)),
            (a.provider_id, a.starts_at - make_interval(mins => s.buffer_before_minutes),
             a.starts_at + make_interval(mins => s.length_minutes + s.buffer_after_minutes)),
            (a.room_id, a.starts_at - make_interval(mins => s.buffer_before_minutes),
             a.starts_at + make_interval(mins => s.length_minutes + s.buffer_after_minutes))
        ) AS part (resource, opens, closes)
        WHERE a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'finished') AND part.resource IS NOT NULL
    )
    SELECT count(DISTINCT (one.id, other.id))
    FROM live AS one JOIN live AS other
      ON other.resource = one.resource AND other.lane = one.lane AND other.id > one.id AND other.during && one.during
"""
_HALF = """
    WITH wanted AS (
        SELECT a.id, part.resource, tstzrange(part.opens, part.closes) AS during
        FROM appointment AS a
        CROSS JOIN LATERAL (VALUES
            (a.patient_id, a.starts_at, a.ends_at),
            (a.provider_id, a.starts_at - make_interval(mins => a.buffer_before_minutes),
             a.ends_at + make_interval(mins => a.buffer_after_minutes)),
            (a.room_id, a.starts_at - make_interval(mins => a.buffer_before_minutes),
             a.ends_at + make_interval(mins => a.buffer_after_minutes))
        ) AS part (resource, opens, closes)
        WHERE a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'finished') AND part.resource IS NOT NULL
    ), held AS (
        SELECT owner_id AS id, resource_id AS resource, during FROM occupancy WHERE owner_kind = 'appointment'
    )
    SELECT count(DISTINCT id) FROM (
        (TABLE wanted EXCEPT ALL TABLE held) UNION ALL (TABLE held EXCEPT ALL TABLE wanted)
    ) AS differing
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def overlaps(connection: Connection[Any]) -> int:
    """Count pairs of live visits that share a patient, provider or room at the same moment."""
    return _number(connection, _OVERLAPS)


def half(connection: Connection[Any]) -> int:
    """Count visits whose occupancy is not exactly what they need, and occupancy that belongs to no live visit."""
    return _number(connection, _HALF)


def deadlocks(connection: Connection[Any]) -> int:
    """Count the deadlocks PostgreSQL broke in this database since it was made, as far as it has said so by now."""
    return _number(connection, _DEADLOCKS)


def _number(connection: Connection[Any], query: str) -> int:
    # Hundreds of thousands of rows and no statistics yet: a nested loop would take minutes.
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(next(iter(row.values())) if isinstance(row, dict) else row[0])
