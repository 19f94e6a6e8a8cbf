"""People act for people: in what, from when until when, and until a child comes of age."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # The migration before may have left the session as the migrator.
    _run("SET LOCAL lock_timeout = '5s'; SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0017_people.sql").read_text())
    _run("""
        GRANT SELECT ON location TO anteroom_doors;
        GRANT SELECT ON portal_rule TO anteroom_doors, app_desk, app_manager, app_identity, app_job;
        GRANT INSERT, UPDATE ON portal_rule TO app_manager;
    """)
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0017_doors.sql").read_text())
    _run("""
        REVOKE ALL ON FUNCTION doors.adult_from, doors.grants_of FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.grants_of TO app_identity, app_manager;
    """)
    _run("SET LOCAL ROLE anteroom_owner")
    _run("""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON portal_rule
        FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', '')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)
