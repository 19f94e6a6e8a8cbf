"""People act for people: in what, from when until when, and until a child comes of age."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Who says for whom others may act: the desk, managers, and people themselves.
PEOPLE = "app_desk, app_manager, app_identity"
SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # The migration before may have left the session as the migrator.
    _run("SET LOCAL lock_timeout = '5s'; SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0018_people.sql").read_text())
    _protect()
    _grant()
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0018_doors.sql").read_text())
    _run("""
        REVOKE ALL ON FUNCTION doors.adult_from, doors.grants_of, doors.helpers_of, doors.invitation_is_open, doors.invited,
            doors.take_invitation, doors.change_reach FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.adult_from TO app_desk, app_manager;
        GRANT EXECUTE ON FUNCTION doors.helpers_of TO app_desk, app_manager, app_identity;
        GRANT EXECUTE ON FUNCTION doors.grants_of TO app_identity, app_manager;
        GRANT EXECUTE ON FUNCTION doors.invited, doors.take_invitation TO app_identity;
        GRANT EXECUTE ON FUNCTION doors.change_reach TO app_patient;
    """)
    _run("SET LOCAL ROLE anteroom_owner")
    for table, patient in (
        ("portal_rule", ""),
        ("portal_invitation", "patient_id"),
        ("portal_registration", "patient_id"),
    ):
        _run(f"""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', '{patient}')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _protect() -> None:
    for table in ("portal_invitation", "portal_registration"):
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} TO {PEOPLE}, app_job USING (true) WITH CHECK (true);
        """)
    _run("""
        CREATE POLICY doors ON portal_invitation TO anteroom_doors USING (true) WITH CHECK (true);
        CREATE POLICY desk ON account_patient TO app_desk USING (true) WITH CHECK (true);
    """)


def _grant() -> None:
    _run(f"""
        GRANT SELECT ON location TO anteroom_doors;
        GRANT SELECT ON portal_rule TO anteroom_doors, {PEOPLE}, app_job;
        GRANT INSERT, UPDATE ON portal_rule TO app_manager;
        GRANT SELECT, INSERT, UPDATE ON portal_invitation, portal_registration TO {PEOPLE};
        GRANT SELECT ON portal_invitation TO app_job;
        GRANT SELECT, UPDATE ON portal_invitation TO anteroom_doors;
        GRANT INSERT, UPDATE ON account_patient TO anteroom_doors;
        GRANT SELECT, INSERT, UPDATE, DELETE ON account_patient TO app_desk;
        GRANT SELECT (email, disabled_at) ON account TO app_desk;
        GRANT INSERT, DELETE ON patient_telecom, patient_address TO anteroom_doors;
    """)
