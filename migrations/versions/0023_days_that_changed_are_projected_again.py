"""Days that changed are projected again, and what happened is sealed, so that nobody can take it back unseen."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

TABLES = """
    CREATE TABLE availability_dirty (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        resource_ids UUID[] DEFAULT '{}' NOT NULL,
        location_ids UUID[] DEFAULT '{}' NOT NULL,
        spans TSTZMULTIRANGE NOT NULL,
        CONSTRAINT availability_dirty_pkey PRIMARY KEY (id)
    );
    CREATE TABLE availability_day (
        location_id UUID NOT NULL,
        day DATE NOT NULL,
        version BIGINT NOT NULL,
        published BIGINT DEFAULT 0 NOT NULL,
        stale_since TIMESTAMP WITH TIME ZONE,
        published_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT availability_day_pkey PRIMARY KEY (location_id, day),
        CONSTRAINT availability_day_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
    );
    CREATE INDEX availability_day_waiting_ix ON availability_day (day) WHERE published < version;
    CREATE TABLE audit_seal (
        number BIGINT NOT NULL,
        upto BIGINT NOT NULL,
        row_digests BYTEA NOT NULL,
        next_upto BIGINT NOT NULL,
        next_xid XID8 NOT NULL,
        sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        previous BYTEA NOT NULL,
        head BYTEA NOT NULL,
        CONSTRAINT audit_seal_pkey PRIMARY KEY (number),
        CONSTRAINT audit_seal_head_length CHECK (length(previous) = 32 and length(head) = 32)
    );
"""
GRANTS = """
    GRANT INSERT ON availability_dirty TO anteroom_doors;
    GRANT SELECT, INSERT, DELETE ON availability_dirty TO app_job;
    GRANT SELECT, INSERT, UPDATE, DELETE ON availability_day TO app_job;
    GRANT SELECT, INSERT ON audit_seal TO app_job;
    GRANT SELECT ON audit_seal TO app_auditor;
"""
# table -> the columns whose change matters, the column that says whose plan it is, and what that is
PLANS = {
    "location": ("time_zone, retired_at", "id", "place"),
    "room": ("location_id, retired_at", "location_id", "place"),
    "equipment": ("location_id, kind, retired_at", "location_id", "place"),
    "schedule": ("", "location_id", "place"),
    "extra_hours": ("", "location_id", "place"),
    "closure": ("", "location_id", "place"),
    "leave": ("", "provider_id", "resource"),
}
OCCUPANCY = """
    CREATE TRIGGER mark_added AFTER INSERT ON occupancy
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doors.mark_occupancy();
    CREATE TRIGGER mark_removed AFTER DELETE ON occupancy
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doors.mark_occupancy();
    CREATE TRIGGER mark_before AFTER UPDATE ON occupancy
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doors.mark_occupancy();
    CREATE TRIGGER mark_after AFTER UPDATE ON occupancy
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doors.mark_occupancy();
"""
SEALED = """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_seal
        FOR EACH ROW EXECUTE FUNCTION doors.append_only();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_seal
        FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
"""


def upgrade() -> None:
    # The migration before has reset the role of the whole run.
    _run("SET LOCAL ROLE anteroom_owner; SET LOCAL lock_timeout = '5s'")
    _run(TABLES)
    _run(GRANTS)
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0023_marks.sql").read_text())
    marks = "doors.mark_occupancy, doors.mark_plan"
    _run(f"REVOKE ALL ON FUNCTION {marks} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {marks} TO anteroom_owner")
    _run("SET LOCAL ROLE anteroom_owner")
    _run(OCCUPANCY)
    _run(SEALED)
    for table, (columns, whose, kind) in PLANS.items():
        changed = f"UPDATE OF {columns}" if columns else "UPDATE"
        _run(f"""CREATE TRIGGER mark_plan AFTER INSERT OR {changed} OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.mark_plan('{whose}', '{kind}')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)
