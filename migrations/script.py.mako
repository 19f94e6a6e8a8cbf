"""${message}"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say what changes for the people of the clinic."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Changes are taken back by a new migration, never by deleting what people entered."""
    raise RuntimeError("write a new migration instead")
