"""A clinic may remind nobody at all, and begins again without making up for what was left out."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0036_reminder_switch.sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_owner")
    op.get_bind().connection.driver_connection.execute(SQL.read_text())
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
