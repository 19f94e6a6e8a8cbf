"""People are told what happens to their visits and their money, once, and in the way they want to be told."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
READERS = f"{STAFF}, app_auditor"
MINE = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"


def upgrade() -> None:
    # The migration before may have left the session as the migrator.
    _run("SET LOCAL lock_timeout = '5s'; SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0022_tables.sql").read_text())
    for table in ("visit_told", "message", "contact_preference", "mailbox_item"):
        _run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;")
    _run(f"""
        CREATE POLICY staff ON visit_told TO {READERS}, app_job USING (true) WITH CHECK (true);
        CREATE POLICY staff ON message TO {READERS}, app_job USING (true) WITH CHECK (true);
        CREATE POLICY mine ON message FOR SELECT TO app_patient USING (patient_id = ANY ({MINE}));
        CREATE POLICY staff ON contact_preference TO {READERS}, app_job USING (true) WITH CHECK (true);
        CREATE POLICY mine ON contact_preference TO app_patient
            USING (patient_id = ANY ({MINE})) WITH CHECK (patient_id = ANY ({MINE}));
        CREATE POLICY staff ON mailbox_item TO {STAFF}, app_job USING (true) WITH CHECK (true);
        GRANT SELECT ON visit_told, message TO {READERS}, app_job;
        GRANT SELECT ON message TO app_patient;
        GRANT INSERT, UPDATE ON visit_told, message TO app_job;
        GRANT SELECT ON contact_preference TO {READERS}, app_job, app_patient;
        GRANT INSERT, UPDATE ON contact_preference TO app_desk, app_manager, app_patient;
        GRANT SELECT ON reminder_rule TO {READERS}, app_job, app_patient;
        GRANT INSERT, DELETE ON reminder_rule TO app_manager;
        GRANT SELECT ON refused_address TO {READERS}, app_job, app_patient;
        GRANT INSERT, UPDATE, DELETE ON refused_address TO app_job;
        GRANT SELECT ON mailbox_item TO app_desk, app_manager;
        GRANT SELECT, INSERT, DELETE ON mailbox_item TO app_job;
        -- Whom a message about a patient goes to.
        GRANT SELECT ON account_patient TO app_job;
        CREATE POLICY told ON account_patient FOR SELECT TO app_job USING (true);
        -- Nothing of a visit is ever changed; who may change a column may lock the row, and so wait for a change.
        GRANT UPDATE (version) ON appointment TO app_job;
    """)
    for table, row, patient in (("contact_preference", "patient_id", "patient_id"), ("reminder_rule", "id", "")):
        _run(f"""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('{row}', '{patient}')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)
