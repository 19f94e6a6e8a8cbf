"""Helpers hear of what they help with: whoever sends messages asks who acts for whom as every page does."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.execute("GRANT EXECUTE ON FUNCTION doors.grants_of TO app_job")
    op.execute("SET LOCAL ROLE anteroom_owner")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.execute("REVOKE EXECUTE ON FUNCTION doors.grants_of FROM app_job")
    op.execute("SET LOCAL ROLE anteroom_owner")
