-- A role that holds at some locations changes visits there and nowhere else: from the transaction's own setting, so that
-- no path of ours can forget it. Absent or empty it reaches nowhere; '*' is everywhere, and then this is never called.
-- INVOKER: it has to see as whom the change is made. Whoever row security does not hold (an administrator) is free here,
-- too, and the doors end a hold whose time is over wherever it lies: nobody's act, only what has happened already.
CREATE FUNCTION doors.appointment_within_reach()
RETURNS trigger
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reached uuid[] := string_to_array(coalesce(current_setting('app.locations', true), ''), ',')::uuid[];
BEGIN
    IF NEW.location_id = ANY (reached) AND (TG_OP = 'INSERT' OR OLD.location_id = ANY (reached)) THEN
        RETURN NEW;
    END IF;
    IF NOT row_security_active('public.appointment')
            OR TG_OP = 'UPDATE' AND current_user = 'anteroom_doors' AND NEW.status = 'lapsed' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the role does not reach this location'
        USING ERRCODE = '23514', CONSTRAINT = 'appointment_location_allowed', TABLE = 'appointment';
END
$$;
