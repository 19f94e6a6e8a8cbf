-- A seat of a group visit can be held as a time can: the appointment is held, has its seat, and keeps nobody's time.

-- Which seats of group visits are taken, and by nobody's name; one that is held counts until its time is over.
DROP FUNCTION doors.seats_taken(uuid[]);
CREATE FUNCTION doors.seats_taken(sessions uuid[], at timestamptz DEFAULT NULL)
RETURNS TABLE (session_id uuid, seat_no integer)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT a.group_session_id, a.seat_no FROM public.appointment AS a
    WHERE a.group_session_id = ANY (seats_taken.sessions) AND a.status NOT IN ('lapsed', 'cancelled', 'noshow')
      AND (a.status <> 'held' OR a.payment_open OR a.held_until > coalesce(seats_taken.at, doors.moment()))
$$;

-- Ends what is held of a group visit's seats and is over, or early all of it, because the group goes elsewhere; how many. After
-- the session and its resources, as every hold. None has time to give back, so that is all there is to it.
CREATE FUNCTION doors.end_held_seats(session uuid, early boolean, at timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    -- Whoever takes a seat on the portal ends what is over, and no promise to somebody else.
    promised constant boolean := NOT early OR current_setting('role') = 'app_patient';
    ended integer;
BEGIN
    PERFORM FROM public.appointment AS a
    WHERE a.group_session_id = session AND a.status = 'held' ORDER BY a.id FOR UPDATE;
    UPDATE public.appointment AS a SET status = 'lapsed', held_until = NULL, version = a.version + 1
    WHERE a.group_session_id = session AND a.status = 'held' AND NOT a.payment_open
      AND (NOT promised OR a.held_until <= end_held_seats.at);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;
