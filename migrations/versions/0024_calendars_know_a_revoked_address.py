"""Calendars know an address that is revoked from one without visits."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0024_calendar.sql"


def upgrade() -> None:
    _run("SET LOCAL ROLE anteroom_doors")
    _run(SQL.read_text())
    _run("""
        REVOKE ALL ON FUNCTION doors.calendar FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.calendar TO app_patient;
    """)
    _run("SET LOCAL ROLE anteroom_owner")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)
