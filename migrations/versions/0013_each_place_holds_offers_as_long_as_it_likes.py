"""Each place holds an offered time as long as it likes: a site that phones needs less than one where people write."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE location
            ADD COLUMN waiting_offer_minutes integer NOT NULL DEFAULT 30,
            ADD CONSTRAINT location_waiting_offer CHECK (waiting_offer_minutes BETWEEN 5 AND 1440)
    """)


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
