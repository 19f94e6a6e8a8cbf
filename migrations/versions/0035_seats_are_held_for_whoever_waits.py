"""Seats of a group are held for whoever waits for one, and of two equal wishes a merge lets one rest."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
EVERY_BOOKER = f"{STAFF}, app_patient, app_import, app_job"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute((SQL / "0035_seats.sql").read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.seats_taken, doors.end_held_seats FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION doors.seats_taken, doors.end_held_seats TO {EVERY_BOOKER}")
    op.execute("RESET ROLE")
    _wishes()


def _wishes() -> None:
    op.execute("SET LOCAL ROLE anteroom_owner")
    # Nothing of before was ended by a merge: the key is looked at without reading a row.
    op.execute("ALTER TABLE waiting_wish ADD COLUMN ended_by_merge uuid")
    op.execute(
        "ALTER TABLE waiting_wish ADD CONSTRAINT waiting_wish_ended_by_merge_fkey"
        " FOREIGN KEY (ended_by_merge) REFERENCES patient_merge (id) NOT VALID"
    )
    op.execute(
        "ALTER TABLE waiting_wish ADD CONSTRAINT waiting_wish_ended_by_merge"
        " CHECK (ended_by_merge is null or status = 'withdrawn') NOT VALID"
    )
    op.execute(
        "CREATE INDEX waiting_wish_ended_by_merge_ix ON waiting_wish (ended_by_merge) WHERE ended_by_merge IS NOT NULL"
    )
    op.execute("GRANT UPDATE (status, ended_at, ended_by_merge, version) ON waiting_wish TO anteroom_doors")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute((SQL / "0035_wishes.sql").read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.rest_like_wishes, doors.wake_wishes FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION doors.rest_like_wishes, doors.wake_wishes TO app_manager")
    op.execute("RESET ROLE")
    with op.get_context().autocommit_block():
        op.execute("SET ROLE anteroom_owner")
        op.execute("ALTER TABLE waiting_wish VALIDATE CONSTRAINT waiting_wish_ended_by_merge_fkey")
        op.execute("ALTER TABLE waiting_wish VALIDATE CONSTRAINT waiting_wish_ended_by_merge")
        op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
