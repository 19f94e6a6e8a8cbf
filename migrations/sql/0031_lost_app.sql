-- Since when a patient's own portal account has an authenticator app; null without one, and for everybody who works here: theirs
-- are a manager's business.
CREATE FUNCTION doors.app_since(patient uuid, account uuid)
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT f.enrolled_at
    FROM public.account_patient AS a JOIN public.second_factor AS f ON f.account_id = a.account_id
    WHERE a.patient_id = app_since.patient AND a.account_id = app_since.account AND a.relation = 'self'
      AND NOT EXISTS (SELECT FROM public.account_role AS r WHERE r.account_id = a.account_id AND r.role <> 'patient')
$$;

-- Takes it off, with its recovery codes; false where there was none to be taken off.
CREATE FUNCTION doors.forget_app(patient uuid, account uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF doors.app_since(forget_app.patient, forget_app.account) IS NULL THEN
        RETURN false;
    END IF;
    DELETE FROM public.recovery_code AS c WHERE c.account_id = forget_app.account;
    DELETE FROM public.second_factor AS f WHERE f.account_id = forget_app.account;
    RETURN true;
END
$$;
