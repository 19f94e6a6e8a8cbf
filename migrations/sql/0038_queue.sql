-- Locks a group visit: whoever takes a seat waits here for whoever is taking one. As for resources, the row's lock alone lets
-- people pass each other by: who has waited longest for a group that is wanted by many could wait for all of them.
CREATE OR REPLACE FUNCTION doors.lock_session(session uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT pg_advisory_xact_lock(uuid_hash_extended(lock_session.session, 2));
    SELECT FROM public.group_session AS s WHERE s.id = lock_session.session FOR UPDATE
$$;
