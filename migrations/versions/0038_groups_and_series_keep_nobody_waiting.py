"""A group is waited for in turn and keeps nobody away when it moves; visits say from the first which series they are of."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
BOOK = (
    "uuid, uuid, uuid, uuid[], uuid[], integer[], uuid[], text[], uuid, timestamptz, timestamptz, integer, integer,"
    " integer, text, text, text, timestamptz, uuid, uuid, bytea, text, timestamptz, text, uuid, uuid"
)
BOOKERS = "app_desk, app_manager"
PLANNERS = "app_desk, app_clinician, app_manager, app_import"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0038_groups.sql").read_text())
    _run("REVOKE ALL ON FUNCTION doors.settle_group FROM PUBLIC")
    _run(f"GRANT EXECUTE ON FUNCTION doors.settle_group TO {PLANNERS}")
    op.execute("SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0038_book.sql").read_text())
    _run(f"REVOKE ALL ON FUNCTION take_group_place, book({BOOK}) FROM PUBLIC")
    _run(f"GRANT EXECUTE ON FUNCTION book({BOOK}) TO {BOOKERS}, app_patient")
    _run(f"GRANT EXECUTE ON FUNCTION take_group_place TO {PLANNERS}")
    op.execute("RESET ROLE")


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
