-- The rows of one booking, a statement each: what PostgreSQL alone takes for them. Run by pgbench as the application: its
-- login, which enters the desk's role as every transaction of ours does, with row security on. Without our triggers, so
-- each row is written once; foreign keys are checked.
\set n :n + 1
BEGIN;
SELECT made.visit, set_config('role', 'app_desk', true) AS role, set_config('app.patients', '', true) AS patients,
    set_config('app.locations', '*', true) AS locations, set_config('app.actor', made.visit::text, true) AS actor,
    set_config('app.at', now()::text, true) AS at, set_config('app.request', made.visit::text, true) AS request,
    set_config('app.origin', '{}', true) AS origin,
    md5('provider' || :client_id)::uuid AS provider, md5('room' || :client_id)::uuid AS room,
    md5('patient' || (:client_id * 1000 + :n % 1000))::uuid AS patient, md5('service0')::uuid AS service,
    md5('location0')::uuid AS location,
    timestamptz '2040-01-01 00:00Z' + (:first + :n) * interval '20 minutes' AS starts
FROM (SELECT uuidv7() AS visit OFFSET 0) AS made \gset
INSERT INTO idempotency (actor, key, request_hash, status, location, result, created_at)
VALUES (':visit', ':visit', '\x00', 303, '/appointments/x', '{"appointment": "x"}', ':starts');
INSERT INTO appointment (id, patient_id, service_id, provider_id, room_id, location_id, starts_at, ends_at, status,
    price_cents, booked_at)
VALUES (':visit', ':patient', ':service', ':provider', ':room', ':location', ':starts',
    timestamptz ':starts' + interval '20 minutes', 'booked', 12000, ':starts');
INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)
VALUES (':patient', tstzrange(':starts', timestamptz ':starts' + interval '20 minutes'), ':visit', 'appointment');
INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)
VALUES (':provider', tstzrange(':starts', timestamptz ':starts' + interval '20 minutes'), ':visit', 'appointment');
INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)
VALUES (':room', tstzrange(':starts', timestamptz ':starts' + interval '20 minutes'), ':visit', 'appointment');
INSERT INTO availability_dirty (resource_ids, spans)
VALUES (ARRAY[':provider', ':room']::uuid[],
    tstzmultirange(tstzrange(':starts', timestamptz ':starts' + interval '20 minutes')));
INSERT INTO appointment_history (appointment_id, patient_id, at, to_status, starts_at, provider_id, room_id)
VALUES (':visit', ':patient', ':starts', 'booked', ':starts', ':provider', ':room');
INSERT INTO audit (at, role, request, table_name, row_id, patient_id, operation, changes)
VALUES (':starts', 'app_desk', ':visit', 'appointment', ':visit', ':patient', 'insert',
    '{"id": "x", "status": "booked", "lane": 0, "price_cents": 12000, "currency": "USD", "via": "desk"}');
INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, args)
VALUES ('activity', 'activity.project_changes', '{"request": "x"}') RETURNING id AS job \gset
INSERT INTO jobs.procrastinate_events (job_id, type, at) VALUES (:job, 'deferred', ':starts');
COMMIT;
