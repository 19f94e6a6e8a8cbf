"""The desk knows its colleagues by name: who moved a visit is said where the move is in somebody's way."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT SELECT (id, display_name) ON account TO app_desk")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
