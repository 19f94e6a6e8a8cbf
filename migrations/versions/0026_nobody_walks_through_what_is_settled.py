"""Nobody walks through what is settled: the reconciler finds what was captured and not written down by an index."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "CREATE INDEX attempt_unsettled_ix ON attempt (created_at) WHERE state = 'captured' and settled_at is null"
    )


def downgrade() -> None:
    op.execute("DROP INDEX attempt_unsettled_ix")
