"""People are told of payment links, and pages can say where a message will go before it does."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

AMOUNT = "(kind in ('payment','refund'))"
NO_VISIT = "(kind in ('payment','refund','payment_link'))"
KINDS = "('confirmation','change','cancellation','reminder','offer','payment','refund','payment_link')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_owner")
    # Rows of before satisfy the narrower checks: the lock is held without reading them, and they are read below.
    op.execute(f"""
        ALTER TABLE message
            DROP CONSTRAINT message_kind_known,
            DROP CONSTRAINT message_about,
            ADD CONSTRAINT message_kind_known CHECK (kind in {KINDS}) NOT VALID,
            ADD CONSTRAINT message_about CHECK (
                {AMOUNT} = (cents is not null) and {AMOUNT} = (currency is not null)
                and {NO_VISIT} = (starts_at is null)) NOT VALID
    """)
    # A schedule that is changed reminds nobody late of visits that it would have reminded of before.
    op.execute("ALTER TABLE reminder_rule ADD COLUMN IF NOT EXISTS since timestamptz")
    _who_hears()
    with op.get_context().autocommit_block():
        op.execute("SET ROLE anteroom_owner")
        op.execute("ALTER TABLE message VALIDATE CONSTRAINT message_kind_known")
        op.execute("ALTER TABLE message VALIDATE CONSTRAINT message_about")
        # Whoever runs it again after it was cut off here finds part of it done.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS message_failed_ix")
        op.execute("CREATE INDEX CONCURRENTLY message_failed_ix ON message (created_at) WHERE state = 'failed'")
        op.execute("RESET ROLE")


def _who_hears() -> None:
    """Whoever acts for a patient, with the address that stands in where the patient has none."""
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.execute("""
        CREATE OR REPLACE FUNCTION doors.hearers_of(patient uuid)
        RETURNS TABLE (account_id uuid, relation text, purposes text[], starts_at timestamptz, ends_at timestamptz,
            email text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$
            SELECT h.account_id, h.relation, h.purposes, h.starts_at, h.ends_at, a.email
            FROM doors.helpers_of(patient) AS h JOIN public.account AS a ON a.id = h.account_id
            WHERE a.disabled_at IS NULL AND (current_setting('role') <> 'app_patient'
                OR patient = ANY (string_to_array(current_setting('app.patients', true), ',')::uuid[]))
        $$
    """)
    op.execute("REVOKE ALL ON FUNCTION doors.hearers_of FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION doors.hearers_of TO app_job, app_desk, app_patient")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
