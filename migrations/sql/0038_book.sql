-- A group visit begins or goes elsewhere with those who sit in it: their rows have their place; here come locks (most callers have
-- them), guards, then occupancy.
CREATE FUNCTION public.take_group_place(session uuid, seats uuid[], schedule_version integer, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    s public.group_session;
BEGIN
    SELECT * INTO STRICT s FROM public.group_session WHERE id = session;
    PERFORM doors.lock_resources(
        array_remove(ARRAY[s.provider_id, s.room_id], NULL) || s.equipment_ids
        || ARRAY(SELECT a.patient_id FROM public.appointment AS a WHERE a.id = ANY (seats)), false
    );
    PERFORM public.guard_place(s.provider_id, s.location_id, s.starts_at, s.ends_at, schedule_version);
    PERFORM doors.settle_group(session, seats, take_group_place.at);
END
$$;
