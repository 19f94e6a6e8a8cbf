"""Signing in knows which language somebody chose to be spoken to in."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The table belongs to whoever ran the migration that made it: the login itself, or the role that it inherits.
    op.execute("RESET ROLE")
    op.execute("GRANT SELECT ON contact_preference TO anteroom_doors")
    op.execute("CREATE POLICY doors ON contact_preference FOR SELECT TO anteroom_doors USING (true)")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.execute("""
        CREATE FUNCTION doors.language_of(account uuid)
        RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$
            SELECT c.language
            FROM public.account_patient AS a JOIN public.contact_preference AS c ON c.patient_id = a.patient_id
            WHERE a.account_id = language_of.account AND a.relation = 'self'
        $$
    """)
    op.execute("REVOKE ALL ON FUNCTION doors.language_of FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION doors.language_of TO app_identity, app_manager")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
