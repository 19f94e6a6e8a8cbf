"""People pay by themselves: links to an invoice, cards left for the next time, and the built-in terminal's own pages."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = Path(__file__).parent.parent / "sql" / "0020_tables.sql"
MONEY = "app_desk, app_biller, app_manager, app_job"
MINE = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"
OF_A_PATIENT = ("payment_link", "card_setup")
PLACES = """
    ALTER TABLE location
        ADD COLUMN manager_signs_over_cents bigint NOT NULL DEFAULT 2000,
        ADD CONSTRAINT location_manager_signs_over CHECK (manager_signs_over_cents between 0 and 1000000000);
"""


def upgrade() -> None:
    _run("SET LOCAL lock_timeout = '5s'")
    _run(PLACES)
    _run(TABLES.read_text())
    for table in OF_A_PATIENT:
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} TO {MONEY} USING (true) WITH CHECK (true);
            CREATE POLICY mine ON {table} FOR SELECT TO app_patient USING (patient_id = ANY ({MINE}));
            GRANT SELECT, INSERT, UPDATE ON {table} TO {MONEY};
            GRANT SELECT ON {table} TO app_patient;
            CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', 'patient_id');
        """)
    _run(f"GRANT SELECT, INSERT, UPDATE ON simulated_page TO {MONEY}, app_patient")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)
