"""The desk takes a lost authenticator app off a patient's own account, and off nobody else's."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "0031_lost_app.sql"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # These tables belong to whoever ran the migrations that made them: the login itself, or the role it inherits.
    op.execute("RESET ROLE")
    op.execute("GRANT SELECT (account_id, enrolled_at), DELETE ON second_factor TO anteroom_doors")
    op.execute("GRANT SELECT (account_id), DELETE ON recovery_code TO anteroom_doors")
    op.execute("GRANT SELECT (account_id, role) ON account_role TO anteroom_doors")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(SQL.read_text())
    op.execute("REVOKE ALL ON FUNCTION doors.app_since, doors.forget_app FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION doors.app_since, doors.forget_app TO app_desk")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
