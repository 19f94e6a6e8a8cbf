-- The check of what a visit occupies finds it by the visit, however much its provider has ever had: by an average of all
-- resources, most of whom are patients with a visit or two, the planner took the way through all of the provider's.

-- What is there is what is wanted, row by row, or nothing commits. A visit's own row is compared with all it has; so is what
-- gives time back. A row that comes in addition needs less: it is wanted, and the only one of its resource.
CREATE OR REPLACE FUNCTION doors.occupancy_must_match()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    owners uuid[];
    kind text;
    owner uuid;
    a public.appointment;
    s public.group_session;
BEGIN
    IF TG_TABLE_NAME = 'leave' THEN
        PERFORM doors.check_leave(CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
        RETURN NULL;
    ELSIF TG_TABLE_NAME <> 'occupancy' THEN
        owners := ARRAY[NEW.id];
        kind := TG_TABLE_NAME;
    ELSIF TG_OP = 'INSERT' THEN
        owners := ARRAY[NEW.owner_id];
        kind := NEW.owner_kind;
        IF kind = 'appointment' AND (
            SELECT count(*) = 1
            FROM public.appointment AS v
            CROSS JOIN LATERAL doors.expected_occupancy(v) AS e
            -- Found by their owner: a provider has thousands, and an average says nothing of that.
            JOIN public.occupancy AS o ON o.owner_id = NEW.owner_id AND o.resource_id IS NOT DISTINCT FROM NEW.resource_id
            WHERE v.id = NEW.owner_id AND (e.resource_id, e.lane, e.during) = (NEW.resource_id, NEW.lane, NEW.during)
              AND e.lapses_at IS NOT DISTINCT FROM NEW.lapses_at
        ) THEN
            RETURN NULL;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        owners := ARRAY[OLD.owner_id];
        kind := OLD.owner_kind;
        -- Time given back inside an absence has to be the absence's now.
        PERFORM doors.check_leave(l.id) FROM public.leave AS l
        WHERE l.provider_id = OLD.resource_id AND tstzrange(l.starts_at, l.ends_at) && OLD.during;
    ELSE
        owners := ARRAY[OLD.owner_id, NEW.owner_id];
        kind := NEW.owner_kind;
    END IF;
    FOREACH owner IN ARRAY owners LOOP
        IF kind = 'leave' THEN
            PERFORM doors.check_leave(owner);
        ELSIF kind = 'group_session' THEN
            SELECT * INTO s FROM public.group_session WHERE id = owner;
            IF NOT FOUND OR EXISTS (
                (SELECT resource_id, lane, during FROM doors.expected_session_occupancy(s)
                 EXCEPT ALL SELECT resource_id, lane, during FROM public.occupancy WHERE owner_id = owner)
                UNION ALL
                (SELECT resource_id, lane, during FROM public.occupancy WHERE owner_id = owner
                 EXCEPT ALL SELECT resource_id, lane, during FROM doors.expected_session_occupancy(s))
            ) THEN
                RAISE EXCEPTION 'a group visit and its occupancy differ'
                    USING ERRCODE = '23514', CONSTRAINT = 'group_session_occupancy', TABLE = 'occupancy';
            END IF;
        ELSE
            SELECT * INTO a FROM public.appointment WHERE id = owner;
            CONTINUE WHEN NOT FOUND AND NOT EXISTS (
                SELECT FROM public.occupancy WHERE owner_id = owner AND owner_kind = 'appointment'
            );
            IF NOT FOUND OR (
                SELECT array_agg((e.resource_id, e.lane, e.during, e.lapses_at) ORDER BY e.resource_id, e.lane, e.during, e.lapses_at)
                FROM doors.expected_occupancy(a) AS e
            ) IS DISTINCT FROM (
                SELECT array_agg((o.resource_id, o.lane, o.during, o.lapses_at) ORDER BY o.resource_id, o.lane, o.during, o.lapses_at)
                FROM public.occupancy AS o WHERE o.owner_id = owner
            ) THEN
                RAISE EXCEPTION 'an appointment and its occupancy differ'
                    USING ERRCODE = '23514', CONSTRAINT = 'appointment_occupancy', TABLE = 'occupancy';
            END IF;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
