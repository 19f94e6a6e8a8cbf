"""What a visit occupies is found by the visit: bookings of a provider with years of visits took longer and longer."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute((SQL / "0033_owners.sql").read_text())
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
