-- What else has to be seen to before a row decides by itself: a hold that has lapsed, or somebody who is overbooked. Both are
-- few among millions and have an index of their own; everything else in the way is what the constraint refuses.

-- Takes all spans or none: refused with constraint occupancy_busy, DETAIL names the kinds that are taken, HINT their ids.
-- One statement, sorted, also where the rows belong to two owners: two takers can't hold what the other waits for.
-- Whoever calls it holds the locks of the resources, so nobody is overbooked there between the first look and the last.
CREATE OR REPLACE FUNCTION doors.take(
    owners uuid[], kind text, resources uuid[], spans tstzrange[], on_lane integer, lapses timestamptz, at timestamptz
)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    shared boolean;
    got uuid[];
    taken text;
    which text;
BEGIN
    SELECT EXISTS (
        SELECT FROM unnest(resources, spans) AS wanted (id, span)
        JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && wanted.span
        WHERE (o.lapses_at IS NOT NULL OR o.lane <> 0) AND o.owner_id <> ALL (owners)
    ) INTO shared;
    IF shared THEN
        PERFORM doors.free_lapsed(owners, resources, spans, take.at);
    END IF;
    -- A plain INSERT would deadlock against another one; ON CONFLICT waits for it and then yields.
    WITH inserted AS (
        INSERT INTO public.occupancy (resource_id, lane, during, owner_id, owner_kind, lapses_at)
        SELECT wanted.id,
            CASE WHEN on_lane <> 0 AND (SELECT r.kind <> 'patient' FROM public.resource AS r WHERE r.id = wanted.id)
                THEN on_lane ELSE 0 END,
            wanted.span, wanted.owner, take.kind, lapses
        FROM unnest(owners, resources, spans) AS wanted (owner, id, span)
        ORDER BY wanted.id, lower(wanted.span)
        ON CONFLICT DO NOTHING
        RETURNING resource_id
    )
    SELECT array_agg(i.resource_id) INTO got FROM inserted AS i;
    IF cardinality(got) IS DISTINCT FROM cardinality(resources) THEN
        SELECT string_agg(r.kind, ',' ORDER BY r.kind), string_agg(r.id::text, ',') INTO taken, which
        FROM public.resource AS r
        WHERE r.id = ANY (resources) AND r.id <> ALL (coalesce(got, '{}'));
    END IF;
    IF shared AND taken IS NULL AND on_lane = 0 THEN
        -- An overbooked visit in another lane blocks an ordinary one; seen for sure, because overbooking locks the resource.
        -- Not time that was the owner's already, beside which somebody was overbooked: a hold that is booked, an early end.
        SELECT string_agg(DISTINCT r.kind, ','), string_agg(DISTINCT r.id::text, ',') INTO taken, which
        FROM unnest(resources, spans) AS wanted (id, span)
        JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && wanted.span
        JOIN public.resource AS r ON r.id = o.resource_id
        -- An expression: as a plain column the index would be asked for every overbooked visit there ever was.
        WHERE o.lane + 0 <> 0 AND o.owner_id <> ALL (owners) AND (
            SELECT count(*) FROM public.occupancy AS own
            WHERE own.resource_id = wanted.id AND own.during @> wanted.span AND own.owner_id = ANY (owners)
        ) < 2;
    END IF;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'the time is taken'
            USING ERRCODE = '23P01', CONSTRAINT = 'occupancy_busy', DETAIL = taken, HINT = which;
    END IF;
END
$$;

-- As with lock_resources: the planner would make a plan of its own for every list of resources, which takes longer than asking.
ALTER FUNCTION doors.busy(uuid[], tstzrange, timestamptz) SET plan_cache_mode = force_generic_plan;
