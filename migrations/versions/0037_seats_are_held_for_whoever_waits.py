"""Seats of a group are held for whoever waits for one, and count as taken until they are over."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0032"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
EVERY_BOOKER = f"{STAFF}, app_patient, app_import, app_job"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute((SQL / "0037_seats.sql").read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.seats_taken, doors.end_held_seats FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION doors.seats_taken, doors.end_held_seats TO {EVERY_BOOKER}")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
