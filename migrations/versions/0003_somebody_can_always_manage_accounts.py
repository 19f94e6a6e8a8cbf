"""Somebody can always manage accounts: the last manager stays, and nobody adds to their own roles."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.driver_connection
    driver.execute("""
        GRANT SELECT ON account, account_role TO anteroom_doors;
        SET LOCAL ROLE anteroom_doors;
    """)
    driver.execute((SQL / "0003_accounts.sql").read_text())
    driver.execute("""
        REVOKE ALL ON FUNCTION doors.one_change_of_accounts, doors.keep_a_manager, doors.no_role_for_oneself
            FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.one_change_of_accounts TO app_manager, app_identity;
        GRANT EXECUTE ON FUNCTION doors.keep_a_manager, doors.no_role_for_oneself TO anteroom_owner;
        SET LOCAL ROLE anteroom_owner;
        CREATE TRIGGER no_role_for_oneself BEFORE INSERT OR UPDATE ON account_role
            FOR EACH ROW EXECUTE FUNCTION doors.no_role_for_oneself();
        CREATE TRIGGER keep_a_manager AFTER UPDATE OR DELETE ON account_role
            FOR EACH ROW WHEN (OLD.role = 'manager') EXECUTE FUNCTION doors.keep_a_manager();
        CREATE TRIGGER keep_a_manager AFTER UPDATE OF disabled_at ON account
            FOR EACH ROW WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL)
            EXECUTE FUNCTION doors.keep_a_manager();
    """)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("""
        DROP TRIGGER keep_a_manager ON account;
        DROP TRIGGER keep_a_manager ON account_role;
        DROP TRIGGER no_role_for_oneself ON account_role;
        SET LOCAL ROLE anteroom_doors;
        DROP FUNCTION doors.keep_a_manager, doors.no_role_for_oneself, doors.one_change_of_accounts;
        SET LOCAL ROLE anteroom_owner;
        REVOKE SELECT ON account, account_role FROM anteroom_doors;
    """)
