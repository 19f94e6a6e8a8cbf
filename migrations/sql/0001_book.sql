-- Whether hours, patient and closures allow a visit; asked after the locks, because editors take the same rows FOR UPDATE.
CREATE FUNCTION public.guard_visit(
    patient uuid, provider uuid, location uuid, starts timestamptz, ends timestamptz, schedule_version integer
)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (SELECT r.version FROM public.resource AS r WHERE r.id = provider) <> schedule_version THEN
        RAISE EXCEPTION 'the schedule changed' USING ERRCODE = '23514', CONSTRAINT = 'schedule_changed';
    END IF;
    -- FOR SHARE: whoever records a death or a merge right now is waited for, and waits for us.
    PERFORM FROM public.patient AS p
    WHERE p.id = guard_visit.patient AND p.deceased_at IS NULL AND p.merged_into IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the patient cannot be booked' USING ERRCODE = '23514', CONSTRAINT = 'patient_not_bookable';
    END IF;
    IF EXISTS (
        SELECT FROM public.closure AS c
        WHERE c.location_id = guard_visit.location AND c.during && tstzrange(starts, ends)
    ) THEN
        RAISE EXCEPTION 'the location is closed' USING ERRCODE = '23514', CONSTRAINT = 'location_closed';
    END IF;
END
$$;

-- One call books: key, then place after place until one is free: locks, guards, appointment, occupancy. History, audit
-- and the job are its triggers' work. INVOKER: it can do only what the caller's scope may; its doors are named.
-- A refusal is an answer, not an error: everything is undone, `refused` names the constraint, `taken` the kinds that
-- are busy, and the caller's transaction stays usable without a savepoint around the call.
CREATE FUNCTION public.book(
    new_id uuid, patient uuid, service uuid, providers uuid[], rooms uuid[], schedule_versions integer[], location uuid,
    starts timestamptz, ends timestamptz, before_minutes integer, after_minutes integer,
    price integer, price_currency text, channel text, desk_note text,
    at timestamptz, by_actor uuid, once uuid, content_hash bytea, answer text,
    OUT appointment_id uuid, OUT refused text, OUT taken text
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    earlier public.idempotency;
    resources uuid[];
    busy text;
    gone uuid;  -- a provider who was found to be busy: another room does not help
BEGIN
    IF once IS NOT NULL THEN
        INSERT INTO public.idempotency (actor, key, request_hash, status, location, result, created_at)
        VALUES (by_actor, once, content_hash, 303, answer, jsonb_build_object('appointment', new_id), book.at)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT * INTO STRICT earlier FROM public.idempotency AS i WHERE i.actor = by_actor AND i.key = once;
            IF earlier.request_hash <> content_hash THEN
                RAISE EXCEPTION 'the key was used for something else'
                    USING ERRCODE = '23505', CONSTRAINT = 'idempotency_reused';
            END IF;
            appointment_id := earlier.result ->> 'appointment';
            RETURN;
        END IF;
    END IF;
    FOR place IN 1 .. cardinality(providers) LOOP
        CONTINUE WHEN providers[place] = gone;
        BEGIN
            resources := array_remove(ARRAY[patient, providers[place], rooms[place]], NULL);
            IF doors.lock_resources(resources, false) <> cardinality(resources) THEN
                RAISE EXCEPTION 'unknown resource' USING ERRCODE = '23503', CONSTRAINT = 'appointment_resource';
            END IF;
            PERFORM public.guard_visit(patient, providers[place], location, starts, ends, schedule_versions[place]);
            INSERT INTO public.appointment (
                id, patient_id, service_id, provider_id, room_id, location_id, starts_at, ends_at,
                buffer_before_minutes, buffer_after_minutes, status,
                price_cents, currency, via, note, booked_at, booked_by
            ) VALUES (
                new_id, patient, service, providers[place], rooms[place], location, starts, ends,
                before_minutes, after_minutes, 'booked',
                price, price_currency, channel, desk_note, book.at, by_actor
            );
            PERFORM doors.settle(new_id, book.at);
            appointment_id := new_id;
            RETURN;
        EXCEPTION WHEN exclusion_violation THEN
            GET STACKED DIAGNOSTICS busy = PG_EXCEPTION_DETAIL;
            -- Whoever would see them, a patient can't be in two places.
            EXIT WHEN 'patient' = ANY (string_to_array(busy, ','));
            IF 'provider' = ANY (string_to_array(busy, ',')) THEN
                gone := providers[place];
            END IF;
        END;
    END LOOP;
    RAISE EXCEPTION 'the time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'occupancy_busy', DETAIL = coalesce(busy, '');
EXCEPTION WHEN exclusion_violation OR unique_violation OR check_violation OR foreign_key_violation THEN
    GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME, taken = PG_EXCEPTION_DETAIL;
    IF refused NOT IN ('occupancy_busy', 'idempotency_reused', 'schedule_changed', 'patient_not_bookable',
            'location_closed', 'appointment_resource') THEN
        RAISE;
    END IF;
    appointment_id := NULL;
END
$$;

-- The end of a move in one call: the visit's row has its new place already; here come locks, guards, then occupancy.
CREATE FUNCTION public.take_place(visit uuid, schedule_version integer, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    a public.appointment;
BEGIN
    SELECT * INTO STRICT a FROM public.appointment WHERE id = visit;
    PERFORM doors.lock_resources(array_remove(ARRAY[a.patient_id, a.provider_id, a.room_id], NULL), false);
    PERFORM public.guard_visit(a.patient_id, a.provider_id, a.location_id, a.starts_at, a.ends_at, schedule_version);
    PERFORM doors.settle(visit, take_place.at);
END
$$;

-- The end of a swap in one call, because all its resources are locked FOR UPDATE until the COMMIT that follows: the rows
-- have traded places already; here come locks, guards, then occupancy.
CREATE FUNCTION public.swap_places(
    one uuid, other uuid, resources uuid[], one_version integer, other_version integer, at timestamptz
)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM doors.lock_resources(resources, true);
    PERFORM public.guard_visit(a.patient_id, a.provider_id, a.location_id, a.starts_at, a.ends_at,
        CASE a.id WHEN one THEN one_version ELSE other_version END)
    FROM public.appointment AS a WHERE a.id IN (one, other);
    PERFORM doors.trade(one, other, swap_places.at);
END
$$;
