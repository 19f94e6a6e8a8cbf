-- Locks a group visit: whoever takes a seat waits here for whoever is taking one. As for resources, the row's lock alone lets
-- people pass each other by: who has waited longest for a group that is wanted by many could wait for all of them.
CREATE OR REPLACE FUNCTION doors.lock_session(session uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT pg_advisory_xact_lock(uuid_hash_extended(lock_session.session, 2));
    SELECT FROM public.group_session AS s WHERE s.id = lock_session.session FOR UPDATE
$$;

-- Takes all spans or none: refused with constraint occupancy_busy, DETAIL names the kinds that are taken, HINT their ids.
-- One statement, sorted, also where the rows belong to two owners: two takers can't hold what the other waits for.
-- `kind` says whose the rows are; of a 'group' they are the group visit's and those of its seats.
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
            wanted.span, wanted.owner,
            CASE WHEN take.kind <> 'group' THEN take.kind
                WHEN EXISTS (SELECT FROM public.group_session AS g WHERE g.id = wanted.owner) THEN 'group_session'
                ELSE 'appointment' END,
            lapses
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

-- Makes occupancy agree with an open group visit and those who sit in it: all that is missing goes in with one statement, in one order,
-- and only then what is left is given back. So whoever moves a group keeps nobody away: like a single booking, it waits for
-- others only while nobody could wait for what it has given up.
CREATE FUNCTION doors.settle_group(session uuid, seats uuid[], at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    owners uuid[];
    resources uuid[];
    spans tstzrange[];
    surplus uuid[];
BEGIN
    WITH wanted AS (
        SELECT s.id AS owner, e.resource_id, e.during
        FROM public.group_session AS s CROSS JOIN LATERAL doors.expected_session_occupancy(s) AS e
        WHERE s.id = settle_group.session
        UNION ALL
        SELECT a.id, e.resource_id, e.during
        FROM public.appointment AS a CROSS JOIN LATERAL doors.expected_occupancy(a) AS e
        WHERE a.id = ANY (seats) AND a.group_session_id = settle_group.session
    ), there AS (
        SELECT o.id, o.owner_id AS owner, o.resource_id, o.during FROM public.occupancy AS o
        WHERE o.owner_id IN (SELECT w.owner FROM wanted AS w)
    )
    SELECT array_agg(m.owner), array_agg(m.resource_id), array_agg(m.during), (
        SELECT array_agg(t.id) FROM there AS t
        WHERE (t.owner, t.resource_id, t.during) NOT IN (SELECT w.owner, w.resource_id, w.during FROM wanted AS w)
    )
    INTO owners, resources, spans, surplus
    FROM wanted AS m
    WHERE (m.owner, m.resource_id, m.during) NOT IN (SELECT t.owner, t.resource_id, t.during FROM there AS t);
    IF surplus IS NOT NULL THEN
        PERFORM doors.lock_givers(surplus);
    END IF;
    IF resources IS NOT NULL THEN
        PERFORM doors.take(owners, 'group', resources, spans, 0, NULL, settle_group.at);
    END IF;
    IF surplus IS NOT NULL THEN
        PERFORM doors.give_back(surplus);
    END IF;
END
$$;
