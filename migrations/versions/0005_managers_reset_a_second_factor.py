"""Managers reset a second factor: they may forget an app and its recovery codes, but never make or read one."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON second_factor, recovery_code TO app_manager")
    op.execute("GRANT SELECT (account_id) ON recovery_code TO app_manager")


def downgrade() -> None:
    op.execute("REVOKE DELETE ON second_factor, recovery_code FROM app_manager")
    op.execute("REVOKE SELECT (account_id) ON recovery_code FROM app_manager")
