"""The worker says how its work stands: it counts what is due, running and given up; arguments stay out of its sight."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("GRANT SELECT (id, task_name, status, attempts, scheduled_at) ON jobs.procrastinate_jobs TO app_job")
    op.execute("GRANT SELECT ON jobs.procrastinate_events TO app_job")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
