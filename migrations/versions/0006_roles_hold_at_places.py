"""Roles hold at places: everywhere, or at the locations that are named, and visits elsewhere can't be changed."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.driver_connection
    driver.execute("""
        ALTER TABLE account_role
            ADD COLUMN everywhere boolean NOT NULL DEFAULT true,
            ADD CONSTRAINT account_role_everywhere
                CHECK (everywhere OR role IN ('receptionist','clinician','biller','coordinator'));
        -- Not everywhere and no row here is nowhere: an empty list never means all.
        CREATE TABLE account_role_location (
            account_id uuid NOT NULL,
            role text NOT NULL,
            location_id uuid NOT NULL CONSTRAINT account_role_location_location_id_fkey REFERENCES location (id),
            CONSTRAINT account_role_location_pkey PRIMARY KEY (account_id, role, location_id),
            CONSTRAINT account_role_location_account_id_role_fkey FOREIGN KEY (account_id, role)
                REFERENCES account_role (account_id, role) ON DELETE CASCADE
        );
        GRANT SELECT ON account_role_location TO app_identity, app_manager, app_auditor, app_job;
        GRANT INSERT, DELETE ON account_role_location TO app_identity, app_manager;
        GRANT UPDATE (everywhere) ON account_role TO app_identity, app_manager;
        SET LOCAL ROLE anteroom_doors;
    """)
    driver.execute((SQL / "0006_places.sql").read_text())
    driver.execute("""
        REVOKE ALL ON FUNCTION doors.appointment_within_reach FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION doors.appointment_within_reach TO anteroom_owner;
        SET LOCAL ROLE anteroom_owner;
        CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON account_role_location
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('account_id', '');
        CREATE TRIGGER no_role_for_oneself BEFORE INSERT OR UPDATE ON account_role_location
            FOR EACH ROW EXECUTE FUNCTION doors.no_role_for_oneself();
        CREATE TRIGGER appointment_within_reach BEFORE INSERT OR UPDATE ON appointment
            FOR EACH ROW WHEN (current_setting('app.locations', true) IS DISTINCT FROM '*')
            EXECUTE FUNCTION doors.appointment_within_reach();
    """)


def downgrade() -> None:
    """Roles that hold somewhere would hold everywhere, so it refuses while there are any."""
    op.get_bind().connection.driver_connection.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM account_role WHERE NOT everywhere) THEN
                RAISE EXCEPTION 'some roles hold at some locations only: give or take them before you go back';
            END IF;
        END $$;
        DROP TRIGGER appointment_within_reach ON appointment;
        DROP TABLE account_role_location;
        REVOKE UPDATE (everywhere) ON account_role FROM app_identity, app_manager;
        ALTER TABLE account_role DROP CONSTRAINT account_role_everywhere, DROP COLUMN everywhere;
        SET LOCAL ROLE anteroom_doors;
        DROP FUNCTION doors.appointment_within_reach;
        SET LOCAL ROLE anteroom_owner;
    """)
