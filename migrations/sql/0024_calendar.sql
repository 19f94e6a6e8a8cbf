-- What a secret calendar address shows: when and where, and how often that has changed. Nothing of a visit says more. One
-- that is not revoked has at least one row, which is empty where there is no visit.
DROP FUNCTION doors.calendar(bytea, timestamptz);
CREATE FUNCTION doors.calendar(secret bytea, since timestamptz)
RETURNS TABLE (appointment_id uuid, starts_at timestamptz, ends_at timestamptz, status text, version integer,
    location_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.id, a.starts_at, a.ends_at, a.status, a.version, a.location_id
    FROM public.calendar_feed AS f
    LEFT JOIN LATERAL (
        SELECT own.* FROM public.appointment AS own
        WHERE own.patient_id = f.patient_id AND own.starts_at >= calendar.since AND own.status NOT IN ('held', 'lapsed')
        UNION ALL
        SELECT theirs.* FROM public.appointment AS theirs
        WHERE theirs.provider_id = f.provider_id AND theirs.starts_at >= calendar.since
          AND theirs.status NOT IN ('held', 'lapsed')
    ) AS a ON true
    WHERE f.secret_hash = calendar.secret AND f.revoked_at IS NULL
    ORDER BY 2, 1
$$;
