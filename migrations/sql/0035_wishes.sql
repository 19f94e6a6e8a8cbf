-- Two records of one person that both waited for the same thing: one wish goes on waiting when they become one, and the other
-- wakes when they are parted.

-- Ends all but one of the wishes without a visit that ask for the same. The one goes on that is just being offered something,
-- else the most urgent, else the oldest; none is ended while somebody is asked on its behalf. Days that have begun are the same.
CREATE FUNCTION doors.rest_like_wishes(merge uuid, at timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    m public.patient_merge;
    rested integer;
BEGIN
    SELECT * INTO STRICT m FROM public.patient_merge AS k WHERE k.id = merge AND k.undone_at IS NULL FOR UPDATE;
    PERFORM FROM public.waiting_wish AS w WHERE w.patient_id = m.patient_id AND w.status = 'waiting' ORDER BY w.id FOR UPDATE;
    WITH asked AS (
        SELECT w.id, w.urgency, w.created_at, EXISTS (
                SELECT FROM public.waiting_offer AS o WHERE o.wish_id = w.id AND o.outcome = 'open'
            ) AS offered, (
                w.service_id, w.location_id, w.from_time, w.to_time, w.latest,
                ARRAY(SELECT DISTINCT one FROM unnest(w.provider_ids) AS each (one) ORDER BY one),
                ARRAY(SELECT DISTINCT one FROM unnest(w.weekdays) AS each (one) ORDER BY one),
                greatest(w.earliest, (rest_like_wishes.at AT TIME ZONE 'UTC')::date - 1)
            )::text AS terms
        FROM public.waiting_wish AS w
        WHERE w.patient_id = m.patient_id AND w.status = 'waiting' AND w.appointment_id IS NULL
    ), ranked AS (
        SELECT a.id, a.offered,
            row_number() OVER (PARTITION BY a.terms ORDER BY a.offered DESC, a.urgency DESC, a.created_at, a.id) AS place
        FROM asked AS a
    )
    UPDATE public.waiting_wish AS w
    SET status = 'withdrawn', ended_at = rest_like_wishes.at, ended_by_merge = merge, version = w.version + 1
    FROM ranked AS r WHERE r.id = w.id AND r.place > 1 AND NOT r.offered;
    GET DIAGNOSTICS rested = ROW_COUNT;
    -- What the merge itself did is no change since.
    UPDATE public.patient_merge AS k
    SET audit_id = (SELECT max(u.id) FROM public.audit AS u WHERE u.patient_id IN (m.patient_id, m.merged_id))
    WHERE k.id = merge;
    RETURN rested;
END
$$;

-- Lets them wait again once the merge is undone, each with the record it is of by now; not beside one for the same thing that
-- somebody entered since.
CREATE FUNCTION doors.wake_wishes(merge uuid)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    woken integer;
BEGIN
    PERFORM FROM public.patient_merge AS k WHERE k.id = merge AND k.undone_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE public.waiting_wish AS w
    SET status = 'waiting', ended_at = NULL, ended_by_merge = NULL, version = w.version + 1
    WHERE w.ended_by_merge = merge AND w.status = 'withdrawn' AND NOT EXISTS (
        SELECT FROM public.waiting_wish AS k
        WHERE k.patient_id = w.patient_id AND k.service_id = w.service_id AND k.status = 'waiting' AND k.appointment_id IS NULL
    );
    GET DIAGNOSTICS woken = ROW_COUNT;
    RETURN woken;
END
$$;
