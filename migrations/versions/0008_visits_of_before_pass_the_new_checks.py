"""Visits of before pass the new checks: looked at, and indexed, while bookings go on."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CONSTRAINTS = (
    "appointment_seat",
    "appointment_seat_no",
    "appointment_equipment",
    "appointment_arrival_checks",
    "appointment_group_session_id_fkey",
    "appointment_series_id_patient_id_fkey",
)
INDEXES = {
    "appointment_seat_key": "(group_session_id, seat_no) WHERE status not in ('lapsed', 'cancelled', 'noshow')",
    "appointment_series_id_ix": "(series_id) WHERE series_id is not null",
    "appointment_together_id_ix": "(together_id) WHERE together_id is not null",
}


def upgrade() -> None:
    for constraint in CONSTRAINTS:
        op.execute(f"ALTER TABLE appointment VALIDATE CONSTRAINT {constraint}")
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            kind = "UNIQUE INDEX" if name.endswith("_key") else "INDEX"
            # An attempt that was cut off leaves an invalid index of the same name.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {kind} CONCURRENTLY {name} ON appointment {what}")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)
