"""The clinic opens: tables, doors, trail, row security and the job queue."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = ("app_desk", "app_clinician", "app_biller", "app_coordinator", "app_manager")
EVERYBODY = (*STAFF, "app_auditor", "app_patient", "app_identity", "app_import", "app_job")

# table -> column of the patient; each has row security, forced
PATIENT_TABLES = {
    "patient": "id",
    "patient_identifier": "patient_id",
    "patient_telecom": "patient_id",
    "patient_address": "patient_id",
    "patient_contact": "patient_id",
    "patient_alert": "patient_id",
    "clinical_alert": "patient_id",
    "encounter": "patient_id",
    "encounter_detail": "patient_id",
    "appointment": "patient_id",
    "appointment_history": "patient_id",
    "account_patient": "patient_id",
}
CLINICAL = ("clinical_alert", "encounter_detail")

# table -> columns for the audit trigger: the row's id, the patient's ('' where none)
AUDITED = {
    **{table: ("id", column) for table, column in PATIENT_TABLES.items()},
    "encounter_detail": ("encounter_id", "patient_id"),
    "account_patient": ("account_id", "patient_id"),
    "account": ("id", ""),
    "account_role": ("account_id", ""),
    "location": ("id", ""),
    "room": ("id", ""),
    "provider": ("id", ""),
    "service": ("id", ""),
    "service_provider": ("service_id", ""),
    "service_location": ("service_id", ""),
    "schedule": ("id", ""),
    "closure": ("id", ""),
    "blocked_time": ("id", ""),
}
del AUDITED["appointment_history"]

PRACTICE = (
    "location", "room", "provider", "service", "service_provider", "service_location", "schedule", "closure",
    "organization", "practitioner", "blocked_time",
)  # fmt: skip


def upgrade() -> None:
    """Build everything in one transaction, as the owner."""
    _run("CREATE SCHEMA doors AUTHORIZATION anteroom_doors; CREATE SCHEMA jobs")
    _run((SQL / "0001_tables.sql").read_text())
    _install_jobs()
    _grant_doors()
    # Made by the role that owns them, so they can do what that role may and nothing else.
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0001_doors.sql").read_text())
    _run((SQL / "0001_trail.sql").read_text())
    _run("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA doors FROM PUBLIC")
    _allow_doors()
    _run("SET LOCAL ROLE anteroom_owner")
    _run((SQL / "0001_book.sql").read_text())
    _protect()
    _grant_clinic()
    _grant_people()
    _grant_jobs()
    _attach_triggers()


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    # Straight to the driver: several statements at once, and a % in them is no placeholder.
    op.get_bind().connection.driver_connection.execute(statement)


def _install_jobs() -> None:
    _run("SET LOCAL search_path = jobs")
    _run(SchemaManager.get_schema())
    _run("SET LOCAL search_path = public")
    # Its functions name their tables without a schema; ours call them with another search path.
    _run("""
        DO $$ DECLARE f regprocedure; BEGIN
            FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'jobs'::regnamespace LOOP
                EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_catalog, pg_temp', f);
            END LOOP;
        END $$""")
    # NOTIFY takes a global lock at commit (13 to 23 % of bookings under load); workers poll once a second instead.
    _run("ALTER TABLE jobs.procrastinate_jobs DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1")


def _grant_doors() -> None:
    _run("""
        GRANT USAGE, CREATE ON SCHEMA public TO anteroom_doors;
        REVOKE CREATE ON SCHEMA public FROM anteroom_doors;
        GRANT USAGE ON SCHEMA jobs TO anteroom_doors;
        GRANT SELECT, INSERT, DELETE ON occupancy TO anteroom_doors;
        GRANT SELECT, UPDATE ON appointment TO anteroom_doors;
        GRANT SELECT, UPDATE (version) ON resource TO anteroom_doors;
        GRANT INSERT ON appointment_history, audit TO anteroom_doors;
        GRANT INSERT, SELECT (id) ON jobs.procrastinate_jobs TO anteroom_doors;
        GRANT INSERT ON jobs.procrastinate_events TO anteroom_doors;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO anteroom_doors;
    """)


def _allow_doors() -> None:
    bookers = ", ".join((*STAFF, "app_patient", "app_import"))
    desk = ", ".join((*STAFF, "app_import"))
    _run(f"""
        GRANT USAGE ON SCHEMA doors TO {", ".join(EVERYBODY)}, anteroom_owner;
        GRANT EXECUTE ON FUNCTION doors.busy, doors.lock_resources, doors.settle TO {bookers}, app_job;
        GRANT EXECUTE ON FUNCTION doors.occupy, doors.vacate, doors.trade TO {desk};
        GRANT EXECUTE ON FUNCTION doors.actor, doors.moment TO {", ".join(EVERYBODY)};
        GRANT EXECUTE ON FUNCTION doors.occupancy_must_match, doors.appointment_history, doors.audit_change,
            doors.append_only TO anteroom_owner;
    """)


def _protect() -> None:
    staff = ", ".join((*STAFF, "app_import", "app_job", "app_auditor"))
    clinical = "app_clinician, app_coordinator, app_import"
    mine = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"
    for table, column in PATIENT_TABLES.items():
        readers = clinical if table in CLINICAL else staff
        if table == "account_patient":
            readers = "app_identity, app_manager"
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} TO {readers} USING (true) WITH CHECK (true);
            CREATE POLICY mine ON {table} FOR SELECT TO app_patient USING ({column} = ANY ({mine}));
        """)
    _run("""
        CREATE POLICY doors ON appointment TO anteroom_doors USING (true) WITH CHECK (true);
        CREATE POLICY doors ON appointment_history FOR INSERT TO anteroom_doors WITH CHECK (true);
        ALTER TABLE occupancy ENABLE ROW LEVEL SECURITY;
        ALTER TABLE occupancy FORCE ROW LEVEL SECURITY;
        CREATE POLICY doors ON occupancy TO anteroom_doors USING (true) WITH CHECK (true);
        CREATE POLICY staff ON occupancy FOR SELECT TO app_manager, app_auditor, app_job USING (true);
        ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
        ALTER TABLE audit FORCE ROW LEVEL SECURITY;
        CREATE POLICY doors ON audit FOR INSERT TO anteroom_doors WITH CHECK (true);
        CREATE POLICY readers ON audit FOR SELECT TO app_auditor, app_job USING (true);
        ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
        ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
        CREATE POLICY sweep ON idempotency TO app_job USING (true) WITH CHECK (true);
    """)
    callers = ", ".join((*STAFF, "app_auditor", "app_patient", "app_identity", "app_import"))
    _run(f"""CREATE POLICY own ON idempotency TO {callers}
        USING (actor = (SELECT doors.actor())) WITH CHECK (actor = (SELECT doors.actor()))""")


def _grant_clinic() -> None:
    practice = ", ".join(PRACTICE)
    callers = ", ".join((*STAFF, "app_auditor", "app_patient", "app_identity", "app_import"))
    _run(f"""
        GRANT SELECT ON {practice} TO {", ".join(EVERYBODY)};
        GRANT SELECT ON resource TO {", ".join(STAFF)}, app_auditor, app_import, app_job;
        GRANT INSERT ON resource TO app_desk, app_manager, app_import;
        GRANT UPDATE (version) ON resource TO app_manager, app_import;
        GRANT INSERT, UPDATE ON {practice} TO app_manager, app_import;
        GRANT DELETE ON schedule, closure, service_provider, service_location, blocked_time TO app_manager, app_import;
        GRANT SELECT, INSERT, UPDATE (status, location, result) ON idempotency TO {callers};
        GRANT SELECT, DELETE ON idempotency TO app_job;
        GRANT SELECT ON audit TO app_auditor, app_job;
        GRANT SELECT ON account, account_role TO app_identity, app_manager, app_auditor, app_job;
        GRANT SELECT ON account_patient TO app_identity, app_manager;
        GRANT INSERT, UPDATE ON account TO app_identity, app_manager;
        GRANT INSERT, DELETE ON account_role TO app_identity, app_manager;
        GRANT INSERT, UPDATE, DELETE ON account_patient TO app_identity, app_manager;
    """)


def _grant_people() -> None:
    desk_tables = "patient, patient_identifier, patient_telecom, patient_address, patient_contact, patient_alert"
    _run(f"""
        GRANT SELECT ON {desk_tables}, encounter, appointment, appointment_history
            TO {", ".join(STAFF)}, app_patient, app_auditor, app_job, app_import;
        GRANT SELECT ON clinical_alert, encounter_detail TO app_clinician, app_coordinator, app_import, app_patient;
        GRANT INSERT, UPDATE ON {desk_tables} TO app_desk, app_manager, app_import;
        GRANT DELETE ON patient_telecom, patient_address, patient_contact, patient_alert, patient_identifier
            TO app_desk, app_manager, app_import;
        GRANT INSERT, UPDATE ON clinical_alert TO app_clinician;
        GRANT INSERT, UPDATE ON encounter, encounter_detail, clinical_alert TO app_import;
        GRANT INSERT, UPDATE ON appointment TO app_desk, app_clinician, app_manager;
        GRANT SELECT ON occupancy TO app_manager, app_auditor, app_job;
        REVOKE ALL ON FUNCTION book, guard_visit, take_place, swap_places FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION book, guard_visit, take_place, swap_places TO app_desk, app_manager;
    """)


def _grant_jobs() -> None:
    everybody = ", ".join(EVERYBODY)
    _run(f"""
        GRANT USAGE ON SCHEMA jobs TO {everybody}, anteroom_worker;
        GRANT INSERT (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at), SELECT (id)
            ON jobs.procrastinate_jobs TO {everybody};
        GRANT INSERT ON jobs.procrastinate_events TO {everybody};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO {everybody};
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO {everybody}, anteroom_worker;
        GRANT ALL ON ALL TABLES IN SCHEMA jobs TO anteroom_worker;
        GRANT ALL ON ALL SEQUENCES IN SCHEMA jobs TO anteroom_worker;
        GRANT SELECT (id, queue_name, task_name, status, attempts, scheduled_at, worker_id), UPDATE (status, scheduled_at)
            ON jobs.procrastinate_jobs TO app_manager;
        GRANT SELECT ON jobs.procrastinate_events TO app_manager;
    """)


def _attach_triggers() -> None:
    _run("""
        CREATE TRIGGER appointment_history AFTER INSERT OR UPDATE ON appointment
            FOR EACH ROW EXECUTE FUNCTION doors.appointment_history();
        CREATE CONSTRAINT TRIGGER appointment_occupancy AFTER INSERT OR UPDATE ON appointment
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doors.occupancy_must_match();
        CREATE CONSTRAINT TRIGGER occupancy_appointment AFTER INSERT OR UPDATE OR DELETE ON occupancy
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doors.occupancy_must_match();
    """)
    for table, (row, patient) in AUDITED.items():
        _run(f"""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('{row}', '{patient}')""")
    for table in ("audit", "appointment_history"):
        _run(f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION doors.append_only();
            CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
        """)
