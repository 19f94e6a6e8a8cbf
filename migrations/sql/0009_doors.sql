-- Doors of the complete front desk: equipment, group visits, absences, holds that are handed over, overbooking.
-- Lock order of every change: one-time key; the session's row; appointment rows by id, but holds not yet; resources;
-- holds by id; insert; delete. Whoever looks at a hold first would wait for resources while others wait for the hold.

-- What an appointment must occupy, from nothing but its own row: the one definition that booking and the check share.
-- Buffers lengthen the time of provider, room and equipment; a hold leaves the patient free; a seat of a group visit takes
-- the patient only; an early end frees the rest, but never less than one step of the lattice, so that a live visit always
-- has its whole set. Overbooked or not, a patient is in lane 0: nobody is in two places. No SET clause and a body bound
-- when it is made, so that it is inlined: it is asked several times a booking.
CREATE OR REPLACE FUNCTION doors.expected_occupancy(a public.appointment)
RETURNS TABLE (resource_id uuid, lane integer, during tstzrange, lapses_at timestamptz)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT part.resource, part.lane,
        tstzrange(part.opens, greatest(part.opens + interval '5 minutes', least(part.closes, coalesce(part.released, part.closes)))),
        CASE WHEN a.status = 'held' AND NOT a.payment_open THEN a.held_until END
    FROM (
        SELECT staff.id, a.lane, a.starts_at - make_interval(mins => a.buffer_before_minutes),
            a.ends_at + make_interval(mins => a.buffer_after_minutes),
            a.released_at + make_interval(mins => a.buffer_after_minutes)
        FROM unnest(ARRAY[a.provider_id, a.room_id] || a.equipment_ids) AS staff (id)
        WHERE a.group_session_id IS NULL
        UNION ALL
        SELECT a.patient_id, 0, a.starts_at, a.ends_at, a.released_at
        WHERE a.status <> 'held'
    ) AS part (resource, lane, opens, closes, released)
    WHERE part.resource IS NOT NULL
      AND a.status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room', 'finished');
END;

-- What a group visit occupies while it is open, whoever comes.
CREATE FUNCTION doors.expected_session_occupancy(s public.group_session)
RETURNS TABLE (resource_id uuid, lane integer, during tstzrange, lapses_at timestamptz)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT staff.id, 0,
        tstzrange(s.starts_at - make_interval(mins => s.buffer_before_minutes),
            s.ends_at + make_interval(mins => s.buffer_after_minutes)),
        NULL::timestamptz
    FROM unnest(ARRAY[s.provider_id, s.room_id] || s.equipment_ids) AS staff (id)
    WHERE staff.id IS NOT NULL AND s.status = 'open';
END;

-- Time of a provider that was given back inside an absence belongs to the absence, not to the next who books.
-- Nothing can be in the way: every moment of an absence is the absence's or somebody else's, in lane 0, at each commit.
CREATE FUNCTION doors.fill_leave(providers uuid[], spans tstzrange[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    absence public.leave;
BEGIN
    FOR absence IN
        SELECT l.* FROM public.leave AS l
        WHERE l.provider_id = ANY (providers) AND EXISTS (
            SELECT FROM unnest(providers, spans) AS freed (id, span)
            WHERE freed.id = l.provider_id AND freed.span && tstzrange(l.starts_at, l.ends_at)
        )
        ORDER BY l.id
    LOOP
        INSERT INTO public.occupancy (resource_id, lane, during, owner_id, owner_kind)
        SELECT absence.provider_id, 0, piece.span, absence.id, 'leave'
        FROM unnest(providers, spans) AS freed (id, span), LATERAL unnest(
            tstzmultirange(freed.span * tstzrange(absence.starts_at, absence.ends_at)) - coalesce((
                SELECT range_agg(o.during) FROM public.occupancy AS o
                WHERE o.resource_id = absence.provider_id AND o.lane = 0 AND o.during && freed.span
            ), '{}'::tstzmultirange)
        ) AS piece (span)
        WHERE freed.id = absence.provider_id
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- Frees holds whose time is over wherever they overlap the wanted spans: locked by id, looked at again, then freed.
DROP FUNCTION doors.free_lapsed(uuid, uuid[], tstzrange[], timestamptz);
CREATE FUNCTION doors.free_lapsed(wanted_by uuid[], resources uuid[], spans tstzrange[], at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    holds uuid[];
    lapsed uuid[];
    givers uuid[];
    given tstzrange[];
BEGIN
    SELECT array_agg(DISTINCT o.owner_id) INTO holds
    FROM unnest(resources, spans) AS wanted (id, span)
    JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && wanted.span
    WHERE o.lapses_at <= free_lapsed.at AND o.owner_id <> ALL (wanted_by);
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
    WITH gone AS (
        DELETE FROM public.occupancy WHERE owner_id = ANY (lapsed) RETURNING resource_id, lane, during
    )
    SELECT array_agg(gone.resource_id), array_agg(gone.during) INTO givers, given FROM gone WHERE gone.lane = 0;
    IF givers IS NOT NULL THEN
        PERFORM doors.fill_leave(givers, given);
    END IF;
END
$$;

-- Takes all spans or none: refused with constraint occupancy_busy, DETAIL names the kinds that are taken, HINT their ids.
-- One statement, sorted, also where the rows belong to two owners: two takers can't hold what the other waits for.
CREATE FUNCTION doors.take(
    owners uuid[], kind text, resources uuid[], spans tstzrange[], on_lane integer, lapses timestamptz, at timestamptz
)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    taken text;
    which text;
BEGIN
    PERFORM doors.free_lapsed(owners, resources, spans, take.at);
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
    SELECT string_agg(r.kind, ',' ORDER BY r.kind), string_agg(r.id::text, ',') INTO taken, which
    FROM public.resource AS r
    WHERE r.id = ANY (resources) AND r.id NOT IN (SELECT i.resource_id FROM inserted AS i);
    IF taken IS NULL AND on_lane = 0 THEN
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

-- One span a resource, for one owner: blocked time.
CREATE OR REPLACE FUNCTION doors.occupy(
    owner uuid, kind text, resources uuid[], spans tstzrange[], on_lane integer, lapses timestamptz, at timestamptz
)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT doors.take(array_fill(owner, ARRAY[cardinality(resources)]), kind, resources, spans, on_lane, lapses, at) $$;

-- Where staff have room for something of a length between the given opening and closing times, in seconds since 1970: what
-- is between busy times is far less than the busy times, so this is what is asked first of two hundred people.
-- `mine` is the visit that is about to move. About patients it tells nobody anything.
CREATE FUNCTION doors.gaps(staff uuid[], opens bigint[], closes bigint[], minutes integer, mine uuid, at timestamptz)
RETURNS TABLE (n bigint, free_from bigint, free_until bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT span.n, extract(epoch FROM lower(gap.part))::bigint, extract(epoch FROM upper(gap.part))::bigint
    FROM (
        SELECT given.n, given.id, tstzrange(to_timestamp(given.opens), to_timestamp(given.closes)) AS whole
        FROM unnest(gaps.staff, gaps.opens, gaps.closes) WITH ORDINALITY AS given (id, opens, closes, n)
    ) AS span
    CROSS JOIN LATERAL (
        SELECT range_agg(o.during) AS busy FROM public.occupancy AS o
        WHERE o.resource_id = span.id AND o.during && span.whole
          AND (o.lapses_at IS NULL OR o.lapses_at > gaps.at) AND (gaps.mine IS NULL OR o.owner_id <> gaps.mine)
    ) AS taken
    CROSS JOIN LATERAL unnest(
        tstzmultirange(span.whole) - coalesce(taken.busy, '{}'::tstzmultirange)
    ) AS gap (part)
    WHERE upper(gap.part) - lower(gap.part) >= make_interval(mins => gaps.minutes)
      AND EXISTS (SELECT FROM public.provider AS p WHERE p.id = span.id)
    ORDER BY lower(gap.part), span.n
$$;

-- Deletes what an owner gives back, by the ids of its rows, after everything that takes its place was inserted.
CREATE FUNCTION doors.give_back(surplus uuid[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    givers uuid[];
    given tstzrange[];
BEGIN
    WITH gone AS (
        DELETE FROM public.occupancy WHERE id = ANY (surplus) RETURNING resource_id, lane, during
    )
    SELECT array_agg(gone.resource_id), array_agg(gone.during) INTO givers, given
    FROM gone JOIN public.resource AS r ON r.id = gone.resource_id
    WHERE gone.lane = 0 AND r.kind = 'provider';
    IF givers IS NOT NULL THEN
        PERFORM doors.fill_leave(givers, given);
    END IF;
END
$$;

-- Whoever gives a provider's time back shares that provider's lock: an absence that is being entered would miss it, and
-- be missed.
CREATE FUNCTION doors.lock_givers(surplus uuid[])
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT doors.lock_resources(array_agg(DISTINCT r.id), false)
    FROM public.occupancy AS o JOIN public.resource AS r ON r.id = o.resource_id
    WHERE o.id = ANY (surplus) AND r.kind = 'provider'
$$;

-- Makes occupancy agree with the appointment's row as it is now: inserts what is missing first, deletes what is left last.
CREATE OR REPLACE FUNCTION doors.settle(appointment uuid, at timestamptz)
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

-- The same for a group visit: after its row changed, in the transaction that locked it.
CREATE FUNCTION doors.settle_session(session uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    s public.group_session;
    resources uuid[];
    spans tstzrange[];
    surplus uuid[];
BEGIN
    SELECT * INTO STRICT s FROM public.group_session WHERE id = settle_session.session;
    SELECT array_agg(o.id) INTO surplus
    FROM public.occupancy AS o
    WHERE o.owner_id = s.id AND NOT EXISTS (
        SELECT FROM doors.expected_session_occupancy(s) AS e WHERE (e.resource_id, e.during) = (o.resource_id, o.during)
    );
    SELECT array_agg(e.resource_id), array_agg(e.during) INTO resources, spans
    FROM doors.expected_session_occupancy(s) AS e
    WHERE NOT EXISTS (
        SELECT FROM public.occupancy AS o
        WHERE o.owner_id = s.id AND (e.resource_id, e.during) = (o.resource_id, o.during)
    );
    PERFORM doors.lock_resources(part.ids, false)
    FROM (
        SELECT array_agg(DISTINCT one.id) AS ids FROM (
            SELECT unnest(resources) UNION ALL SELECT o.resource_id FROM public.occupancy AS o WHERE o.id = ANY (surplus)
        ) AS one (id)
    ) AS part
    WHERE part.ids IS NOT NULL;
    IF resources IS NOT NULL THEN
        PERFORM doors.take(array_fill(s.id, ARRAY[cardinality(resources)]), 'group_session', resources, spans, 0, NULL,
            settle_session.at);
    END IF;
    IF surplus IS NOT NULL THEN
        PERFORM doors.give_back(surplus);
    END IF;
END
$$;

-- Makes an absence occupy what it is: all of it, less what visits, group visits and blocked time keep in it. After the row
-- was entered, changed or deleted, in the same transaction; the provider stays locked against every booking until its end.
CREATE FUNCTION doors.settle_leave(leave uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    l public.leave;
    whole tstzrange;
    left_over tstzmultirange := '{}';
    surplus uuid[];
BEGIN
    SELECT * INTO l FROM public.leave AS known WHERE known.id = settle_leave.leave;
    PERFORM doors.lock_resources(part.ids, true)
    FROM (
        SELECT array_agg(DISTINCT one.id) AS ids FROM (
            SELECT l.provider_id UNION ALL
            SELECT o.resource_id FROM public.occupancy AS o WHERE o.owner_id = settle_leave.leave
        ) AS one (id) WHERE one.id IS NOT NULL
    ) AS part
    WHERE part.ids IS NOT NULL;
    IF l.id IS NOT NULL THEN
        whole := tstzrange(l.starts_at, l.ends_at);
        PERFORM doors.free_lapsed(ARRAY[l.id], ARRAY[l.provider_id], ARRAY[whole], settle_leave.at);
        SELECT tstzmultirange(whole) - coalesce(range_agg(o.during), '{}'::tstzmultirange) INTO left_over
        FROM public.occupancy AS o
        WHERE o.resource_id = l.provider_id AND o.lane = 0 AND o.during && whole AND o.owner_id <> l.id;
    END IF;
    SELECT array_agg(o.id) INTO surplus
    FROM public.occupancy AS o
    WHERE o.owner_id = settle_leave.leave
      AND (o.resource_id IS DISTINCT FROM l.provider_id OR o.during NOT IN (SELECT unnest(left_over)));
    INSERT INTO public.occupancy (resource_id, lane, during, owner_id, owner_kind)
    SELECT l.provider_id, 0, piece.span, l.id, 'leave'
    FROM unnest(left_over) AS piece (span)
    WHERE NOT EXISTS (
        SELECT FROM public.occupancy AS o
        WHERE o.owner_id = l.id AND o.resource_id = l.provider_id AND o.during = piece.span
    )
    ORDER BY piece.span
    ON CONFLICT DO NOTHING;
    IF surplus IS NOT NULL THEN
        PERFORM doors.give_back(surplus);
    END IF;
END
$$;

-- Frees the time of what is no appointment, group visit or absence: blocked time.
CREATE OR REPLACE FUNCTION doors.vacate(owner uuid)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    surplus uuid[];
BEGIN
    IF EXISTS (SELECT FROM public.appointment WHERE id = owner)
        OR EXISTS (SELECT FROM public.group_session WHERE id = owner)
        OR EXISTS (SELECT FROM public.leave WHERE id = owner)
    THEN
        RAISE EXCEPTION 'an appointment is settled, not vacated' USING ERRCODE = '42501';
    END IF;
    SELECT array_agg(o.id) INTO surplus FROM public.occupancy AS o WHERE o.owner_id = owner;
    IF surplus IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM doors.lock_givers(surplus);
    PERFORM doors.give_back(surplus);
    RETURN cardinality(surplus);
END
$$;

-- Locks what a hold keeps, and its patient, before anybody locks its row; does nothing for any other visit.
CREATE FUNCTION doors.lock_if_held(visit uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT doors.lock_resources(
        array_remove(ARRAY[a.patient_id, a.provider_id, a.room_id] || a.equipment_ids, NULL), false)
    FROM public.appointment AS a WHERE a.id = visit AND a.status = 'held'
$$;

-- Locks a visit and everything it has or needs, in the order that its state asks for.
CREATE FUNCTION doors.lock_visit(visit uuid, exclusive boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held boolean;
BEGIN
    SELECT a.status = 'held' INTO held FROM public.appointment AS a WHERE a.id = visit;
    IF NOT held THEN
        PERFORM FROM public.appointment AS a WHERE a.id = visit FOR UPDATE;
    END IF;
    PERFORM doors.lock_resources(array_agg(DISTINCT part.id), exclusive)
    FROM (
        SELECT unnest(ARRAY[a.patient_id, a.provider_id, a.room_id] || a.equipment_ids)
        FROM public.appointment AS a WHERE a.id = visit
        UNION ALL
        SELECT o.resource_id FROM public.occupancy AS o WHERE o.owner_id = visit
    ) AS part (id)
    WHERE part.id IS NOT NULL;
    IF held THEN
        PERFORM FROM public.appointment AS a WHERE a.id = visit FOR UPDATE;
    END IF;
END
$$;

-- The lowest lane in which staff, room and equipment of a visit overlap nothing; 0 only where no lane is taken at all. After
-- they were locked FOR UPDATE: another overbooking that is not committed yet is invisible.
CREATE FUNCTION doors.free_lane(visit uuid, staff uuid[], during tstzrange, at timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    free integer;
BEGIN
    PERFORM doors.free_lapsed(
        ARRAY[visit], staff, array_fill(free_lane.during, ARRAY[cardinality(staff)]), free_lane.at);
    SELECT min(candidate.lane) INTO free
    FROM generate_series(0, 9) AS candidate (lane)
    WHERE NOT EXISTS (
        SELECT FROM unnest(staff) AS wanted (id)
        JOIN public.occupancy AS o ON o.resource_id = wanted.id AND o.during && free_lane.during
        WHERE o.owner_id <> visit AND candidate.lane IN (0, o.lane)
    );
    IF free IS NULL THEN
        RAISE EXCEPTION 'no lane is left' USING ERRCODE = '23P01', CONSTRAINT = 'occupancy_busy',
            DETAIL = 'provider', HINT = array_to_string(staff, ',');
    END IF;
    RETURN free;
END
$$;

-- Ends a hold: one whose time is over, or early one that is no longer wanted. True when it did; a hold whose payment is
-- open never ends here.
CREATE FUNCTION doors.end_hold(hold uuid, early boolean, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    a public.appointment;
BEGIN
    SELECT * INTO a FROM public.appointment WHERE id = hold;
    IF NOT FOUND OR a.status <> 'held' OR (current_setting('role') = 'app_patient' AND a.patient_id <> ALL (
            coalesce(string_to_array(nullif(current_setting('app.patients', true), ''), ',')::uuid[], '{}'))) THEN
        RETURN false;
    END IF;
    PERFORM doors.lock_visit(hold, false);
    UPDATE public.appointment SET status = 'lapsed', held_until = NULL, version = version + 1
    WHERE id = hold AND status = 'held' AND NOT payment_open AND (early OR held_until <= end_hold.at);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM doors.settle(hold, end_hold.at);
    RETURN true;
END
$$;

-- Locks a hold, after the resources, and tells whether it still keeps its time and nobody is paying for it.
CREATE FUNCTION doors.lock_hold(hold uuid, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM FROM public.appointment AS a
    WHERE a.id = hold AND a.status = 'held' AND NOT a.payment_open AND a.held_until > lock_hold.at FOR UPDATE;
    RETURN FOUND;
END
$$;

-- A visit takes over the time of a hold of its patient, which ends: its row has its new place already, everything is
-- locked. What is new is inserted beside the hold's time, under the hold's name where it could touch it; then what neither
-- needs is deleted; then the rest changes its name, in which nobody can be in the way.
CREATE FUNCTION doors.hand_over(giver uuid, taker uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h public.appointment;
    a public.appointment;
    until timestamptz;
    owners uuid[];
    resources uuid[];
    spans tstzrange[];
    surplus uuid[];
BEGIN
    SELECT * INTO STRICT a FROM public.appointment WHERE id = taker;
    SELECT * INTO h FROM public.appointment WHERE id = giver;
    IF h.patient_id IS DISTINCT FROM a.patient_id OR NOT doors.lock_hold(giver, hand_over.at) THEN
        RAISE EXCEPTION 'the hold is over' USING ERRCODE = '23514', CONSTRAINT = 'hold_over';
    END IF;
    until := CASE WHEN a.status = 'held' THEN a.held_until END;
    SELECT array_agg(CASE WHEN e.resource_id = ANY (theirs.ids) THEN giver ELSE taker END),
        array_agg(e.resource_id), array_agg(e.during) INTO owners, resources, spans
    FROM doors.expected_occupancy(a) AS e,
        (SELECT array_agg(o.resource_id) FROM public.occupancy AS o WHERE o.owner_id = giver) AS theirs (ids)
    WHERE NOT EXISTS (
        SELECT FROM public.occupancy AS o
        WHERE (o.owner_id = giver OR o.owner_id = taker AND o.lapses_at IS NOT DISTINCT FROM e.lapses_at)
          AND (e.resource_id, e.lane, e.during) = (o.resource_id, o.lane, o.during)
    );
    IF resources IS NOT NULL THEN
        PERFORM doors.take(owners, 'appointment', resources, spans, a.lane, until, hand_over.at);
    END IF;
    UPDATE public.appointment SET status = 'lapsed', held_until = NULL, version = version + 1 WHERE id = giver;
    SELECT array_agg(o.id) INTO surplus
    FROM public.occupancy AS o
    WHERE o.owner_id IN (giver, taker) AND NOT EXISTS (
        SELECT FROM doors.expected_occupancy(a) AS e
        WHERE (e.resource_id, e.lane, e.during) = (o.resource_id, o.lane, o.during)
          AND (o.owner_id = giver OR e.lapses_at IS NOT DISTINCT FROM o.lapses_at)
    );
    IF surplus IS NOT NULL THEN
        PERFORM doors.give_back(surplus);
    END IF;
    UPDATE public.occupancy SET owner_id = taker, lapses_at = until WHERE owner_id = giver;
END
$$;

-- Ends what is over of a patient's holds on the portal; somebody who has one locked is ending it already.
CREATE FUNCTION doors.end_lapsed_of(patient uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    hold uuid;
BEGIN
    FOR hold IN
        SELECT a.id FROM public.appointment AS a
        WHERE a.patient_id = end_lapsed_of.patient AND a.status = 'held' AND a.via = 'portal'
          AND NOT a.payment_open AND a.held_until <= end_lapsed_of.at
        ORDER BY a.id FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM doors.end_hold(hold, false, end_lapsed_of.at);
    END LOOP;
END
$$;

-- Two appointments whose rows have traded places: the only change that deletes first, so it locks everything they leave
-- and take FOR UPDATE. Whoever books there waits at that lock, with nothing of their own for us to wait for.
CREATE OR REPLACE FUNCTION doors.trade(one uuid, other uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    owners uuid[] := ARRAY[one, other];
    resources uuid[];
    givers uuid[];
    given tstzrange[];
BEGIN
    SELECT array_agg(DISTINCT part.id) INTO resources
    FROM (
        SELECT o.resource_id AS id FROM public.occupancy AS o WHERE o.owner_id = ANY (owners)
        UNION ALL
        SELECT e.resource_id FROM public.appointment AS a, doors.expected_occupancy(a) AS e WHERE a.id = ANY (owners)
    ) AS part;
    PERFORM doors.lock_resources(resources, true);
    WITH gone AS (
        DELETE FROM public.occupancy
        WHERE owner_id = ANY (owners) AND EXISTS (SELECT FROM public.appointment AS a WHERE a.id = owner_id)
        RETURNING resource_id, lane, during
    )
    SELECT array_agg(gone.resource_id), array_agg(gone.during) INTO givers, given FROM gone WHERE gone.lane = 0;
    PERFORM doors.settle(one, trade.at);
    PERFORM doors.settle(other, trade.at);
    PERFORM doors.fill_leave(givers, given);
END
$$;

-- All of an absence is taken in lane 0, by itself or by what was kept, and it takes nothing beyond itself.
CREATE FUNCTION doors.check_leave(absence uuid)
RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    l public.leave;
    whole tstzmultirange := '{}';
    own tstzmultirange;
    taken tstzmultirange;
BEGIN
    SELECT * INTO l FROM public.leave AS known WHERE known.id = absence;
    IF FOUND THEN
        whole := tstzmultirange(tstzrange(l.starts_at, l.ends_at));
    END IF;
    SELECT coalesce(range_agg(o.during), '{}') INTO own FROM public.occupancy AS o WHERE o.owner_id = absence;
    SELECT coalesce(range_agg(o.during), '{}') INTO taken
    FROM public.occupancy AS o
    WHERE o.resource_id = l.provider_id AND o.lane = 0 AND o.during && tstzrange(l.starts_at, l.ends_at);
    IF NOT own <@ whole OR NOT whole <@ taken
        OR EXISTS (SELECT FROM public.occupancy AS o WHERE o.owner_id = absence AND o.resource_id <> l.provider_id)
    THEN
        RAISE EXCEPTION 'an absence and its occupancy differ'
            USING ERRCODE = '23514', CONSTRAINT = 'leave_occupancy', TABLE = 'occupancy';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION doors.occupancy_must_match()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
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
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- Each step of a visit's life with all that is needed to put it back, and the version it led to.
CREATE OR REPLACE FUNCTION doors.appointment_history()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (OLD.status, OLD.starts_at, OLD.provider_id, OLD.room_id, OLD.location_id)
            IS DISTINCT FROM (NEW.status, NEW.starts_at, NEW.provider_id, NEW.room_id, NEW.location_id) THEN
        INSERT INTO public.appointment_history
            (appointment_id, patient_id, at, actor, from_status, to_status, starts_at, provider_id, room_id,
             location_id, equipment_ids, ends_at, lane, overbook_reason, version)
        VALUES (NEW.id, NEW.patient_id, doors.moment(), doors.actor(),
            CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END, NEW.status, NEW.starts_at, NEW.provider_id, NEW.room_id,
            NEW.location_id, NEW.equipment_ids, NEW.ends_at, NEW.lane, NEW.overbook_reason, NEW.version);
    END IF;
    RETURN NULL;
END
$$;
