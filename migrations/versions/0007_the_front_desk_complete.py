"""The front desk complete: equipment, rules of services, exceptions, group visits, series and the waiting list."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
EVERYBODY = f"{STAFF}, app_auditor, app_patient, app_identity, app_import, app_job"
PLANNERS = "app_desk, app_clinician, app_manager"

# table -> columns for the audit trigger: the row's id, the patient's ('' where none)
AUDITED = {
    "equipment": ("id", ""),
    "service_room": ("service_id", ""),
    "service_equipment": ("service_id", ""),
    "service_part": ("service_id", ""),
    "extra_hours": ("id", ""),
    "leave": ("id", ""),
    "group_session": ("id", ""),
    "series": ("id", "patient_id"),
    "waiting_wish": ("id", "patient_id"),
    "waiting_offer": ("id", "patient_id"),
}
PATIENT_TABLES = ("series", "waiting_wish", "waiting_offer")
MINE = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"

RULES = """
    ALTER TABLE location ADD COLUMN version integer NOT NULL DEFAULT 1;
    ALTER TABLE room ADD COLUMN version integer NOT NULL DEFAULT 1;
    ALTER TABLE provider ADD COLUMN version integer NOT NULL DEFAULT 1;
    ALTER TABLE service
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN furthest_days integer,
        ADD COLUMN online boolean NOT NULL DEFAULT true,
        ADD COLUMN audience text NOT NULL DEFAULT 'any',
        ADD COLUMN capacity integer NOT NULL DEFAULT 1,
        ADD COLUMN deposit_cents integer NOT NULL DEFAULT 0,
        ADD COLUMN cancel_notice_minutes integer NOT NULL DEFAULT 0,
        ADD COLUMN cancel_fee_cents integer NOT NULL DEFAULT 0,
        ADD COLUMN arrival_checks text[] NOT NULL DEFAULT '{}',
        ADD CONSTRAINT service_furthest CHECK (furthest_days is null or furthest_days between 1 and 1095),
        ADD CONSTRAINT service_audience_known CHECK (audience in ('any','new','returning')),
        ADD CONSTRAINT service_capacity CHECK (capacity between 1 and 50),
        ADD CONSTRAINT service_deposit CHECK (deposit_cents between 0 and price_cents),
        ADD CONSTRAINT service_cancel_notice CHECK (cancel_notice_minutes between 0 and 43200),
        ADD CONSTRAINT service_cancel_fee CHECK (cancel_fee_cents >= 0),
        ADD CONSTRAINT service_arrival_checks
            CHECK (arrival_checks <@ array['identity','coverage','forms','balance']);
    ALTER TABLE schedule
        ADD COLUMN every_weeks integer NOT NULL DEFAULT 1,
        ADD CONSTRAINT schedule_every_weeks CHECK (every_weeks between 1 and 12);
"""
# The large table: columns with constant defaults, and checks whose look at the old rows waits for 0008.
VISITS = """
    ALTER TABLE appointment
        ADD COLUMN equipment_ids uuid[] NOT NULL DEFAULT '{}',
        ADD COLUMN group_session_id uuid,
        ADD COLUMN seat_no integer,
        ADD COLUMN series_id uuid,
        ADD COLUMN together_id uuid,
        ADD COLUMN arrival_checks text[] NOT NULL DEFAULT '{}',
        ADD CONSTRAINT appointment_seat CHECK ((group_session_id is null) = (seat_no is null)) NOT VALID,
        ADD CONSTRAINT appointment_seat_no CHECK (seat_no is null or seat_no > 0) NOT VALID,
        ADD CONSTRAINT appointment_equipment CHECK (cardinality(equipment_ids) <= 8) NOT VALID,
        ADD CONSTRAINT appointment_arrival_checks
            CHECK (arrival_checks <@ array['identity','coverage','forms','balance']) NOT VALID;
"""
LINKS = """
    ALTER TABLE appointment
        ADD CONSTRAINT appointment_group_session_id_fkey
            FOREIGN KEY (group_session_id) REFERENCES group_session (id) NOT VALID,
        ADD CONSTRAINT appointment_series_id_patient_id_fkey
            FOREIGN KEY (series_id, patient_id) REFERENCES series (id, patient_id) NOT VALID;
"""


def upgrade() -> None:
    _run(RULES)
    _run(VISITS)
    _run((SQL / "0007_tables.sql").read_text())
    _run(LINKS)
    _protect()
    _grant()
    for table, (row, patient) in AUDITED.items():
        _run(f"""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('{row}', '{patient}')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _protect() -> None:
    for table in PATIENT_TABLES:
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} TO {STAFF}, app_import, app_job, app_auditor
                USING (true) WITH CHECK (true);
            CREATE POLICY mine ON {table} FOR SELECT TO app_patient USING (patient_id = ANY ({MINE}));
        """)


def _grant() -> None:
    _run(f"""
        GRANT SELECT ON equipment, service_room, service_equipment, service_part, extra_hours, group_session
            TO {EVERYBODY};
        GRANT SELECT ON leave TO {STAFF}, app_auditor, app_import, app_job;
        GRANT INSERT, UPDATE ON equipment, service_room, service_equipment, service_part TO app_manager, app_import;
        GRANT DELETE ON service_room, service_equipment, service_part TO app_manager, app_import;
        GRANT INSERT, UPDATE, DELETE ON extra_hours, leave TO app_desk, app_manager, app_import;
        GRANT INSERT, DELETE ON blocked_time TO app_desk;
        GRANT UPDATE (version) ON resource TO app_desk;
        GRANT INSERT, UPDATE ON group_session TO {PLANNERS}, app_import;
        GRANT SELECT ON {", ".join(PATIENT_TABLES)} TO {STAFF}, app_patient, app_auditor, app_job, app_import;
        GRANT INSERT, UPDATE ON series, waiting_wish, waiting_offer TO {PLANNERS}, app_coordinator, app_job;
    """)
