-- When a child comes of age: at midnight of the clinic's first site, on the birthday itself. Of 29 February it is the 28th
-- where the year has no 29th: access ends rather early than late.
CREATE FUNCTION doors.adult_from(born date)
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT (born + make_interval(years => coalesce((SELECT r.adult_at FROM public.portal_rule AS r), 18)))::timestamp AT TIME ZONE
        coalesce((SELECT l.time_zone FROM public.location AS l WHERE l.retired_at IS NULL ORDER BY l.name LIMIT 1), 'UTC')
$$;

-- For whom an account acts. A parent's and a guardian's end is worked out from the birth date as it is now, so that neither
-- a corrected birth date nor another age of the practice leaves an old end behind.
CREATE FUNCTION doors.grants_of(account uuid)
RETURNS TABLE (patient_id uuid, relation text, purposes text[], starts_at timestamptz, ends_at timestamptz, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.patient_id, a.relation, a.purposes, a.starts_at,
        CASE WHEN a.relation IN ('parent', 'guardian') THEN least(a.ends_at, doors.adult_from(p.birth_date)) ELSE a.ends_at END,
        concat_ws(' ', nullif(p.given, ''), p.family)
    FROM public.account_patient AS a JOIN public.patient AS p ON p.id = a.patient_id
    WHERE a.account_id = grants_of.account AND p.merged_into IS NULL
$$;
