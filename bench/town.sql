-- A town's clinic group at any size: 20 sites of 10 providers and rooms each, `bench.patients` people, `bench.visits`
-- visits of 20 minutes, 20 a day and provider from 9:00 on, four fifths of them over by `bench.today`.
-- As replica: no trigger and no foreign key looks at each row, because what is loaded is right by the way it is made.
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB';
SET synchronous_commit = off;

CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
AS $$ SELECT md5(kind || n)::uuid $$;

CREATE FUNCTION pg_temp.size(what text) RETURNS bigint LANGUAGE sql STABLE
AS $$ SELECT current_setting('bench.' || what)::bigint $$;

INSERT INTO location (id, name, time_zone)
SELECT pg_temp.id('location', n), 'Harbor Clinic ' || lpad(n::text, 2, '0'), 'America/New_York' FROM generate_series(0, 19) AS n;

INSERT INTO resource (id, kind) SELECT pg_temp.id('provider', n), 'provider' FROM generate_series(0, 199) AS n;

INSERT INTO resource (id, kind) SELECT pg_temp.id('room', n), 'room' FROM generate_series(0, 199) AS n;

INSERT INTO resource (id, kind)
SELECT pg_temp.id('patient', n), 'patient' FROM generate_series(0, pg_temp.size('patients') - 1) AS n;

INSERT INTO provider (id, family, given, prefix, position)
SELECT pg_temp.id('provider', n), 'Osei ' || n, 'Amara', 'Dr.', n FROM generate_series(0, 199) AS n;

INSERT INTO room (id, location_id, name)
SELECT pg_temp.id('room', n), pg_temp.id('location', n / 10), 'Room ' || n % 10 + 1 FROM generate_series(0, 199) AS n;

INSERT INTO schedule (id, provider_id, location_id, room_id, weekday, starts, ends, valid_from)
SELECT pg_temp.id('schedule', n * 10 + day), pg_temp.id('provider', n), pg_temp.id('location', n / 10),
    pg_temp.id('room', n), day, '09:00', '17:00', '2000-01-01'
FROM generate_series(0, 199) AS n, generate_series(1, 7) AS day;

INSERT INTO service (id, name, length_minutes, price_cents) VALUES (pg_temp.id('service', 0), 'Follow-up', 20, 12000);

INSERT INTO service_location (service_id, location_id)
SELECT pg_temp.id('service', 0), pg_temp.id('location', n) FROM generate_series(0, 19) AS n;

INSERT INTO service_provider (service_id, provider_id)
SELECT pg_temp.id('service', 0), pg_temp.id('provider', n) FROM generate_series(0, 199) AS n;

INSERT INTO patient (id, record_number, family, given, family_key, given_key, name_key, birth_date, gender, created_at)
SELECT pg_temp.id('patient', n), 100001 + n, initcap(family), initcap(given), family, given, given || ' ' || family,
    date '1930-01-01' + (n * 7919 % 33000)::integer, 'female', '2020-01-01 00:00Z'
FROM generate_series(0, pg_temp.size('patients') - 1) AS n,
    LATERAL (SELECT
        (ARRAY['jimenez', 'okafor', 'lindqvist', 'nguyen', 'haddad', 'murphy', 'silva', 'tanaka', 'smith', 'garcia'])[1 + n % 10]
            || substr(md5('f' || n % 40009), 1, 4) AS family,
        (ARRAY['rosa', 'amara', 'liam', 'noor', 'eva', 'kenji', 'maya', 'omar', 'ines', 'yusuf', 'john'])[1 + n % 11]
            || substr(md5('g' || n % 97), 1, 2) AS given) AS called;

INSERT INTO patient_telecom (id, patient_id, system, value, digits)
SELECT pg_temp.id('telecom', n), pg_temp.id('patient', n), 'phone', digits, digits
FROM generate_series(0, pg_temp.size('patients') - 1) AS n,
    LATERAL (SELECT '207' || lpad((n * 7919 % 9999991)::text, 7, '0') AS digits) AS phone;

INSERT INTO appointment (id, patient_id, service_id, provider_id, room_id, location_id, starts_at, ends_at, status,
    price_cents, booked_at)
SELECT pg_temp.id('visit', n), pg_temp.id('patient', n % pg_temp.size('patients')), pg_temp.id('service', 0),
    pg_temp.id('provider', n % 200), pg_temp.id('room', n % 200), pg_temp.id('location', n % 200 / 10),
    starts, starts + interval '20 minutes',
    CASE WHEN day < current_setting('bench.today')::date THEN 'finished' ELSE 'booked' END, 12000, '2020-01-01 00:00Z'
FROM generate_series(0, pg_temp.size('visits') - 1) AS n,
    LATERAL (SELECT pg_temp.size('visits') / 4000 AS days) AS all_of_them,
    -- Also few have two days to come: a booking among them meets days as full as one among many.
    LATERAL (SELECT current_setting('bench.today')::date
        - least(days * 4 / 5, greatest(days - 2, 0))::integer + (n / 4000)::integer AS day) AS on_day,
    LATERAL (SELECT (day + time '09:00' + n / 200 % 20 * interval '20 minutes') AT TIME ZONE 'America/New_York'
        AS starts) AS at_time;

INSERT INTO appointment_history (appointment_id, patient_id, at, to_status, starts_at, provider_id, room_id)
SELECT id, patient_id, booked_at, 'booked', starts_at, provider_id, room_id FROM appointment;

-- The constraint's index is built over the rows at once and, unlike by ADD CONSTRAINT, without comparing each with all: it
-- sleeps while they come, and VACUUM FULL builds every index anew without a look at what they forbid.
SET allow_system_table_mods = on;

UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'occupancy_busy'::regclass;

INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)
SELECT part.resource, tstzrange(a.starts_at, a.ends_at), a.id, 'appointment'
FROM appointment AS a, LATERAL (VALUES (a.patient_id), (a.provider_id), (a.room_id)) AS part (resource);

VACUUM FULL occupancy;

UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'occupancy_busy'::regclass;

RESET allow_system_table_mods;

RESET session_replication_role;

VACUUM ANALYZE;
