"""Whoever has the audit verified finds what came of it, and helpers of somebody who has died stop acting for them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ENDS = Path(__file__).parent.parent / "sql" / "0030_ends.sql"

TABLE = """
    CREATE TABLE audit_check (
        id UUID NOT NULL,
        asked_by UUID DEFAULT doors.actor(),
        asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        whole BOOLEAN,
        seals BIGINT DEFAULT 0 NOT NULL,
        rows BIGINT DEFAULT 0 NOT NULL,
        unsealed BIGINT DEFAULT 0 NOT NULL,
        finding TEXT,
        finding_seal BIGINT,
        finding_row BIGINT,
        CONSTRAINT audit_check_pkey PRIMARY KEY (id),
        CONSTRAINT audit_check_verdict CHECK ((whole IS NULL OR ended_at IS NOT NULL)
            AND (whole IS FALSE) = (finding IS NOT NULL) AND (finding IS NULL) = (finding_seal IS NULL))
    );
    CREATE UNIQUE INDEX audit_check_open_key ON audit_check ((ended_at IS NULL)) WHERE ended_at IS NULL;
    CREATE INDEX audit_check_asked_at_ix ON audit_check (asked_at);
"""
# Nobody asks in another's name: who acts is filled in here.
RIGHTS = """
    GRANT SELECT, INSERT (id, asked_at, seen_at) ON audit_check TO app_auditor, app_job;
    GRANT UPDATE (ended_at) ON audit_check TO app_auditor;
    GRANT UPDATE (seen_at, ended_at, whole, seals, rows, unsealed, finding, finding_seal, finding_row)
        ON audit_check TO app_job;
    CREATE TRIGGER verdict_stays BEFORE UPDATE OR DELETE ON audit_check
        FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION doors.append_only();
"""


def upgrade() -> None:
    op.execute("SET LOCAL ROLE anteroom_owner")
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*TABLE.split(";"), *RIGHTS.split(";")):
        if statement.strip():
            op.execute(statement)
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(ENDS.read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.access_ends FROM PUBLIC")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
