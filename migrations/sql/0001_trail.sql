-- What happened: history of appointments and the audit of every changed row, by triggers, so no path can skip them.

CREATE FUNCTION doors.actor() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT nullif(current_setting('app.actor', true), '')::uuid $$;

CREATE FUNCTION doors.moment() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(nullif(current_setting('app.at', true), '')::timestamptz, transaction_timestamp()) $$;

CREATE FUNCTION doors.appointment_history()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (OLD.status, OLD.starts_at, OLD.provider_id, OLD.room_id)
            IS DISTINCT FROM (NEW.status, NEW.starts_at, NEW.provider_id, NEW.room_id) THEN
        INSERT INTO public.appointment_history
            (appointment_id, patient_id, at, actor, from_status, to_status, starts_at, provider_id, room_id)
        VALUES (NEW.id, NEW.patient_id, doors.moment(), doors.actor(),
            CASE WHEN TG_OP = 'UPDATE' THEN OLD.status END, NEW.status, NEW.starts_at, NEW.provider_id, NEW.room_id);
    END IF;
    RETURN NULL;
END
$$;

-- Arguments: the column that identifies the row, and the column of the patient ('' where there is none).
CREATE FUNCTION doors.audit_change()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    row_now jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    row_before jsonb;
    changes jsonb;
    request text := coalesce(nullif(current_setting('app.request', true), ''), 'tx-' || pg_current_xact_id()::text);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        row_before := to_jsonb(OLD);
        SELECT jsonb_object_agg(n.key, jsonb_build_array(row_before -> n.key, n.value)) INTO changes
        FROM jsonb_each(row_now) AS n WHERE n.value IS DISTINCT FROM row_before -> n.key;
        IF changes IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        changes := jsonb_strip_nulls(row_now);
    END IF;
    INSERT INTO public.audit (at, actor, role, request, table_name, row_id, patient_id, operation, changes)
    VALUES (doors.moment(), doors.actor(), current_setting('role'), request, TG_TABLE_NAME,
        (row_now ->> TG_ARGV[0])::uuid, nullif(row_now ->> TG_ARGV[1], '')::uuid, lower(TG_OP), changes);
    -- One job for each transaction tells the activity log; a rolled back savepoint takes mark and job back together.
    IF coalesce(current_setting('app.audit_promised', true), '') <> request THEN
        PERFORM set_config('app.audit_promised', request, true);
        INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, args)
        VALUES ('activity', 'activity.project_changes', jsonb_build_object('request', request));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION doors.append_only()
RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END
$$;
