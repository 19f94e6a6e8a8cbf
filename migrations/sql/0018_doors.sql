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

-- Who acts for a patient, with the ends as `grants_of` works them out.
CREATE FUNCTION doors.helpers_of(patient uuid)
RETURNS TABLE (account_id uuid, relation text, purposes text[], starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.account_id, a.relation, a.purposes, a.starts_at,
        CASE WHEN a.relation IN ('parent', 'guardian') THEN least(a.ends_at, doors.adult_from(p.birth_date)) ELSE a.ends_at END
    FROM public.account_patient AS a JOIN public.patient AS p ON p.id = a.patient_id
    WHERE a.patient_id = helpers_of.patient
$$;

-- Whether an invitation still lets somebody in: unused, in time, and for a parent while the child is one.
CREATE FUNCTION doors.invitation_is_open(i public.portal_invitation, p public.patient, at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT i.used_at IS NULL AND i.withdrawn_at IS NULL AND at < i.ends_at AND p.merged_into IS NULL
        AND (i.access_ends_at IS NULL OR at < i.access_ends_at)
        AND (i.relation NOT IN ('parent', 'guardian') OR at < doors.adult_from(p.birth_date))
$$;

-- Whom a code was made for, to those who know the birth date too: one answer for every reason why it is none.
CREATE FUNCTION doors.invited(code bytea, born date, at timestamptz)
RETURNS TABLE (id uuid, patient_id uuid, relation text, holder text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT i.id, i.patient_id, i.relation, i.holder, concat_ws(' ', nullif(p.given, ''), p.family)
    FROM public.portal_invitation AS i JOIN public.patient AS p ON p.id = i.patient_id
    WHERE i.digest = invited.code AND p.birth_date = invited.born AND doors.invitation_is_open(i, p, invited.at)
$$;

-- Takes an invitation for somebody who was let in: locked, looked at again, used once. Null when it lets nobody in any more.
CREATE FUNCTION doors.take_invitation(invitation uuid, account uuid, at timestamptz)
RETURNS public.portal_invitation
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    taken public.portal_invitation;
    whose public.patient;
BEGIN
    SELECT * INTO taken FROM public.portal_invitation AS i WHERE i.id = invitation FOR UPDATE;
    SELECT * INTO whose FROM public.patient AS p WHERE p.id = taken.patient_id;
    IF NOT coalesce(doors.invitation_is_open(taken, whose, take_invitation.at), false) THEN
        RETURN NULL;
    END IF;
    -- Whoever acts for somebody never becomes them by their code, nor anybody a helper of themselves.
    IF EXISTS (
        SELECT FROM public.account_patient AS a WHERE a.account_id = account
            AND (taken.relation = 'self' AND (a.relation = 'self' OR a.patient_id = taken.patient_id)
                OR a.relation = 'self' AND a.patient_id = taken.patient_id)
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE public.portal_invitation AS i SET used_at = take_invitation.at, used_by = account WHERE i.id = invitation;
    INSERT INTO public.account_patient
        (account_id, patient_id, relation, purposes, starts_at, ends_at, consent_at, granted_by)
    VALUES (account, taken.patient_id, taken.relation, taken.purposes, take_invitation.at, taken.access_ends_at,
        taken.consent_at, taken.created_by)
    ON CONFLICT (account_id, patient_id) DO UPDATE SET relation = excluded.relation, purposes = excluded.purposes,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, consent_at = excluded.consent_at,
        granted_by = excluded.granted_by;
    RETURN taken;
END
$$;

-- What a patient changes of how they are reached, for exactly whom the transaction acts: the number and the address shown
-- first make room for the new ones, as when the desk writes them down.
CREATE FUNCTION doors.change_reach(
    whose uuid, seen integer, phone text, digits text, line text, city text, state text, postal_code text, ids uuid[]
)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT coalesce(whose = ANY (string_to_array(current_setting('app.patients', true), ',')::uuid[]), false) THEN
        RAISE EXCEPTION 'not whom one acts for' USING ERRCODE = '42501';
    END IF;
    UPDATE public.patient AS p SET version = p.version + 1 WHERE p.id = whose AND p.version = seen AND p.merged_into IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM public.patient_telecom AS t WHERE t.id = (
        SELECT k.id FROM public.patient_telecom AS k WHERE k.patient_id = whose AND k.system = 'phone'
        ORDER BY k.rank, k.id LIMIT 1);
    DELETE FROM public.patient_address AS a WHERE a.id = (
        SELECT k.id FROM public.patient_address AS k WHERE k.patient_id = whose ORDER BY k.id LIMIT 1);
    INSERT INTO public.patient_telecom (id, patient_id, system, value, digits, rank)
    VALUES (ids[1], whose, 'phone', change_reach.phone, change_reach.digits, 0);
    IF concat(change_reach.line, change_reach.city, change_reach.state, change_reach.postal_code) <> '' THEN
        INSERT INTO public.patient_address (id, patient_id, line, city, state, postal_code, country)
        VALUES (ids[2], whose, change_reach.line, change_reach.city, change_reach.state, change_reach.postal_code, 'US');
    END IF;
    RETURN true;
END
$$;
