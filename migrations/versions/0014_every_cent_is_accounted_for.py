"""Every cent is accounted for: prices with their days, invoices, payments, drawers, and the ledger under all of them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

STAFF = "app_desk, app_clinician, app_biller, app_coordinator, app_manager"
MONEY = "app_desk, app_biller, app_manager, app_job"
MINE = "(SELECT string_to_array(current_setting('app.patients', true), ',')::uuid[])::uuid[]"

# Patients see their own of these.
SHOWN = ("invoice", "invoice_line", "payment", "refund", "attempt", "attempt_allocation", "card_on_file")
KEPT = ("ledger_transaction", "ledger_entry", "attempt_event")
APPEND_ONLY = (
    "ledger_transaction", "ledger_entry", "payment", "refund", "attempt_event", "attempt_allocation", "drawer_day_step",
)  # fmt: skip
AUDITED = {
    "coverage": ("id", "patient_id"),
    "invoice": ("id", "patient_id"),
    "invoice_line": ("id", "patient_id"),
    "payment": ("id", "patient_id"),
    "refund": ("id", "patient_id"),
    "attempt": ("id", "patient_id"),
    "card_on_file": ("id", "patient_id"),
    "drawer": ("id", ""),
    "drawer_day": ("id", ""),
    "service_price": ("id", ""),
    "billable_item": ("id", ""),
    "item_price": ("id", ""),
}
PLACES = """
    ALTER TABLE location
        ADD COLUMN currency text NOT NULL DEFAULT 'USD',
        ADD CONSTRAINT location_currency CHECK (currency ~ '^[A-Z]{3}$');
    ALTER TABLE service
        ADD COLUMN code text NOT NULL DEFAULT '',
        ADD COLUMN category text NOT NULL DEFAULT 'Visits',
        ADD CONSTRAINT service_category CHECK (length(category) between 1 and 60);
"""
TRIGGERS = """
    CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_transaction
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doors.ledger_must_balance();
    CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doors.ledger_must_balance();
    CREATE TRIGGER ledger_needs_leave BEFORE INSERT ON ledger_transaction
        FOR EACH ROW EXECUTE FUNCTION doors.ledger_needs_leave();
    CREATE TRIGGER money_within_reach BEFORE INSERT ON ledger_transaction
        FOR EACH ROW WHEN (current_setting('app.locations', true) IS DISTINCT FROM '*')
        EXECUTE FUNCTION doors.money_within_reach();
    CREATE TRIGGER money_within_reach BEFORE INSERT OR UPDATE ON invoice
        FOR EACH ROW WHEN (current_setting('app.locations', true) IS DISTINCT FROM '*')
        EXECUTE FUNCTION doors.money_within_reach();
    CREATE TRIGGER drawer_day_takes_money BEFORE INSERT ON ledger_entry
        FOR EACH ROW WHEN (NEW.drawer_day_id IS NOT NULL) EXECUTE FUNCTION doors.drawer_day_takes_money();
    CREATE TRIGGER refund_needs_leave BEFORE INSERT ON refund
        FOR EACH ROW EXECUTE FUNCTION doors.refund_needs_leave();
    CREATE TRIGGER invoice_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON invoice
        FOR EACH ROW EXECUTE FUNCTION doors.invoice_is_fixed();
    CREATE TRIGGER invoice_line_is_fixed BEFORE INSERT OR UPDATE OR DELETE ON invoice_line
        FOR EACH ROW EXECUTE FUNCTION doors.invoice_line_is_fixed();
    CREATE CONSTRAINT TRIGGER invoice_in_ledger AFTER INSERT OR UPDATE ON invoice
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'issued')
        EXECUTE FUNCTION doors.invoice_must_be_in_ledger();
    CREATE TRIGGER drawer_day_is_signed BEFORE UPDATE OR DELETE ON drawer_day
        FOR EACH ROW EXECUTE FUNCTION doors.drawer_day_is_signed();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice
        FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice_line
        FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON drawer_day
        FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
    CREATE TRIGGER keep_price AFTER INSERT OR UPDATE OF price_cents ON service
        FOR EACH ROW EXECUTE FUNCTION doors.keep_price();
"""


def upgrade() -> None:
    _run("SET LOCAL lock_timeout = '5s'")
    _run(PLACES)
    _run((SQL / "0014_tables.sql").read_text())
    _run("INSERT INTO service_price (service_id, during, cents) SELECT id, '(,)', price_cents FROM service")
    _run("SET LOCAL ROLE anteroom_doors")
    _run((SQL / "0014_guards.sql").read_text())
    guards = (
        "doors.ledger_must_balance, doors.invoice_must_be_in_ledger, doors.invoice_is_fixed, doors.invoice_line_is_fixed,"
        " doors.drawer_day_takes_money, doors.drawer_day_is_signed, doors.ledger_needs_leave, doors.refund_needs_leave,"
        " doors.money_within_reach, doors.keep_price"
    )
    _run(f"REVOKE ALL ON FUNCTION {guards} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {guards} TO anteroom_owner")
    _run("SET LOCAL ROLE anteroom_owner")
    _protect()
    _grant()
    _run(TRIGGERS)
    for table in APPEND_ONLY:
        _run(f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION doors.append_only();
            CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION doors.append_only();
        """)
    for table, (row, patient) in AUDITED.items():
        _run(f"""CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION doors.audit_change('{row}', '{patient}')""")


def downgrade() -> None:
    """Refuse: what people entered is never deleted by a migration."""
    message = "write a new migration instead"
    raise RuntimeError(message)


def _run(statement: str) -> None:
    op.get_bind().connection.driver_connection.execute(statement)


def _protect() -> None:
    for table in (*SHOWN, *KEPT, "coverage"):
        staff = f"{STAFF}, app_import, app_job" if table == "coverage" else MONEY
        _run(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY staff ON {table} TO {staff} USING (true) WITH CHECK (true);
            CREATE POLICY mine ON {table} FOR SELECT TO app_patient USING (patient_id = ANY ({MINE}));
        """)


def _grant() -> None:
    everything = ", ".join((*SHOWN, *KEPT))
    _run(f"""
        GRANT SELECT ON {everything} TO {MONEY};
        GRANT SELECT ON {", ".join((*SHOWN, *KEPT, "coverage"))} TO app_patient;
        GRANT INSERT ON {everything} TO {MONEY};
        GRANT UPDATE ON invoice, invoice_line, attempt, card_on_file TO {MONEY};
        -- Nothing of a payment is ever changed; who may change a column may lock the row.
        GRANT UPDATE (reference) ON payment TO {MONEY};
        GRANT DELETE ON invoice_line TO {MONEY};
        GRANT SELECT, INSERT, UPDATE ON invoice_counter, drawer, drawer_day TO {MONEY};
        GRANT SELECT, INSERT ON drawer_day_step TO {MONEY};
        GRANT SELECT, INSERT, UPDATE (handled_at, attempt_id) ON gateway_event TO {MONEY};
        GRANT SELECT, INSERT, UPDATE ON simulated_reader, simulated_charge, simulated_call TO {MONEY}, app_patient;
        GRANT SELECT ON coverage TO {STAFF}, app_import, app_job;
        GRANT INSERT, UPDATE ON coverage TO app_desk, app_biller, app_manager, app_import;
        GRANT SELECT ON service_price, billable_item, item_price TO {STAFF}, app_auditor, app_patient, app_import, app_job;
        GRANT INSERT, UPDATE ON service_price, billable_item, item_price TO app_manager, app_import;
        GRANT INSERT, UPDATE, DELETE ON service_price TO app_manager;
        GRANT DELETE ON item_price TO app_manager;
        GRANT UPDATE (price_cents, version) ON service TO app_job;
        GRANT INSERT, UPDATE ON service_price TO app_job;
        CREATE POLICY doors ON coverage TO anteroom_doors USING (true) WITH CHECK (true);
        GRANT SELECT, UPDATE (patient_id) ON coverage TO anteroom_doors;
    """)
