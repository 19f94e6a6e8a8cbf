"""Who waits for a group visit is served in turn."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0038_queue.sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(SQL.read_text())
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the function of before is in the migration of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
