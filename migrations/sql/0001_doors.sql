-- Door functions: what a scope may learn or do beyond its own rows. They belong to a role that can't log in.
-- pg_temp stands last in every search path: left out it would be first, and a caller's temporary table could pose as ours.

CREATE FUNCTION doors.busy(resources uuid[], span tstzrange, at timestamptz)
RETURNS TABLE (resource_id uuid, lane integer, during tstzrange, lapses_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    -- A join to unnest() is an index condition for each resource; = ANY() would only filter.
    SELECT o.resource_id, o.lane, o.during, o.lapses_at
    FROM unnest(busy.resources) AS wanted (id)
    JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && busy.span
    WHERE (o.lapses_at IS NULL OR o.lapses_at > busy.at)
      -- Patients learn when staff and rooms are busy, and of other patients nothing.
      AND (current_setting('role') <> 'app_patient'
           OR o.resource_id = ANY (string_to_array(current_setting('app.patients', true), ',')::uuid[])
           OR EXISTS (SELECT FROM public.resource AS r WHERE r.id = o.resource_id AND r.kind <> 'patient'))
$$;

CREATE FUNCTION doors.lock_resources(resources uuid[], exclusive boolean)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    locked integer;
BEGIN
    -- Row locks alone would let editors starve: FOR KEY SHARE passes a waiting FOR UPDATE by. At this gate people queue.
    -- In the order of the keys, then of the ids, so two changes can't wait for each other.
    IF exclusive THEN
        PERFORM pg_advisory_xact_lock(gate.key)
        FROM (SELECT uuid_hash_extended(wanted.id, 0) AS key FROM unnest(resources) AS wanted (id) ORDER BY key) AS gate;
        SELECT count(*) INTO locked FROM (
            SELECT 1 FROM public.resource WHERE id = ANY (resources) ORDER BY id FOR UPDATE
        ) AS held;
    ELSE
        PERFORM pg_advisory_xact_lock_shared(gate.key)
        FROM (SELECT uuid_hash_extended(wanted.id, 0) AS key FROM unnest(resources) AS wanted (id) ORDER BY key) AS gate;
        SELECT count(*) INTO locked FROM (
            SELECT 1 FROM public.resource WHERE id = ANY (resources) ORDER BY id FOR KEY SHARE
        ) AS held;
    END IF;
    RETURN locked;
END
$$;

-- Frees holds whose time is over wherever they overlap the wanted spans: locked by id, looked at again, then freed.
CREATE FUNCTION doors.free_lapsed(wanted_by uuid, resources uuid[], spans tstzrange[], at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    holds uuid[];
    lapsed uuid[];
BEGIN
    SELECT array_agg(DISTINCT o.owner_id) INTO holds
    FROM unnest(resources, spans) AS wanted (id, span)
    JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && wanted.span
    WHERE o.lapses_at <= free_lapsed.at AND o.owner_id <> wanted_by;
    IF holds IS NULL THEN
        RETURN;
    END IF;
    PERFORM 1 FROM public.appointment WHERE id = ANY (holds) ORDER BY id FOR UPDATE;
    WITH freed AS (
        UPDATE public.appointment SET status = 'lapsed', held_until = NULL, version = version + 1
        WHERE id = ANY (holds) AND status = 'held' AND NOT payment_open AND held_until <= free_lapsed.at
        RETURNING id
    )
    SELECT array_agg(id) INTO lapsed FROM freed;
    DELETE FROM public.occupancy WHERE owner_id = ANY (lapsed);
END
$$;

-- Takes all spans for one owner or none: refused with constraint occupancy_busy, DETAIL names the kinds that are taken.
CREATE FUNCTION doors.occupy(
    owner uuid, kind text, resources uuid[], spans tstzrange[], on_lane integer, lapses timestamptz, at timestamptz
)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    taken text;
BEGIN
    PERFORM doors.free_lapsed(owner, resources, spans, occupy.at);
    -- A plain INSERT would deadlock against another one; ON CONFLICT waits for it and then yields.
    WITH inserted AS (
        INSERT INTO public.occupancy (resource_id, lane, during, owner_id, owner_kind, lapses_at)
        SELECT wanted.id, on_lane, wanted.span, owner, kind, lapses
        FROM unnest(resources, spans) AS wanted (id, span)
        ORDER BY wanted.id, lower(wanted.span)
        ON CONFLICT DO NOTHING
        RETURNING resource_id
    )
    SELECT string_agg(r.kind, ',' ORDER BY r.kind) INTO taken
    FROM public.resource AS r
    WHERE r.id = ANY (resources) AND r.id NOT IN (SELECT i.resource_id FROM inserted AS i);
    IF taken IS NULL AND on_lane = 0 THEN
        -- An overbooked visit in another lane blocks an ordinary one; seen for sure, because overbooking locks the resource.
        SELECT string_agg(DISTINCT r.kind, ',') INTO taken
        FROM unnest(resources, spans) AS wanted (id, span)
        JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && wanted.span
        JOIN public.resource AS r ON r.id = o.resource_id
        WHERE o.lane <> 0 AND o.owner_id <> owner;
    END IF;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'the time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'occupancy_busy', DETAIL = taken;
    END IF;
END
$$;

CREATE FUNCTION doors.vacate(owner uuid)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    freed integer;
BEGIN
    IF EXISTS (SELECT FROM public.appointment WHERE id = owner) THEN
        RAISE EXCEPTION 'an appointment is settled, not vacated' USING ERRCODE = '42501';
    END IF;
    DELETE FROM public.occupancy WHERE owner_id = owner;
    GET DIAGNOSTICS freed = ROW_COUNT;
    RETURN freed;
END
$$;

-- What an appointment must occupy, from nothing but its own row: the one definition that booking and the check share.
-- Buffers lengthen the provider's and the room's time; a hold leaves the patient free; an early end frees the rest,
-- but never less than one step of the lattice, so that a live visit always has its whole set. No SET clause and a body
-- bound when it is made, so that it is inlined: it is asked several times a booking.
CREATE FUNCTION doors.expected_occupancy(a public.appointment)
RETURNS TABLE (resource_id uuid, lane integer, during tstzrange, lapses_at timestamptz)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT part.resource, a.lane,
        tstzrange(part.opens, greatest(part.opens + interval '5 minutes', least(part.closes, coalesce(part.released, part.closes)))),
        CASE WHEN a.status = 'held' AND NOT a.payment_open THEN a.held_until END
    FROM (
        VALUES
            (a.provider_id, a.starts_at - make_interval(mins => a.buffer_before_minutes),
             a.ends_at + make_interval(mins => a.buffer_after_minutes),
             a.released_at + make_interval(mins => a.buffer_after_minutes)),
            (a.room_id, a.starts_at - make_interval(mins => a.buffer_before_minutes),
             a.ends_at + make_interval(mins => a.buffer_after_minutes),
             a.released_at + make_interval(mins => a.buffer_after_minutes)),
            (CASE WHEN a.status <> 'held' THEN a.patient_id END, a.starts_at, a.ends_at, a.released_at)
    ) AS part (resource, opens, closes, released)
    WHERE part.resource IS NOT NULL
      AND a.status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room', 'finished');
END;

-- Makes occupancy agree with the appointment's row as it is now: inserts what is missing first, deletes what is left last.
CREATE FUNCTION doors.settle(appointment uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    a public.appointment;
    resources uuid[];
    spans tstzrange[];
    surplus uuid[];
BEGIN
    SELECT * INTO STRICT a FROM public.appointment WHERE id = settle.appointment;
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
    IF resources IS NOT NULL THEN
        PERFORM doors.occupy(a.id, 'appointment', resources, spans, a.lane,
            CASE WHEN a.status = 'held' AND NOT a.payment_open THEN a.held_until END, settle.at);
    END IF;
    DELETE FROM public.occupancy WHERE id = ANY (surplus);
END
$$;

-- Two appointments whose rows have traded places: the only change that deletes first, so it locks everything they leave
-- and take FOR UPDATE. Whoever books there waits at that lock, with nothing of their own for us to wait for.
CREATE FUNCTION doors.trade(one uuid, other uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    owners uuid[] := ARRAY[one, other];
    resources uuid[];
BEGIN
    SELECT array_agg(DISTINCT part.id) INTO resources
    FROM (
        SELECT o.resource_id AS id FROM public.occupancy AS o WHERE o.owner_id = ANY (owners)
        UNION ALL
        SELECT e.resource_id FROM public.appointment AS a, doors.expected_occupancy(a) AS e WHERE a.id = ANY (owners)
    ) AS part;
    PERFORM doors.lock_resources(resources, true);
    DELETE FROM public.occupancy
    WHERE owner_id = ANY (owners) AND EXISTS (SELECT FROM public.appointment AS a WHERE a.id = owner_id);
    PERFORM doors.settle(one, trade.at);
    PERFORM doors.settle(other, trade.at);
END
$$;

CREATE FUNCTION doors.occupancy_must_match()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    owners uuid[];
    owner uuid;
    a public.appointment;
BEGIN
    IF TG_TABLE_NAME = 'appointment' THEN
        owners := ARRAY[NEW.id];
    ELSIF TG_OP = 'INSERT' THEN
        owners := ARRAY[NEW.owner_id];
    ELSIF TG_OP = 'DELETE' THEN
        owners := ARRAY[OLD.owner_id];
    ELSE
        owners := ARRAY[OLD.owner_id, NEW.owner_id];
    END IF;
    FOREACH owner IN ARRAY owners LOOP
        SELECT * INTO a FROM public.appointment WHERE id = owner;
        CONTINUE WHEN NOT FOUND AND NOT EXISTS (
            SELECT FROM public.occupancy WHERE owner_id = owner AND owner_kind = 'appointment'
        );
        IF NOT FOUND OR EXISTS (
            (SELECT resource_id, lane, during, lapses_at FROM doors.expected_occupancy(a)
             EXCEPT ALL SELECT resource_id, lane, during, lapses_at FROM public.occupancy WHERE owner_id = owner)
            UNION ALL
            (SELECT resource_id, lane, during, lapses_at FROM public.occupancy WHERE owner_id = owner
             EXCEPT ALL SELECT resource_id, lane, during, lapses_at FROM doors.expected_occupancy(a))
        ) THEN
            RAISE EXCEPTION 'an appointment and its occupancy differ'
                USING ERRCODE = '23514', CONSTRAINT = 'appointment_occupancy', TABLE = 'occupancy';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
