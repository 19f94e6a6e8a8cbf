"""Two records of one person become one, and two again: what was pointed at the other record is written down."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager, app_auditor, app_job, app_import"
# Children and parents are pointed at another record one after the other; the constraint looks when both are.
TOGETHER = (
    ("appointment", "appointment_series_id_patient_id_fkey"),
    ("encounter_detail", "encounter_detail_encounter_id_patient_id_fkey"),
    ("waiting_wish", "waiting_wish_appointment_id_patient_id_fkey"),
    ("waiting_offer", "waiting_offer_wish_id_patient_id_fkey"),
    ("waiting_offer", "waiting_offer_hold_id_patient_id_fkey"),
)
# What the doors may point at another record; appointments they may change already.
MOVED = (
    "series", "waiting_wish", "waiting_offer", "encounter", "encounter_detail", "patient_telecom", "patient_address",
    "patient_contact", "patient_alert", "clinical_alert", "account_patient",
)  # fmt: skip

TABLES = """
    CREATE TABLE patient_merge (
        id UUID NOT NULL,
        patient_id UUID NOT NULL,
        merged_id UUID NOT NULL,
        merged_at TIMESTAMP WITH TIME ZONE NOT NULL,
        merged_by UUID,
        audit_id BIGINT DEFAULT 0 NOT NULL,
        undone_at TIMESTAMP WITH TIME ZONE,
        undone_by UUID,
        CONSTRAINT patient_merge_pkey PRIMARY KEY (id),
        CONSTRAINT patient_merge_id_patient_id_key UNIQUE (id, patient_id),
        CONSTRAINT patient_merge_another CHECK (patient_id <> merged_id),
        CONSTRAINT patient_merge_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
        CONSTRAINT patient_merge_merged_id_fkey FOREIGN KEY(merged_id) REFERENCES patient (id)
    );
    CREATE INDEX patient_merge_patient_id_ix ON patient_merge (patient_id);
    CREATE INDEX patient_merge_merged_id_ix ON patient_merge (merged_id);
    CREATE UNIQUE INDEX patient_merge_open_key ON patient_merge (merged_id) WHERE undone_at IS NULL;
    CREATE TABLE patient_merge_row (
        merge_id UUID NOT NULL,
        table_name TEXT NOT NULL,
        row_id UUID NOT NULL,
        patient_id UUID NOT NULL,
        outcome TEXT DEFAULT 'moved' NOT NULL,
        CONSTRAINT patient_merge_row_pkey PRIMARY KEY (merge_id, table_name, row_id),
        CONSTRAINT patient_merge_row_outcome_known CHECK (outcome in ('moved','returned','stayed')),
        CONSTRAINT patient_merge_row_merge_id_patient_id_fkey
            FOREIGN KEY(merge_id, patient_id) REFERENCES patient_merge (id, patient_id)
    );
"""


def upgrade() -> None:
    _run("SET LOCAL lock_timeout = '5s'")
    _run(TABLES)
    for table, constraint in TOGETHER:
        _run(f"ALTER TABLE {table} ALTER CONSTRAINT {constraint} DEFERRABLE INITIALLY IMMEDIATE")
    # A step of a visit's life names whose visit it was then, and is never changed: it can't follow a merge.
    _run("""
        ALTER TABLE appointment_history DROP CONSTRAINT appointment_history_appointment_id_patient_id_fkey;
        ALTER TABLE appointment_history ADD CONSTRAINT appointment_history_appointment_id_fkey
            FOREIGN KEY (appointment_id) REFERENCES appointment (id) NOT VALID;
    """)
    _protect()
    _allow_doors()
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0012_merge.sql").read_text())
    _run("""
        REVOKE ALL ON FUNCTION doors.merged_tables, doors.keep_together, doors.point_at, doors.lock_people,
            doors.merge_patients, doors.unmerge_patients FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.merge_patients, doors.unmerge_patients TO app_manager;
    """)
    _run("SET LOCAL ROLE anteroom_owner")
    _run("""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON patient_merge
        FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', 'patient_id')""")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE appointment_history VALIDATE CONSTRAINT appointment_history_appointment_id_fkey")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS patient_merged_into_ix")
        op.execute(
            "CREATE INDEX CONCURRENTLY patient_merged_into_ix ON patient (merged_into) WHERE merged_into IS NOT NULL"
        )


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _protect() -> None:
    for table in ("patient_merge", "patient_merge_row"):
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} FOR SELECT TO {STAFF} USING (true);
            CREATE POLICY doors ON {table} TO anteroom_doors USING (true) WITH CHECK (true);
            GRANT SELECT ON {table} TO {STAFF};
            GRANT SELECT, INSERT, UPDATE ON {table} TO anteroom_doors;
        """)
    _run("GRANT DELETE ON patient_merge_row TO anteroom_doors")


def _allow_doors() -> None:
    for table in MOVED:
        _run(f"""
            CREATE POLICY doors ON {table} TO anteroom_doors USING (true) WITH CHECK (true);
            GRANT SELECT, UPDATE (patient_id) ON {table} TO anteroom_doors;
        """)
    _run("""
        CREATE POLICY doors ON patient TO anteroom_doors USING (true) WITH CHECK (true);
        GRANT SELECT, UPDATE (merged_into, version) ON patient TO anteroom_doors;
        GRANT UPDATE (rank) ON patient_telecom TO anteroom_doors;
        CREATE POLICY doors_read ON audit FOR SELECT TO anteroom_doors USING (true);
        GRANT SELECT (id, table_name, row_id, patient_id, changes) ON audit TO anteroom_doors;
    """)
