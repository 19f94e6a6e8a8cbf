"""Whether a hold or an overbooked visit is in the way is asked of those few, not of everything that was ever booked."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0037_special.sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The table belongs to whoever ran the migrations that made it: the login itself, or the role it inherits.
    op.execute("RESET ROLE")
    with op.get_context().autocommit_block():
        # Waits for whoever has changed the table by then; others go on meanwhile.
        op.execute("SET lock_timeout = '60s'")
        # An attempt that was cut off leaves an invalid index of the same name.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS occupancy_special_ix")
        op.execute(
            "CREATE INDEX CONCURRENTLY occupancy_special_ix ON occupancy USING gist (resource_id, during)"
            " WHERE lapses_at IS NOT NULL OR lane <> 0"
        )
        op.execute("SET lock_timeout = '2s'")
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(SQL.read_text())
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
