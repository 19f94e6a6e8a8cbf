-- Each time that reminders were switched; the last row counts, and without one they are sent.
CREATE TABLE reminder_switch (
    id UUID NOT NULL,
    sends BOOLEAN NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    CONSTRAINT reminder_switch_pkey PRIMARY KEY (id)
);
GRANT SELECT ON reminder_switch TO
    app_desk, app_clinician, app_biller, app_coordinator, app_manager, app_auditor, app_job, app_patient;
GRANT INSERT ON reminder_switch TO app_manager;
CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON reminder_switch
    FOR EACH ROW EXECUTE FUNCTION doors.audit_change('id', '');
