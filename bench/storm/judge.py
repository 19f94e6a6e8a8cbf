"""What is true after the storm, from the visits themselves; the table that prevented the overlaps is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

# Who is where: the patient for the service's length, staff, room and equipment for its buffers too; an overbooked visit
# has a lane of its own everywhere but with its patient. Built from the service, because the visit's own end and buffers
# were written by what is being judged.
_OVERLAPS = """
    WITH live AS (
        SELECT a.id, part.lane, part.resource, tstzrange(
            a.starts_at - make_interval(mins => part.before),
            a.starts_at + make_interval(mins => s.length_minutes + part.after)
        ) AS during
        FROM appointment AS a
        JOIN service AS s ON s.id = a.service_id
        CROSS JOIN LATERAL (
            SELECT a.patient_id, 0, 0, 0
            UNION ALL
            SELECT staff.id, a.lane, s.buffer_before_minutes, s.buffer_after_minutes
            FROM unnest(ARRAY[a.provider_id, a.room_id] || a.equipment_ids) AS staff (id)
            WHERE a.group_session_id IS NULL
        ) AS part (resource, lane, before, after)
        WHERE a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'finished') AND part.resource IS NOT NULL
    )
    SELECT count(DISTINCT (one.id, other.id))
    FROM live AS one JOIN live AS other
      ON other.resource = one.resource AND other.lane = one.lane AND other.id > one.id AND other.during && one.during
"""
_HALF = """
    WITH wanted AS (
        SELECT a.id, part.lane, part.resource, tstzrange(
            a.starts_at - make_interval(mins => part.before), a.ends_at + make_interval(mins => part.after)) AS during
        FROM appointment AS a
        CROSS JOIN LATERAL (
            SELECT a.patient_id, 0, 0, 0 WHERE a.status <> 'held'
            UNION ALL
            SELECT staff.id, a.lane, a.buffer_before_minutes, a.buffer_after_minutes
            FROM unnest(ARRAY[a.provider_id, a.room_id] || a.equipment_ids) AS staff (id)
            WHERE a.group_session_id IS NULL
        ) AS part (resource, lane, before, after)
        WHERE a.status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room', 'finished')
          AND part.resource IS NOT NULL
    ), held AS (
        SELECT owner_id AS id, lane, resource_id AS resource, during FROM occupancy WHERE owner_kind = 'appointment'
    )
    SELECT count(DISTINCT id) FROM (
        (TABLE wanted EXCEPT ALL TABLE held) UNION ALL (TABLE held EXCEPT ALL TABLE wanted)
    ) AS differing
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def overlaps(connection: Connection[Any]) -> int:
    """Count pairs of live visits that share a patient, provider, room or piece of equipment."""
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
