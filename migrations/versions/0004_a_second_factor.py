"""A second factor: who has set up an authenticator app, and the recovery codes for when it is lost."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE second_factor (
            account_id uuid CONSTRAINT second_factor_pkey PRIMARY KEY
                CONSTRAINT second_factor_account_id_fkey REFERENCES account (id),
            enrolled_at timestamptz NOT NULL
        )
    """)
    op.execute("""
        CREATE TABLE recovery_code (
            account_id uuid NOT NULL CONSTRAINT recovery_code_account_id_fkey REFERENCES account (id),
            digest bytea NOT NULL CONSTRAINT recovery_code_digest_length CHECK (length(digest) = 32),
            used_at timestamptz,
            CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, digest)
        )
    """)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor TO app_identity")
    op.execute("GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_code TO app_identity")
    op.execute("GRANT SELECT ON second_factor TO app_manager, app_auditor")


def downgrade() -> None:
    op.execute("DROP TABLE recovery_code, second_factor")
