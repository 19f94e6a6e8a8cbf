-- Who may manage accounts is decided by one change after the other, so that each sees what the one before has done.
CREATE FUNCTION doors.one_change_of_accounts()
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('anteroom.accounts', 0)) $$;

-- The lock comes first and the count is a later statement: two managers who remove each other can't both pass.
CREATE FUNCTION doors.keep_a_manager()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'account' THEN
        IF NOT EXISTS (SELECT FROM public.account_role AS r WHERE r.account_id = NEW.id AND r.role = 'manager') THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM doors.one_change_of_accounts();
    IF NOT EXISTS (
        SELECT FROM public.account_role AS r JOIN public.account AS a ON a.id = r.account_id
        WHERE r.role = 'manager' AND a.disabled_at IS NULL
    ) THEN
        RAISE EXCEPTION 'the clinic would have no manager'
            USING ERRCODE = '23514', CONSTRAINT = 'account_last_manager', TABLE = 'account_role';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION doors.no_role_for_oneself()
RETURNS trigger
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.account_id = doors.actor() THEN
        RAISE EXCEPTION 'nobody gives a role to themselves'
            USING ERRCODE = '23514', CONSTRAINT = 'account_own_role', TABLE = 'account_role';
    END IF;
    RETURN NEW;
END
$$;
