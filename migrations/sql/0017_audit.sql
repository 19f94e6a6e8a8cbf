-- The audit keeps where a change came from, when the activity log learns of it by this job alone.

-- Arguments: the column that identifies the row, and the column of the patient ('' where there is none).
CREATE OR REPLACE FUNCTION doors.audit_change()
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
    INSERT INTO public.audit (at, actor, role, request, table_name, row_id, patient_id, operation, changes, origin)
    VALUES (doors.moment(), doors.actor(), current_setting('role'), request, TG_TABLE_NAME,
        (row_now ->> TG_ARGV[0])::uuid, nullif(row_now ->> TG_ARGV[1], '')::uuid, lower(TG_OP), changes,
        nullif(current_setting('app.origin', true), '')::jsonb);
    -- One job for each transaction tells the activity log; a rolled back savepoint takes mark and job back together.
    IF coalesce(current_setting('app.audit_promised', true), '') <> request THEN
        PERFORM set_config('app.audit_promised', request, true);
        INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, args)
        VALUES ('activity', 'activity.project_changes', jsonb_build_object('request', request));
    END IF;
    RETURN NULL;
END
$$;
