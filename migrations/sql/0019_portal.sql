-- Doors of the portal: what patients need of others' time, as numbers only, and what of a visit they may change.

-- Of a visit its patient changes what the portal's steps change, and nothing else: enforced here again, whatever our code
-- says. A new one is a short hold, or a seat, at the price of the day, of a type that is booked online; one that waits to be
-- paid for becomes a visit only while somebody is paying. INVOKER: what the doors do by themselves is not asked about.
CREATE FUNCTION doors.patients_keep_to()
RETURNS trigger
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    at constant timestamptz := doors.moment();
    s public.service;
    allowed boolean;
BEGIN
    SELECT * INTO s FROM public.service WHERE id = NEW.service_id;
    IF TG_OP = 'INSERT' THEN
        allowed := NEW.via = 'portal' AND s.online AND s.retired_at IS NULL
            AND (NEW.price_cents, NEW.currency) = (s.price_cents, s.currency)
            AND NEW.lane = 0 AND NOT NEW.payment_open AND NEW.ends_at > at
            AND num_nonnulls(NEW.arrived_at, NEW.started_at, NEW.finished_at, NEW.cancelled_at, NEW.released_at) = 0
            AND CASE NEW.status
                WHEN 'held' THEN NEW.group_session_id IS NULL AND NEW.held_until <= at + interval '10 minutes'
                    AND NEW.ends_at - NEW.starts_at = make_interval(mins => s.length_minutes)
                WHEN 'booked' THEN NEW.group_session_id IS NOT NULL AND s.deposit_cents = 0
                ELSE false
            END;
    ELSE
        allowed := NEW.lane IN (0, OLD.lane) AND CASE OLD.status || ' ' || NEW.status
            WHEN 'held held' THEN (NEW.starts_at, NEW.ends_at, NEW.provider_id, NEW.held_until)
                IS NOT DISTINCT FROM (OLD.starts_at, OLD.ends_at, OLD.provider_id, OLD.held_until)
            WHEN 'held booked' THEN OLD.payment_open OR (OLD.held_until > at AND s.deposit_cents = 0)
            WHEN 'booked booked' THEN OLD.starts_at > at AND NEW.starts_at > at
            WHEN 'confirmed confirmed' THEN OLD.starts_at > at AND NEW.starts_at > at
            WHEN 'booked confirmed' THEN true
            WHEN 'booked arrived' THEN NEW.arrived_at = at AND NEW.starts_at < at + interval '1 day'
            WHEN 'confirmed arrived' THEN NEW.arrived_at = at AND NEW.starts_at < at + interval '1 day'
            WHEN 'booked cancelled' THEN NEW.cancelled_at = at AND OLD.starts_at > at
            WHEN 'confirmed cancelled' THEN NEW.cancelled_at = at AND OLD.starts_at > at
            ELSE false
        END;
    END IF;
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'patients do not change that of a visit' USING ERRCODE = '42501', TABLE = 'appointment';
    END IF;
    RETURN NEW;
END
$$;

-- How many minutes of live visits each of some providers has in a span: who has least to do is booked first, and a patient
-- does not see the visits that say so.
CREATE FUNCTION doors.minutes_booked(providers uuid[], opens timestamptz, closes timestamptz)
RETURNS TABLE (provider_id uuid, minutes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.provider_id, (sum(extract(epoch FROM a.ends_at - a.starts_at)) / 60)::bigint
    FROM public.appointment AS a
    WHERE a.provider_id = ANY (minutes_booked.providers)
      AND a.starts_at >= minutes_booked.opens AND a.starts_at < minutes_booked.closes
      AND a.status NOT IN ('lapsed', 'cancelled', 'noshow')
    GROUP BY a.provider_id
$$;

-- Locks a group visit: whoever takes a seat waits here for whoever is taking one.
CREATE FUNCTION doors.lock_session(session uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT FROM public.group_session AS s WHERE s.id = lock_session.session FOR UPDATE $$;

-- Which seats of group visits are taken, and by nobody's name.
CREATE FUNCTION doors.seats_taken(sessions uuid[])
RETURNS TABLE (session_id uuid, seat_no integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.group_session_id, a.seat_no FROM public.appointment AS a
    WHERE a.group_session_id = ANY (seats_taken.sessions) AND a.status NOT IN ('lapsed', 'cancelled', 'noshow')
$$;

-- What a secret calendar address shows: when and where, and how often that has changed. Nothing of a visit says more.
CREATE FUNCTION doors.calendar(secret bytea, since timestamptz)
RETURNS TABLE (appointment_id uuid, starts_at timestamptz, ends_at timestamptz, status text, version integer,
    location_id uuid, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.id, a.starts_at, a.ends_at, a.status, a.version, a.location_id, coalesce(a.cancelled_at, a.booked_at)
    FROM public.calendar_feed AS f
    JOIN public.appointment AS a ON a.patient_id = f.patient_id
    WHERE f.secret_hash = calendar.secret AND f.revoked_at IS NULL AND a.starts_at >= calendar.since
      AND a.status NOT IN ('held', 'lapsed')
    UNION ALL
    SELECT a.id, a.starts_at, a.ends_at, a.status, a.version, a.location_id, coalesce(a.cancelled_at, a.booked_at)
    FROM public.calendar_feed AS f
    JOIN public.appointment AS a ON a.provider_id = f.provider_id
    WHERE f.secret_hash = calendar.secret AND f.revoked_at IS NULL AND a.starts_at >= calendar.since
      AND a.status NOT IN ('held', 'lapsed')
    ORDER BY 2, 1
$$;

-- As before, and a patient's visit takes over nothing but that patient's hold.
CREATE OR REPLACE FUNCTION doors.hand_over(giver uuid, taker uuid, at timestamptz)
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
    IF h.patient_id IS DISTINCT FROM a.patient_id OR (current_setting('role') = 'app_patient' AND a.patient_id <> ALL (
            coalesce(string_to_array(nullif(current_setting('app.patients', true), ''), ',')::uuid[], '{}')))
            OR NOT doors.lock_hold(giver, hand_over.at) THEN
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
