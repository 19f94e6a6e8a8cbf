-- When access to a patient ends: as was chosen, with a child's coming of age, and for everybody but the patient with the day
-- on which the patient died, where the clinic is.
CREATE FUNCTION doors.access_ends(relation text, chosen timestamptz, p public.patient)
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT least(
        chosen,
        CASE WHEN relation IN ('parent', 'guardian') THEN doors.adult_from(p.birth_date) END,
        CASE WHEN relation <> 'self' THEN date_trunc('day', p.deceased_at, coalesce(
            (SELECT l.time_zone FROM public.location AS l WHERE l.retired_at IS NULL ORDER BY l.name LIMIT 1), 'UTC')) END
    )
$$;

CREATE OR REPLACE FUNCTION doors.grants_of(account uuid)
RETURNS TABLE (patient_id uuid, relation text, purposes text[], starts_at timestamptz, ends_at timestamptz, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.patient_id, a.relation, a.purposes, a.starts_at, doors.access_ends(a.relation, a.ends_at, p),
        concat_ws(' ', nullif(p.given, ''), p.family)
    FROM public.account_patient AS a JOIN public.patient AS p ON p.id = a.patient_id
    WHERE a.account_id = grants_of.account AND p.merged_into IS NULL
$$;

CREATE OR REPLACE FUNCTION doors.helpers_of(patient uuid)
RETURNS TABLE (account_id uuid, relation text, purposes text[], starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.account_id, a.relation, a.purposes, a.starts_at, doors.access_ends(a.relation, a.ends_at, p)
    FROM public.account_patient AS a JOIN public.patient AS p ON p.id = a.patient_id
    WHERE a.patient_id = helpers_of.patient
$$;

-- Nobody is let in any more to somebody who has died.
CREATE OR REPLACE FUNCTION doors.invitation_is_open(i public.portal_invitation, p public.patient, at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT i.used_at IS NULL AND i.withdrawn_at IS NULL AND at < i.ends_at AND p.merged_into IS NULL
        AND p.deceased_at IS NULL
        AND (i.access_ends_at IS NULL OR at < i.access_ends_at)
        AND (i.relation NOT IN ('parent', 'guardian') OR at < doors.adult_from(p.birth_date))
$$;
