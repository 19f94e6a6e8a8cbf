-- Which days of which places have to be projected again: every change leaves a mark in its own transaction. A mark is
-- as cheap as can be, because each booking pays for it: what was touched and when, in one row a statement. Which places
-- and days that means is found out by whoever takes the marks.

-- Occupancy came, went or changed hands. Patients are left out: no projection tells anything about them.
CREATE FUNCTION doors.mark_occupancy()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO public.availability_dirty (resource_ids, spans)
    SELECT array_agg(o.resource_id), range_agg(o.during)
    FROM changed AS o
    -- A subquery, not a join: about a transition table the planner knows nothing, and might read all resources.
    WHERE (SELECT r.kind FROM public.resource AS r WHERE r.id = o.resource_id) <> 'patient'
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

-- Hours, closures, leave, rooms and equipment. Arguments: the column that says whose plan it is, and whether that is a
-- place or a resource. A row without a time of its own is about all days.
CREATE FUNCTION doors.mark_plan()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO public.availability_dirty (resource_ids, location_ids, spans)
    SELECT CASE WHEN TG_ARGV[1] = 'resource' THEN ARRAY[plan.whose] ELSE '{}' END,
        CASE WHEN TG_ARGV[1] = 'place' THEN ARRAY[plan.whose] ELSE '{}' END,
        tstzmultirange(plan.span)
    FROM (
        SELECT DISTINCT (image.it ->> TG_ARGV[0])::uuid AS whose, CASE
            WHEN image.it ? 'during' THEN (image.it ->> 'during')::tstzrange
            WHEN image.it ? 'starts_at' THEN
                tstzrange((image.it ->> 'starts_at')::timestamptz, (image.it ->> 'ends_at')::timestamptz)
            ELSE '(,)'::tstzrange
        END AS span
        FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END
        ]) AS image (it)
        WHERE image.it IS NOT NULL
    ) AS plan;
    RETURN NULL;
END
$$;
