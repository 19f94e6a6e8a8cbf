-- The same rules with fewer looks: most bookings take time that nobody else has anything in, and a row that fits needs no
-- comparison of everything its visit has.

-- Bound when they are made, without a SET clause, so that they are inlined: each change asks several times.
CREATE OR REPLACE FUNCTION doors.moment()
RETURNS timestamptz
LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('app.at', true), '')::timestamptz, transaction_timestamp());

CREATE OR REPLACE FUNCTION doors.actor()
RETURNS uuid
LANGUAGE sql STABLE
RETURN nullif(current_setting('app.actor', true), '')::uuid;

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
        WHERE o.owner_id <> ALL (owners)
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

-- Makes occupancy agree with the appointment's row as it is now: inserts what is missing first, deletes what is left last.
CREATE OR REPLACE FUNCTION doors.settle(appointment uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    a public.appointment;
    resources uuid[];
    spans tstzrange[];
    surplus uuid[];
BEGIN
    SELECT * INTO STRICT a FROM public.appointment WHERE id = settle.appointment;
    IF NOT EXISTS (SELECT FROM public.occupancy AS o WHERE o.owner_id = a.id) THEN
        -- A new visit has nothing to compare with.
        SELECT array_agg(e.resource_id), array_agg(e.during) INTO resources, spans FROM doors.expected_occupancy(a) AS e;
    ELSE
        SELECT array_agg(o.id) INTO surplus
        FROM public.occupancy AS o
        WHERE o.owner_id = a.id AND NOT EXISTS (
            SELECT FROM doors.expected_occupancy(a) AS e
            WHERE (e.resource_id, e.lane, e.during) = (o.resource_id, o.lane, o.during)
              AND e.lapses_at IS NOT DISTINCT FROM o.lapses_at
        );
        SELECT array_agg(e.resource_id), array_agg(e.during) INTO resources, spans
        FROM doors.expected_occupancy(a) AS e
        WHERE NOT EXISTS (
            SELECT FROM public.occupancy AS o
            WHERE o.owner_id = a.id AND (e.resource_id, e.lane, e.during) = (o.resource_id, o.lane, o.during)
              AND e.lapses_at IS NOT DISTINCT FROM o.lapses_at
        );
    END IF;
    IF surplus IS NOT NULL THEN
        PERFORM doors.lock_givers(surplus);
    END IF;
    IF resources IS NOT NULL THEN
        PERFORM doors.take(array_fill(a.id, ARRAY[cardinality(resources)]), 'appointment', resources, spans, a.lane,
            CASE WHEN a.status = 'held' AND NOT a.payment_open THEN a.held_until END, settle.at);
    END IF;
    IF surplus IS NOT NULL THEN
        PERFORM doors.give_back(surplus);
    END IF;
END
$$;

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
            JOIN public.occupancy AS o ON o.owner_id = v.id AND o.resource_id = e.resource_id
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

-- The planner believes of arrays that each deserves a plan of its own; what is looked for are always a few rows by their id.
ALTER FUNCTION doors.lock_resources(uuid[], boolean) SET plan_cache_mode = force_generic_plan;
