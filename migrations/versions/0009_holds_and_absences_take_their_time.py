"""Holds, overbooking, equipment, group visits and absences take their time through the doors."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
PLANNERS = "app_desk, app_clinician, app_manager, app_import"
BOOKERS = "app_desk, app_manager"

COLUMNS = """
    ALTER TABLE appointment_history
        ADD COLUMN location_id uuid,
        ADD COLUMN equipment_ids uuid[],
        ADD COLUMN ends_at timestamptz,
        ADD COLUMN lane integer,
        ADD COLUMN overbook_reason text,
        ADD COLUMN version integer;
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS appointment_held_until_ix")
        op.execute(
            "CREATE INDEX CONCURRENTLY appointment_held_until_ix ON appointment (held_until) WHERE status = 'held'"
        )
    _run(COLUMNS)
    _run("""
        GRANT SELECT ON leave, group_session, provider TO anteroom_doors;
        GRANT UPDATE (owner_id, lapses_at) ON occupancy TO anteroom_doors;
        GRANT SELECT (provider_id, starts_at, ends_at) ON leave TO app_patient;
    """)
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0009_doors.sql").read_text())
    _allow_doors()
    _run("SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0009_book.sql").read_text())
    _run(f"""
        REVOKE ALL ON FUNCTION book, guard_place, guard_visit, take_place, take_session_place, take_held_place FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION book, guard_visit, guard_place, take_place TO {BOOKERS};
        GRANT EXECUTE ON FUNCTION take_session_place TO {PLANNERS};
        GRANT EXECUTE ON FUNCTION guard_place TO {PLANNERS};
        GRANT EXECUTE ON FUNCTION take_held_place TO {BOOKERS};
    """)
    _attach_triggers()


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _allow_doors() -> None:
    _run(f"""
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA doors FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.lock_if_held, doors.lock_visit, doors.lock_hold, doors.free_lane, doors.hand_over,
            doors.end_lapsed_of TO {STAFF}, app_import;
        GRANT EXECUTE ON FUNCTION doors.gaps TO {STAFF}, app_patient, app_import, app_job;
        GRANT EXECUTE ON FUNCTION doors.end_hold TO {STAFF}, app_patient, app_job;
        GRANT EXECUTE ON FUNCTION doors.settle_session TO {PLANNERS};
        GRANT EXECUTE ON FUNCTION doors.settle_leave TO app_desk, app_manager, app_import;
    """)


def _attach_triggers() -> None:
    for table, when in (("group_session", "INSERT OR UPDATE"), ("leave", "INSERT OR UPDATE OR DELETE")):
        _run(f"""CREATE CONSTRAINT TRIGGER {table}_occupancy AFTER {when} ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doors.occupancy_must_match()""")
