"""A patient sees the documents of the records that were merged into theirs, and pays them where they are."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0034_records.sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # These tables belong to whoever ran the migrations that made them: the login itself, or the role it inherits.
    op.execute("RESET ROLE")
    # May be done again: what is built without locking, below, commits what is above it.
    op.execute("ALTER TABLE attempt ADD COLUMN IF NOT EXISTS paid_as uuid")
    op.execute("ALTER TABLE attempt DROP CONSTRAINT IF EXISTS attempt_paid_as_fkey")
    op.execute(
        "ALTER TABLE attempt ADD CONSTRAINT attempt_paid_as_fkey FOREIGN KEY (paid_as) REFERENCES patient (id) NOT VALID"
    )
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(SQL.read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.records_of FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION doors.records_of TO app_patient")
    op.execute("RESET ROLE")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE attempt VALIDATE CONSTRAINT attempt_paid_as_fkey")
        # An attempt that was cut off leaves an invalid index of the same name.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS attempt_paid_as_ix")
        op.execute("CREATE INDEX CONCURRENTLY attempt_paid_as_ix ON attempt (paid_as) WHERE paid_as IS NOT NULL")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
