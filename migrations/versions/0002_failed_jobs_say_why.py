"""Failed jobs say why: the class of a job's last error, for the page that lists them."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE jobs.failure (
            job_id bigint CONSTRAINT failure_pkey PRIMARY KEY
                CONSTRAINT failure_job_id_fkey REFERENCES jobs.procrastinate_jobs (id) ON DELETE CASCADE,
            at timestamptz NOT NULL,
            error text NOT NULL
        )
    """)
    op.execute("GRANT SELECT, INSERT, UPDATE ON jobs.failure TO app_job")
    op.execute("GRANT SELECT ON jobs.failure TO app_manager")
    op.execute("GRANT ALL ON jobs.failure TO anteroom_worker")


def downgrade() -> None:
    op.execute("DROP TABLE jobs.failure")
