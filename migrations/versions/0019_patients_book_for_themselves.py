"""Patients book, move and cancel for themselves, and have a calendar address: their own rows, by the steps of the portal."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
MINE = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"

TABLES = """
    CREATE TABLE calendar_feed (
        id UUID NOT NULL,
        patient_id UUID,
        provider_id UUID,
        secret_hash BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT calendar_feed_pkey PRIMARY KEY (id),
        CONSTRAINT calendar_feed_secret_hash_key UNIQUE (secret_hash),
        CONSTRAINT calendar_feed_whose CHECK (num_nonnulls(patient_id, provider_id) = 1),
        CONSTRAINT calendar_feed_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
        CONSTRAINT calendar_feed_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id)
    );
    CREATE UNIQUE INDEX calendar_feed_patient_key ON calendar_feed (patient_id) WHERE revoked_at IS NULL;
    CREATE UNIQUE INDEX calendar_feed_provider_key ON calendar_feed (provider_id) WHERE revoked_at IS NULL;
"""
# What a step of the portal writes; price, patient, type of visit and how it was booked are none of it.
STEPS = (
    "status, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, provider_id, room_id, equipment_ids,"
    " location_id, lane, overbook_reason, held_until, payment_open, note, booked_at, booked_by, arrived_at,"
    " cancelled_at, cancel_reason, group_session_id, seat_no, version"
)
WISHED = (
    "location_id, provider_ids, weekdays, from_time, to_time, earliest, latest, notice_minutes, note, status, ended_at,"
    " version"
)


def upgrade() -> None:
    # The migration before this one may have left the session as who logged in.
    _run("SET LOCAL lock_timeout = '5s'; SET LOCAL ROLE anteroom_owner")
    _run(TABLES)
    _protect()
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0019_portal.sql").read_text())
    _allow_doors()
    _run("SET LOCAL ROLE anteroom_owner")
    _grant()
    _run("""
        CREATE TRIGGER appointment_by_its_patient BEFORE INSERT OR UPDATE ON appointment
            FOR EACH ROW WHEN (current_user = 'app_patient') EXECUTE FUNCTION doors.patients_keep_to();
        CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON calendar_feed
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', 'patient_id');
    """)


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _protect() -> None:
    _run(f"""
        ALTER TABLE calendar_feed ENABLE ROW LEVEL SECURITY;
        ALTER TABLE calendar_feed FORCE ROW LEVEL SECURITY;
        CREATE POLICY staff ON calendar_feed TO {STAFF} USING (true) WITH CHECK (true);
        CREATE POLICY mine ON calendar_feed TO app_patient
            USING (patient_id = ANY ({MINE})) WITH CHECK (patient_id = ANY ({MINE}));
        CREATE POLICY doors ON calendar_feed TO anteroom_doors USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE (revoked_at) ON calendar_feed TO {STAFF}, app_patient;
        GRANT SELECT, UPDATE (patient_id) ON calendar_feed TO anteroom_doors;
        GRANT SELECT ON service TO anteroom_doors;
        GRANT UPDATE (version) ON group_session TO anteroom_doors;
    """)


def _allow_doors() -> None:
    _run(f"""
        REVOKE ALL ON FUNCTION doors.patients_keep_to, doors.minutes_booked, doors.lock_session, doors.seats_taken,
            doors.calendar FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.patients_keep_to TO anteroom_owner;
        GRANT EXECUTE ON FUNCTION doors.minutes_booked, doors.lock_session, doors.seats_taken
            TO {STAFF}, app_patient, app_import, app_job;
        GRANT EXECUTE ON FUNCTION doors.calendar TO app_patient;
        GRANT EXECUTE ON FUNCTION doors.lock_if_held, doors.lock_visit, doors.lock_hold, doors.hand_over,
            doors.end_lapsed_of TO app_patient;
    """)


def _grant() -> None:
    # Locks on the patient's own row need the right to change something of it; the check lets no change through.
    _run(f"""
        GRANT SELECT (id, version) ON resource TO app_patient;
        GRANT UPDATE (version) ON patient TO app_patient;
        CREATE POLICY locked_by_its_owner ON patient FOR UPDATE TO app_patient
            USING (id = ANY ({MINE})) WITH CHECK (false);
        GRANT INSERT, UPDATE ({STEPS}) ON appointment TO app_patient;
        GRANT INSERT, UPDATE ({WISHED}) ON waiting_wish TO app_patient;
        GRANT UPDATE (outcome, answered_at) ON waiting_offer TO app_patient;
        GRANT EXECUTE ON FUNCTION book, guard_visit, guard_place, take_place, take_held_place TO app_patient;
    """)
    for table in ("appointment", "waiting_wish"):
        _run(f"""CREATE POLICY made_by_its_owner ON {table} FOR INSERT TO app_patient
            WITH CHECK (patient_id = ANY ({MINE}))""")
    for table in ("appointment", "waiting_wish", "waiting_offer"):
        _run(f"""CREATE POLICY changed_by_its_owner ON {table} FOR UPDATE TO app_patient
            USING (patient_id = ANY ({MINE})) WITH CHECK (patient_id = ANY ({MINE}))""")
