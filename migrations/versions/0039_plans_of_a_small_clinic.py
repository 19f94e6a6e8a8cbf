"""What is planned once and for good never reads a table whole, though it was planned while the table was a page long.

PostgreSQL forgets such a plan when it has looked at the table anew, up to a minute later; a clinic that is new, or
whose statistics are gone after an upgrade, books meanwhile.
"""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

# Besides `busy` those that have plan_cache_mode = force_generic_plan.
FUNCTIONS = (
    "doors.lock_resources(uuid[], boolean)",
    "doors.occupancy_must_match()",
    "doors.settle(uuid, timestamptz)",
    "doors.settle_group(uuid, uuid[], timestamptz)",
    "doors.take(uuid[], text, uuid[], tstzrange[], integer, timestamptz, timestamptz)",
)
# As before, but: each resource's time is looked up by itself, not all of a window read and then sorted out, and whether
# somebody is a patient is looked up for one at a time, not by a list of all who are not.
BUSY = """
CREATE OR REPLACE FUNCTION doors.busy(resources uuid[], span tstzrange, at timestamptz)
RETURNS TABLE (resource_id uuid, lane integer, during tstzrange, lapses_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
    SELECT o.resource_id, o.lane, o.during, o.lapses_at
    FROM unnest(busy.resources) AS wanted (id)
    -- An index condition for each resource: = ANY() would only filter, and OFFSET keeps a join from doing the same.
    CROSS JOIN LATERAL (
        SELECT b.resource_id, b.lane, b.during, b.lapses_at FROM public.occupancy AS b
        WHERE b.resource_id = wanted.id AND b.during && busy.span OFFSET 0
    ) AS o
    WHERE (o.lapses_at IS NULL OR o.lapses_at > busy.at)
      -- Patients learn when staff and rooms are busy, and of other patients nothing.
      AND (current_setting('role') <> 'app_patient'
           OR o.resource_id = ANY (string_to_array(current_setting('app.patients', true), ',')::uuid[])
           OR (SELECT r.kind FROM public.resource AS r WHERE r.id = o.resource_id) <> 'patient')
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL ROLE anteroom_doors")
    op.get_bind().connection.driver_connection.execute(BUSY)
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET enable_seqscan = off")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Refuse: the functions of before are in the migrations of before."""
    message = "write a new migration instead"
    raise RuntimeError(message)
