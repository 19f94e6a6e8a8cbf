-- Cluster roles of Anteroom; run by an administrator, as often as you like. Login roles get their passwords elsewhere.
-- The login roles own nothing and may do nothing by themselves: each transaction takes on one scope role.
DO $$
DECLARE
    name text;
    scopes constant text[] := ARRAY['app_desk', 'app_clinician', 'app_biller', 'app_coordinator', 'app_manager',
        'app_auditor', 'app_patient', 'app_identity', 'app_import', 'app_job'];
BEGIN
    FOREACH name IN ARRAY scopes || ARRAY['anteroom_owner', 'anteroom_doors'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
        END IF;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['anteroom_migrator', 'anteroom_app', 'anteroom_worker', 'anteroom_backup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', name);
        END IF;
    END LOOP;
    FOREACH name IN ARRAY scopes LOOP
        EXECUTE format('GRANT %I TO anteroom_worker WITH INHERIT FALSE, SET TRUE', name);
        IF name <> 'app_job' THEN
            EXECUTE format('GRANT %I TO anteroom_app WITH INHERIT FALSE, SET TRUE', name);
        END IF;
    END LOOP;
END
$$;

-- Migrations run as the owner; data migrations step back to the migrator, who may see every row.
ALTER ROLE anteroom_migrator BYPASSRLS;
ALTER ROLE anteroom_backup BYPASSRLS;
GRANT anteroom_owner TO anteroom_migrator WITH INHERIT TRUE, SET TRUE;
GRANT anteroom_doors TO anteroom_migrator WITH INHERIT FALSE, SET TRUE;
GRANT anteroom_doors TO anteroom_owner WITH INHERIT FALSE, SET TRUE;
GRANT pg_read_all_data TO anteroom_backup WITH INHERIT TRUE;
