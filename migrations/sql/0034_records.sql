-- The records of one patient: theirs, and those that were merged into it, which keep their documents. A patient's request sees
-- those of nobody whom it does not act for.
CREATE OR REPLACE FUNCTION doors.records_of(patient uuid)
RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.id FROM public.patient AS p
    WHERE (p.id = records_of.patient OR p.merged_into = records_of.patient)
      AND (current_setting('role') <> 'app_patient' OR records_of.patient = ANY (
        coalesce(string_to_array(nullif(current_setting('app.patients', true), ''), ',')::uuid[], '{}')))
    ORDER BY p.id = records_of.patient DESC, p.id
$$;
