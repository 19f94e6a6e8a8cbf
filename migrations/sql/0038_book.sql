-- A group visit begins or goes elsewhere with those who sit in it: their rows have their place; here come locks (most callers have
-- them), guards, then occupancy.
CREATE FUNCTION public.take_group_place(session uuid, seats uuid[], schedule_version integer, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    s public.group_session;
BEGIN
    SELECT * INTO STRICT s FROM public.group_session WHERE id = session;
    PERFORM doors.lock_resources(
        array_remove(ARRAY[s.provider_id, s.room_id], NULL) || s.equipment_ids
        || ARRAY(SELECT a.patient_id FROM public.appointment AS a WHERE a.id = ANY (seats)), false
    );
    PERFORM public.guard_place(s.provider_id, s.location_id, s.starts_at, s.ends_at, schedule_version);
    PERFORM doors.settle_group(session, seats, take_group_place.at);
END
$$;

-- As before, and says at once which series a visit is of, or which coming: a change afterwards would be one more version of each.
CREATE FUNCTION public.book(
    new_id uuid, patient uuid, service uuid, providers uuid[], rooms uuid[], schedule_versions integer[],
    pieces uuid[], piece_kinds text[], location uuid,
    starts timestamptz, ends timestamptz, before_minutes integer, after_minutes integer,
    price integer, price_currency text, channel text, desk_note text,
    at timestamptz, by_actor uuid, once uuid, content_hash bytea, answer text, hold_until timestamptz, overbook text,
    of_series uuid, of_coming uuid,
    OUT appointment_id uuid, OUT refused text, OUT taken text
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    earlier public.idempotency;
    kinds integer := 0;
    chosen uuid[] := '{}';
    resources uuid[];
    busy text;
    which text;
    gone uuid[] := '{}';  -- what was found to be busy: no other place with it helps
    former uuid;  -- the hold that this one replaces
    also uuid[] := '{}';  -- what the patient's earlier holds keep, locked with everything else
    lane_found integer := 0;
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
    IF hold_until IS NOT NULL AND channel = 'portal' THEN
        -- A patient's holds are made one after the other, so that each sees the one it replaces.
        PERFORM pg_advisory_xact_lock(uuid_hash_extended(patient, 1));
        SELECT a.id INTO former FROM public.appointment AS a
        WHERE a.patient_id = book.patient AND a.status = 'held' AND a.via = 'portal' AND NOT a.payment_open
          AND a.held_until > book.at
        ORDER BY a.id DESC LIMIT 1;
        also := ARRAY(
            SELECT DISTINCT part.id FROM public.appointment AS a, unnest(ARRAY[a.provider_id, a.room_id] || a.equipment_ids) AS part (id)
            WHERE a.patient_id = book.patient AND a.status = 'held' AND a.via = 'portal' AND NOT a.payment_open
              AND part.id IS NOT NULL
        );
    END IF;
    IF cardinality(piece_kinds) > 0 THEN
        SELECT count(DISTINCT piece.kind) INTO kinds FROM unnest(piece_kinds) AS piece (kind);
    END IF;
    FOR place IN 1 .. cardinality(providers) LOOP
        LOOP
            EXIT WHEN gone && ARRAY[patient, providers[place], rooms[place]];
            IF kinds > 0 THEN
                chosen := ARRAY(
                    SELECT DISTINCT ON (piece.kind) piece.id
                    FROM unnest(pieces, piece_kinds) WITH ORDINALITY AS piece (id, kind, n)
                    WHERE piece.id <> ALL (gone) ORDER BY piece.kind, piece.n
                );
                EXIT WHEN cardinality(chosen) < kinds;
            END IF;
            BEGIN
                resources := array_remove(ARRAY[patient, providers[place], rooms[place]], NULL) || chosen;
                IF cardinality(also) > 0 THEN
                    resources := ARRAY(SELECT DISTINCT part.id FROM unnest(resources || also) AS part (id));
                END IF;
                IF doors.lock_resources(resources, overbook IS NOT NULL) <> cardinality(resources) THEN
                    RAISE EXCEPTION 'unknown resource' USING ERRCODE = '23503', CONSTRAINT = 'appointment_resource';
                END IF;
                PERFORM public.guard_visit(patient, providers[place], location, starts, ends, schedule_versions[place]);
                IF overbook IS NOT NULL THEN
                    lane_found := doors.free_lane(new_id, array_remove(resources, patient), tstzrange(
                        starts - make_interval(mins => before_minutes), ends + make_interval(mins => after_minutes)
                    ), book.at);
                END IF;
                INSERT INTO public.appointment (
                    id, patient_id, service_id, provider_id, room_id, equipment_ids, location_id, starts_at, ends_at,
                    buffer_before_minutes, buffer_after_minutes, status, held_until, lane, overbook_reason,
                    price_cents, currency, via, note, booked_at, booked_by, series_id, together_id
                ) VALUES (
                    new_id, patient, service, providers[place], rooms[place], chosen, location, starts, ends,
                    before_minutes, after_minutes, CASE WHEN hold_until IS NULL THEN 'booked' ELSE 'held' END, hold_until,
                    lane_found, CASE WHEN lane_found > 0 THEN overbook END,
                    price, price_currency, channel, desk_note, book.at, by_actor, of_series, of_coming
                );
                IF former IS NOT NULL AND doors.lock_hold(former, book.at) THEN
                    PERFORM doors.hand_over(former, new_id, book.at);
                ELSE
                    PERFORM doors.settle(new_id, book.at);
                END IF;
                IF hold_until IS NOT NULL AND channel = 'portal' THEN
                    PERFORM doors.end_lapsed_of(patient, book.at);
                END IF;
                appointment_id := new_id;
                RETURN;
            EXCEPTION WHEN exclusion_violation THEN
                GET STACKED DIAGNOSTICS busy = PG_EXCEPTION_DETAIL, which = PG_EXCEPTION_HINT;
                IF which = '' THEN
                    RAISE;
                END IF;
                gone := gone || string_to_array(which, ',')::uuid[];
            END;
        END LOOP;
        -- Whoever would see them, a patient can't be in two places.
        EXIT WHEN patient = ANY (gone) OR cardinality(chosen) < kinds;
    END LOOP;
    RAISE EXCEPTION 'the time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'occupancy_busy', DETAIL = coalesce(busy, '');
EXCEPTION WHEN exclusion_violation OR unique_violation OR check_violation OR foreign_key_violation THEN
    GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME, taken = PG_EXCEPTION_DETAIL;
    IF refused NOT IN ('occupancy_busy', 'idempotency_reused', 'schedule_changed', 'patient_not_bookable',
            'location_closed', 'provider_absent', 'appointment_resource') THEN
        RAISE;
    END IF;
    appointment_id := NULL;
END
$$;

-- What the version of before calls, while both run. Nobody else does: to be dropped when no such version is left.
CREATE OR REPLACE FUNCTION public.book(
    new_id uuid, patient uuid, service uuid, providers uuid[], rooms uuid[], schedule_versions integer[],
    pieces uuid[], piece_kinds text[], location uuid,
    starts timestamptz, ends timestamptz, before_minutes integer, after_minutes integer,
    price integer, price_currency text, channel text, desk_note text,
    at timestamptz, by_actor uuid, once uuid, content_hash bytea, answer text, hold_until timestamptz, overbook text,
    OUT appointment_id uuid, OUT refused text, OUT taken text
)
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT b.appointment_id, b.refused, b.taken FROM public.book(
        new_id, patient, service, providers, rooms, schedule_versions, pieces, piece_kinds, location, starts, ends,
        before_minutes, after_minutes, price, price_currency, channel, desk_note, at, by_actor, once, content_hash, answer,
        hold_until, overbook, NULL, NULL
    ) AS b
$$;
