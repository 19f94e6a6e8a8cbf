-- Two records of one person become one, and two again. Rows are pointed at the record that stays, never copied or deleted,
-- and each is written down, so that undoing it gives back exactly those.

-- What moves: table, its key, and of which row the record that stays has the like already ("t" is the row, $2 the record
-- that stays). Those, and what is no row of these tables (identifiers, history, audit), stay where they are.
CREATE FUNCTION doors.merged_tables()
RETURNS TABLE (name text, key text, known text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('series', 'id', 'false'),
        ('appointment', 'id', 'false'),
        ('waiting_wish', 'id', 'false'),
        ('waiting_offer', 'id', 'false'),
        ('encounter', 'id', 'false'),
        ('encounter_detail', 'encounter_id', 'false'),
        ('patient_telecom', 'id', 'EXISTS (SELECT FROM public.patient_telecom AS k WHERE k.patient_id = $2
            AND (k.system, k.value) = (t.system, t.value))'),
        ('patient_address', 'id', 'EXISTS (SELECT FROM public.patient_address AS k WHERE k.patient_id = $2)'),
        ('patient_contact', 'id', 'EXISTS (SELECT FROM public.patient_contact AS k WHERE k.patient_id = $2
            AND (k.name, k.phone) = (t.name, t.phone))'),
        ('patient_alert', 'id', 'EXISTS (SELECT FROM public.patient_alert AS k WHERE k.patient_id = $2
            AND (k.label, k.detail) = (t.label, t.detail))'),
        ('clinical_alert', 'id', 'EXISTS (SELECT FROM public.clinical_alert AS k WHERE k.patient_id = $2
            AND (k.label, k.detail) = (t.label, t.detail))'),
        ('account_patient', 'account_id', 'EXISTS (SELECT FROM public.account_patient AS k WHERE k.patient_id = $2
            AND k.account_id = t.account_id)')
$$;

-- Holds back what hangs together with a row that stays: a repeated visit and its rule, a wish and the visit it would give
-- up, an offer and what it holds. The constraints themselves say what that is, so none can be forgotten here.
CREATE FUNCTION doors.keep_together(merge uuid, whose uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    link record;
    held_back integer;
    more boolean := true;
BEGIN
    WHILE more LOOP
        more := false;
        FOR link IN
            SELECT child.name AS child, child.key, k.column_name AS points, parent.name AS parent
            FROM doors.merged_tables() AS child
            JOIN LATERAL (
                SELECT c.confrelid::regclass::text AS parent, a.attname AS column_name
                FROM pg_constraint AS c
                JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> 'patient_id'
                WHERE c.contype = 'f' AND c.conrelid = ('public.' || child.name)::regclass AND cardinality(c.conkey) = 2
                  AND EXISTS (SELECT FROM pg_attribute AS p
                      WHERE p.attrelid = c.conrelid AND p.attnum = ANY (c.conkey) AND p.attname = 'patient_id')
            ) AS k ON true
            JOIN doors.merged_tables() AS parent ON parent.name = k.parent
            ORDER BY child.name, k.column_name
        LOOP
            EXECUTE format($sql$
                UPDATE public.patient_merge_row AS r SET outcome = 'stayed'
                FROM public.%1$I AS c
                WHERE r.merge_id = $1 AND r.outcome = 'moved' AND c.patient_id = $2 AND c.%2$I IS NOT NULL AND (
                    (r.table_name = %3$L AND r.row_id = c.%4$I AND NOT EXISTS (
                        SELECT FROM public.patient_merge_row AS o WHERE o.merge_id = $1 AND o.outcome = 'moved'
                          AND o.table_name = %5$L AND o.row_id = c.%2$I))
                    OR (r.table_name = %5$L AND r.row_id = c.%2$I AND NOT EXISTS (
                        SELECT FROM public.patient_merge_row AS o WHERE o.merge_id = $1 AND o.outcome = 'moved'
                          AND o.table_name = %3$L AND o.row_id = c.%4$I)))
            $sql$, link.child, link.points, link.child, link.key, link.parent) USING merge, whose;
            GET DIAGNOSTICS held_back = ROW_COUNT;
            more := more OR held_back > 0;
        END LOOP;
    END LOOP;
END
$$;

-- Points the rows of a merge from one record at the other, and gives their visits the other person's time.
CREATE FUNCTION doors.point_at(merge uuid, from_patient uuid, to_patient uuid, ranks integer, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    part record;
    visit uuid;
BEGIN
    SET CONSTRAINTS ALL DEFERRED;
    FOR part IN SELECT * FROM doors.merged_tables() LOOP
        EXECUTE format($sql$
            UPDATE public.%1$I AS t SET patient_id = $3 %4$s
            FROM public.patient_merge_row AS r
            WHERE r.merge_id = $1 AND r.outcome = 'moved' AND r.table_name = %2$L AND r.row_id = t.%3$I
              AND t.patient_id = $2
        $sql$, part.name, part.name, part.key,
            -- The numbers of the record that stays are tried first.
            CASE part.name WHEN 'patient_telecom' THEN ', rank = t.rank + $4' ELSE '' END)
        USING merge, from_patient, to_patient, ranks;
    END LOOP;
    FOR visit IN
        SELECT r.row_id FROM public.patient_merge_row AS r
        WHERE r.merge_id = merge AND r.outcome = 'moved' AND r.table_name = 'appointment' ORDER BY r.row_id
    LOOP
        PERFORM doors.settle(visit, point_at.at);
    END LOOP;
END
$$;

-- Locks the visits of one record, then both people, then their rows, in the order of every change. False: a visit came
-- meanwhile whose row should have been locked before these, so the caller begins again.
CREATE FUNCTION doors.lock_people(whose uuid, one uuid, other uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    visits uuid[];
BEGIN
    SELECT array_agg(locked.id) INTO visits FROM (
        SELECT a.id FROM public.appointment AS a WHERE a.patient_id = whose AND a.status <> 'held' ORDER BY a.id FOR UPDATE
    ) AS locked;
    PERFORM doors.lock_resources(ARRAY[one, other], true);
    PERFORM FROM public.appointment AS a WHERE a.patient_id = whose AND a.status = 'held' ORDER BY a.id FOR UPDATE;
    PERFORM FROM public.patient AS p WHERE p.id IN (one, other) ORDER BY p.id FOR UPDATE;
    RETURN NOT EXISTS (
        SELECT FROM public.appointment AS a
        WHERE a.patient_id = whose AND a.status <> 'held' AND a.id <> ALL (coalesce(visits, '{}'))
    );
END
$$;

CREATE FUNCTION doors.merge_patients(new_id uuid, stays uuid, goes uuid, actor uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    part record;
    locked boolean := doors.lock_people(goes, stays, goes);
BEGIN
    IF (SELECT count(*) FROM public.patient AS p WHERE p.id IN (stays, goes) AND p.merged_into IS NULL) <> 2 THEN
        RAISE EXCEPTION 'one of the records was merged' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_merged';
    END IF;
    IF NOT locked THEN
        RAISE EXCEPTION 'a visit was booked meanwhile' USING ERRCODE = '40001';
    END IF;
    IF EXISTS (SELECT FROM public.patient AS p JOIN public.patient AS k ON k.id = stays
            WHERE p.id = goes AND p.deceased_at IS NOT NULL AND k.deceased_at IS NULL) THEN
        RAISE EXCEPTION 'a death would be lost' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_death';
    END IF;
    IF (SELECT count(*) FROM public.account_patient AS a WHERE a.patient_id IN (stays, goes) AND a.relation = 'self') > 1 THEN
        RAISE EXCEPTION 'both have an account' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_accounts';
    END IF;
    IF EXISTS (
        SELECT FROM public.occupancy AS o JOIN public.occupancy AS k ON k.resource_id = stays AND k.during && o.during
        WHERE o.resource_id = goes AND greatest(upper(o.during), upper(k.during)) > merge_patients.at
    ) THEN
        RAISE EXCEPTION 'two visits at once' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_overlap';
    END IF;
    INSERT INTO public.patient_merge (id, patient_id, merged_id, merged_at, merged_by)
    VALUES (new_id, stays, goes, merge_patients.at, actor);
    FOR part IN SELECT * FROM doors.merged_tables() LOOP
        EXECUTE format($sql$
            INSERT INTO public.patient_merge_row (merge_id, patient_id, table_name, row_id, outcome)
            SELECT $1, $2, %1$L, t.%2$I, CASE WHEN %3$s THEN 'stayed' ELSE 'moved' END
            FROM public.%1$I AS t WHERE t.patient_id = $3
        $sql$, part.name, part.key, part.known) USING new_id, stays, goes;
    END LOOP;
    -- Of two visits at once that are both over, which of them took place is for nobody to say now.
    UPDATE public.patient_merge_row AS r SET outcome = 'stayed'
    FROM public.occupancy AS o JOIN public.occupancy AS k ON k.resource_id = stays AND k.during && o.during
    WHERE r.merge_id = new_id AND r.table_name = 'appointment' AND r.row_id = o.owner_id AND o.resource_id = goes;
    PERFORM doors.keep_together(new_id, goes);
    IF EXISTS (
        SELECT FROM public.patient_merge_row AS r JOIN public.occupancy AS o ON o.owner_id = r.row_id
        WHERE r.merge_id = new_id AND r.table_name = 'appointment' AND r.outcome = 'stayed'
          AND o.resource_id = goes AND upper(o.during) > merge_patients.at
    ) THEN
        RAISE EXCEPTION 'two visits at once' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_overlap';
    END IF;
    -- What stays by itself is no part of the merge: undoing it changes nothing there.
    DELETE FROM public.patient_merge_row AS r WHERE r.merge_id = new_id AND r.outcome = 'stayed';
    PERFORM doors.point_at(new_id, goes, stays, 100, merge_patients.at);
    UPDATE public.patient SET merged_into = stays, version = version + 1 WHERE id = goes;
    -- Whoever was merged into the one that goes is met as the one that stays, in one step.
    UPDATE public.patient SET merged_into = stays WHERE merged_into = goes;
    UPDATE public.patient SET version = version + 1 WHERE id = stays;
    UPDATE public.patient_merge SET audit_id = (SELECT max(u.id) FROM public.audit AS u WHERE u.patient_id IN (stays, goes))
    WHERE id = new_id;
END
$$;

-- Gives the rows of a merge back, save those that somebody has changed since.
CREATE FUNCTION doors.unmerge_patients(merge uuid, actor uuid, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    m public.patient_merge;
    part record;
    locked boolean;
BEGIN
    SELECT * INTO STRICT m FROM public.patient_merge AS k WHERE k.id = merge;
    locked := doors.lock_people(m.patient_id, m.patient_id, m.merged_id);
    SELECT * INTO STRICT m FROM public.patient_merge AS k WHERE k.id = merge FOR UPDATE;
    IF m.undone_at IS NOT NULL THEN
        RAISE EXCEPTION 'undone already' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_undone';
    END IF;
    IF (SELECT p.merged_into FROM public.patient AS p WHERE p.id = m.patient_id) IS NOT NULL THEN
        RAISE EXCEPTION 'merged further' USING ERRCODE = '23514', CONSTRAINT = 'patient_merge_merged';
    END IF;
    IF NOT locked THEN
        RAISE EXCEPTION 'a visit was booked meanwhile' USING ERRCODE = '40001';
    END IF;
    FOR part IN SELECT * FROM doors.merged_tables() LOOP
        EXECUTE format($sql$
            UPDATE public.patient_merge_row AS r SET outcome = 'stayed'
            WHERE r.merge_id = $1 AND r.outcome = 'moved' AND r.table_name = %1$L AND (
                NOT EXISTS (SELECT FROM public.%1$I AS t WHERE t.%2$I = r.row_id AND t.patient_id = $2)
                OR EXISTS (SELECT FROM public.audit AS u
                    WHERE u.patient_id = $2 AND u.id > $3 AND u.table_name = %1$L AND u.row_id = r.row_id
                      AND (u.changes - ARRAY['patient_id', 'rank']) <> '{}'))
        $sql$, part.name, part.key) USING merge, m.patient_id, m.audit_id;
    END LOOP;
    PERFORM doors.keep_together(merge, m.patient_id);
    PERFORM doors.point_at(merge, m.patient_id, m.merged_id, -100, unmerge_patients.at);
    UPDATE public.patient_merge_row SET outcome = 'returned' WHERE merge_id = merge AND outcome = 'moved';
    UPDATE public.patient SET merged_into = NULL, version = version + 1 WHERE id = m.merged_id;
    WITH RECURSIVE below (id) AS (
        SELECT k.merged_id FROM public.patient_merge AS k WHERE k.patient_id = m.merged_id AND k.undone_at IS NULL
        UNION
        SELECT k.merged_id FROM public.patient_merge AS k JOIN below AS b ON k.patient_id = b.id WHERE k.undone_at IS NULL
    )
    UPDATE public.patient AS p SET merged_into = m.merged_id FROM below WHERE p.id = below.id;
    UPDATE public.patient SET version = version + 1 WHERE id = m.patient_id;
    UPDATE public.patient_merge SET undone_at = unmerge_patients.at, undone_by = actor WHERE id = merge;
END
$$;
