-- What nobody may do to money, by triggers, so that no path can forget it. INVOKER: whoever may write money sees all of it.

-- At COMMIT each transaction sums to zero in one currency, and what it touches is not overdrawn: no payment gives away more
-- than it brought, no invoice is paid beyond what is due. Locked first, so that what others committed meanwhile counts.
CREATE FUNCTION doors.ledger_must_balance()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    written uuid;
    total bigint;
    sides integer;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entry' THEN
        written := NEW.transaction_id;
    ELSE
        written := NEW.id;
    END IF;
    SELECT coalesce(sum(e.cents), 1), count(*) INTO total, sides FROM public.ledger_entry AS e WHERE e.transaction_id = written;
    IF total <> 0 OR sides < 2 THEN
        RAISE EXCEPTION 'debits and credits differ' USING ERRCODE = '23514', CONSTRAINT = 'ledger_transaction_balances';
    END IF;
    IF TG_TABLE_NAME = 'ledger_transaction' THEN
        IF EXISTS (SELECT FROM public.location AS l WHERE l.id = NEW.location_id AND l.currency <> NEW.currency)
                OR EXISTS (SELECT FROM public.ledger_entry AS e JOIN public.invoice AS i ON i.id = e.invoice_id
                    WHERE e.transaction_id = written AND i.currency <> NEW.currency)
                OR EXISTS (SELECT FROM public.ledger_entry AS e JOIN public.payment AS p ON p.id = e.payment_id
                    WHERE e.transaction_id = written AND p.currency <> NEW.currency) THEN
            RAISE EXCEPTION 'two currencies' USING ERRCODE = '23514', CONSTRAINT = 'ledger_one_currency';
        END IF;
        RETURN NULL;
    END IF;
    IF NEW.invoice_id IS NOT NULL THEN
        PERFORM FROM public.invoice AS i WHERE i.id = NEW.invoice_id FOR NO KEY UPDATE;
        IF (SELECT sum(e.cents) FROM public.ledger_entry AS e
                WHERE e.invoice_id = NEW.invoice_id AND e.account = 'patient_receivable') < 0
            OR (SELECT sum(e.cents) FROM public.ledger_entry AS e
                WHERE e.invoice_id = NEW.invoice_id AND e.account = 'payer_receivable') < 0 THEN
            RAISE EXCEPTION 'more than is due' USING ERRCODE = '23514', CONSTRAINT = 'ledger_invoice_overpaid';
        END IF;
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        PERFORM FROM public.payment AS p WHERE p.id = NEW.payment_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM public.ledger_entry AS e
                WHERE e.payment_id = NEW.payment_id AND e.account IN ('credits', 'deposits', 'patient_receivable')
                GROUP BY e.account, e.invoice_id HAVING sum(e.cents) > 0) THEN
            RAISE EXCEPTION 'more than was paid' USING ERRCODE = '23514', CONSTRAINT = 'ledger_payment_spent';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

-- An issued document is in the ledger, line by line, when it is issued.
CREATE FUNCTION doors.invoice_must_be_in_ledger()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    sign integer := CASE NEW.kind WHEN 'credit_note' THEN -1 ELSE 1 END;
    patient_lines bigint;
    payer_lines bigint;
    patient_entries bigint;
    payer_entries bigint;
BEGIN
    SELECT coalesce(sum(l.quantity * l.unit_cents - l.discount_cents - l.payer_cents), 0), coalesce(sum(l.payer_cents), 0)
        INTO patient_lines, payer_lines FROM public.invoice_line AS l WHERE l.invoice_id = NEW.id;
    SELECT coalesce(sum(e.cents) FILTER (WHERE e.account = 'patient_receivable' AND e.payment_id IS NULL), 0),
            coalesce(sum(e.cents) FILTER (WHERE e.account = 'payer_receivable'), 0)
        INTO patient_entries, payer_entries
        FROM public.ledger_transaction AS t JOIN public.ledger_entry AS e ON e.transaction_id = t.id
        WHERE t.document_id = NEW.id;
    IF (patient_lines * sign, payer_lines * sign) IS DISTINCT FROM (patient_entries, payer_entries) THEN
        RAISE EXCEPTION 'lines and ledger differ' USING ERRCODE = '23514', CONSTRAINT = 'invoice_in_ledger';
    END IF;
    RETURN NULL;
END
$$;

-- A draft changes until it is issued or void; then it never does. Nothing is deleted.
CREATE FUNCTION doors.invoice_is_fixed()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'documents stay as they were issued' USING ERRCODE = '23514', CONSTRAINT = 'invoice_issued_stays';
    END IF;
    IF NEW.appointment_id IS NOT NULL AND (TG_OP = 'INSERT' OR (OLD.appointment_id, OLD.patient_id)
            IS DISTINCT FROM (NEW.appointment_id, NEW.patient_id)) AND NOT EXISTS (
            SELECT FROM public.appointment AS a WHERE a.id = NEW.appointment_id AND a.patient_id = NEW.patient_id) THEN
        RAISE EXCEPTION 'a visit of somebody else' USING ERRCODE = '23514', CONSTRAINT = 'invoice_visit_of_patient';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION doors.invoice_line_is_fixed()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    of uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.invoice_id ELSE NEW.invoice_id END;
    state text;
BEGIN
    -- Shared, against whoever issues it just now.
    SELECT i.status INTO state FROM public.invoice AS i WHERE i.id = of FOR SHARE;
    IF state <> 'draft' OR TG_OP = 'UPDATE' AND NEW.invoice_id <> OLD.invoice_id THEN
        RAISE EXCEPTION 'documents stay as they were issued' USING ERRCODE = '23514', CONSTRAINT = 'invoice_issued_stays';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

-- Money goes into a count that is still open; shared, against whoever closes it just now.
CREATE FUNCTION doors.drawer_day_takes_money()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM FROM public.drawer_day AS d WHERE d.id = NEW.drawer_day_id AND d.closed_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the drawer was closed' USING ERRCODE = '23514', CONSTRAINT = 'drawer_day_closed_stays';
    END IF;
    RETURN NEW;
END
$$;

-- A signed day is opened again by a manager or by nobody.
CREATE FUNCTION doors.drawer_day_is_signed()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL AND (
            NEW.closed_at IS NOT NULL OR current_user IN ('app_desk', 'app_biller', 'app_job')) THEN
        RAISE EXCEPTION 'a signed day stays as it is' USING ERRCODE = '23514', CONSTRAINT = 'drawer_day_signed';
    END IF;
    RETURN NEW;
END
$$;

-- A role that holds at some locations charges and takes money there and nowhere else, as it changes visits.
CREATE FUNCTION doors.money_within_reach()
RETURNS trigger
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.location_id = ANY (string_to_array(coalesce(current_setting('app.locations', true), ''), ',')::uuid[])
            OR NOT row_security_active('public.ledger_transaction') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the role does not reach this location'
        USING ERRCODE = '23514', CONSTRAINT = 'money_location_allowed';
END
$$;

-- The desk takes money; giving up on it, or taking back what was charged, needs another role.
CREATE FUNCTION doors.ledger_needs_leave()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF current_user = 'app_desk' AND NEW.kind IN ('write_off', 'credit_note', 'reversal') THEN
        RAISE EXCEPTION 'the role may not' USING ERRCODE = '23514', CONSTRAINT = 'ledger_transaction_leave';
    END IF;
    RETURN NEW;
END
$$;

-- The desk gives back what the service's rule says, for a visit that is cancelled; whatever else is somebody's decision.
CREATE FUNCTION doors.refund_needs_leave()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.rule = 'cancellation' AND NOT EXISTS (
            SELECT FROM public.payment AS p JOIN public.appointment AS a ON a.id = p.appointment_id
            WHERE p.id = NEW.payment_id AND a.status IN ('cancelled', 'lapsed')) OR NEW.rule <> 'cancellation' AND current_user = 'app_desk' THEN
        RAISE EXCEPTION 'the role may not' USING ERRCODE = '23514', CONSTRAINT = 'refund_leave';
    END IF;
    RETURN NEW;
END
$$;

-- A service's price of today and its list of prices are one: whoever changes the one changes the other.
CREATE FUNCTION doors.keep_price()
RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    today date := (doors.moment() AT TIME ZONE coalesce(
        (SELECT l.time_zone FROM public.location AS l WHERE l.retired_at IS NULL ORDER BY l.name LIMIT 1), 'UTC'))::date;
    version public.service_price;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.service_price (service_id, during, cents) VALUES (NEW.id, '(,)', NEW.price_cents);
        RETURN NULL;
    END IF;
    SELECT * INTO version FROM public.service_price AS p WHERE p.service_id = NEW.id AND p.during @> today FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO public.service_price (service_id, during, cents) VALUES (NEW.id, daterange(today, (
            SELECT min(lower(p.during)) FROM public.service_price AS p WHERE p.service_id = NEW.id AND lower(p.during) > today
        )), NEW.price_cents);
    ELSIF version.cents <> NEW.price_cents AND lower(version.during) = today THEN
        UPDATE public.service_price AS p SET cents = NEW.price_cents WHERE p.id = version.id;
    ELSIF version.cents <> NEW.price_cents THEN
        UPDATE public.service_price AS p SET during = daterange(lower(version.during), today) WHERE p.id = version.id;
        INSERT INTO public.service_price (service_id, during, cents)
        VALUES (NEW.id, daterange(today, upper(version.during)), NEW.price_cents);
    END IF;
    RETURN NULL;
END
$$;

-- What a merge moves, with a patient's coverage; documents and payments stay with the record they were made out to.
CREATE OR REPLACE FUNCTION doors.merged_tables()
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
        ('coverage', 'id', 'EXISTS (SELECT FROM public.coverage AS k WHERE k.patient_id = $2
            AND (k.payer_name, k.member) = (t.payer_name, t.member))'),
        ('account_patient', 'account_id', 'EXISTS (SELECT FROM public.account_patient AS k WHERE k.patient_id = $2
            AND k.account_id = t.account_id)')
$$;
