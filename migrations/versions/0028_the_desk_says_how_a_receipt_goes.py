"""Whoever takes a payment says how its receipt goes: as the person prefers, or as they say there and then."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

KNOWN = "('preferred','email','sms','print','none')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("payment", "attempt"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN receipt text NOT NULL DEFAULT 'preferred'")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_receipt_known CHECK (receipt in {KNOWN})")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
