-- Money, as the models say it; a test compares the two.

CREATE TABLE billable_item (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    category TEXT NOT NULL,
    currency TEXT DEFAULT 'USD' NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT billable_item_pkey PRIMARY KEY (id),
    CONSTRAINT billable_item_code CHECK (length(code) between 1 and 20),
    CONSTRAINT billable_item_label CHECK (length(label) between 1 and 200),
    CONSTRAINT billable_item_category CHECK (length(category) between 1 and 60),
    CONSTRAINT billable_item_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT billable_item_code_key UNIQUE (code)
);

CREATE TABLE item_price (
    id UUID DEFAULT uuidv7() NOT NULL,
    item_id UUID NOT NULL,
    during DATERANGE NOT NULL,
    cents BIGINT NOT NULL,
    CONSTRAINT item_price_pkey PRIMARY KEY (id),
    CONSTRAINT item_price_cents CHECK (cents between 0 and 1000000000),
    CONSTRAINT item_price_during CHECK (not isempty(during)),
    CONSTRAINT item_price_overlap EXCLUDE USING gist (item_id WITH =, during WITH &&),
    CONSTRAINT item_price_item_id_fkey FOREIGN KEY(item_id) REFERENCES billable_item (id)
);

CREATE TABLE service_price (
    id UUID DEFAULT uuidv7() NOT NULL,
    service_id UUID NOT NULL,
    during DATERANGE NOT NULL,
    cents BIGINT NOT NULL,
    CONSTRAINT service_price_pkey PRIMARY KEY (id),
    CONSTRAINT service_price_cents CHECK (cents between 0 and 1000000000),
    CONSTRAINT service_price_during CHECK (not isempty(during)),
    CONSTRAINT service_price_overlap EXCLUDE USING gist (service_id WITH =, during WITH &&),
    CONSTRAINT service_price_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id)
);

CREATE TABLE coverage (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    payer_name TEXT NOT NULL,
    member TEXT DEFAULT '' NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    share_percent INTEGER NOT NULL,
    copay_cents BIGINT DEFAULT 0 NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT coverage_pkey PRIMARY KEY (id),
    CONSTRAINT coverage_share CHECK (share_percent between 0 and 100),
    CONSTRAINT coverage_copay CHECK (copay_cents between 0 and 1000000000),
    CONSTRAINT coverage_valid CHECK (valid_to is null or valid_from <= valid_to),
    CONSTRAINT coverage_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX coverage_patient_id_ix ON coverage (patient_id);

CREATE TABLE drawer (
    id UUID NOT NULL,
    location_id UUID NOT NULL,
    name TEXT NOT NULL,
    kind TEXT DEFAULT 'cash' NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT drawer_pkey PRIMARY KEY (id),
    CONSTRAINT drawer_location_id_name_key UNIQUE (location_id, name),
    CONSTRAINT drawer_kind_known CHECK (kind in ('cash','checks','cards')),
    CONSTRAINT drawer_name CHECK (length(name) between 1 and 60),
    CONSTRAINT drawer_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE UNIQUE INDEX drawer_kind_key ON drawer (location_id, kind) WHERE kind <> 'cash';

CREATE TABLE drawer_day (
    id UUID NOT NULL,
    drawer_id UUID NOT NULL,
    day DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_by UUID,
    float_cents BIGINT DEFAULT 0 NOT NULL,
    counts JSONB,
    counted_cents BIGINT,
    expected_cents BIGINT,
    difference_reason TEXT,
    difference_note TEXT DEFAULT '' NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    countersigned_by UUID,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT drawer_day_pkey PRIMARY KEY (id),
    CONSTRAINT drawer_day_id_drawer_id_key UNIQUE (id, drawer_id),
    CONSTRAINT drawer_day_float CHECK (float_cents >= 0),
    CONSTRAINT drawer_day_closed CHECK ((closed_at is null) = (counted_cents is null) and (closed_at is null) = (expected_cents is null) and (closed_at is null) = (closed_by is null)),
    CONSTRAINT drawer_day_difference_reason CHECK (counted_cents = expected_cents or length(trim(coalesce(difference_reason, ''))) > 0),
    CONSTRAINT drawer_day_drawer_id_fkey FOREIGN KEY(drawer_id) REFERENCES drawer (id)
);
CREATE INDEX drawer_day_drawer_id_day_ix ON drawer_day (drawer_id, day);
CREATE UNIQUE INDEX drawer_day_open_key ON drawer_day (drawer_id) WHERE closed_at is null;

CREATE TABLE drawer_day_step (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    drawer_day_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_id UUID,
    kind TEXT NOT NULL,
    expected_cents BIGINT,
    counted_cents BIGINT,
    reason TEXT,
    CONSTRAINT drawer_day_step_pkey PRIMARY KEY (id),
    CONSTRAINT drawer_day_step_kind_known CHECK (kind in ('open','close','reopen')),
    CONSTRAINT drawer_day_step_reason CHECK (kind <> 'reopen' or length(trim(coalesce(reason, ''))) > 0),
    CONSTRAINT drawer_day_step_drawer_day_id_fkey FOREIGN KEY(drawer_day_id) REFERENCES drawer_day (id)
);
CREATE INDEX drawer_day_step_drawer_day_id_ix ON drawer_day_step (drawer_day_id, id);

CREATE TABLE invoice (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    location_id UUID NOT NULL,
    appointment_id UUID,
    status TEXT DEFAULT 'draft' NOT NULL,
    kind TEXT DEFAULT 'invoice' NOT NULL,
    purpose TEXT DEFAULT 'visit' NOT NULL,
    corrects_id UUID,
    replaces_id UUID,
    year INTEGER,
    number INTEGER,
    issued_at TIMESTAMP WITH TIME ZONE,
    issued_by UUID,
    due_on DATE,
    currency TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    addressee TEXT DEFAULT '' NOT NULL,
    payer_name TEXT DEFAULT '' NOT NULL,
    payer_member TEXT DEFAULT '' NOT NULL,
    payer_reference TEXT DEFAULT '' NOT NULL,
    payer_terms TEXT DEFAULT '' NOT NULL,
    void_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT invoice_pkey PRIMARY KEY (id),
    CONSTRAINT invoice_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT invoice_location_id_year_kind_number_key UNIQUE (location_id, year, kind, number),
    CONSTRAINT invoice_status_known CHECK (status in ('draft','issued','void_draft')),
    CONSTRAINT invoice_kind_known CHECK (kind in ('invoice','credit_note')),
    CONSTRAINT invoice_purpose_known CHECK (purpose in ('visit','fee','other')),
    CONSTRAINT invoice_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT invoice_issued CHECK ((status = 'issued') = (number is not null) and (number is null) = (year is null) and (number is null) = (issued_at is null) and (number is null) = (due_on is null)),
    CONSTRAINT invoice_number CHECK (number > 0),
    CONSTRAINT invoice_corrects CHECK ((kind = 'credit_note') = (corrects_id is not null)),
    CONSTRAINT invoice_corrects_another CHECK (corrects_id <> id),
    CONSTRAINT invoice_void_reason CHECK ((status = 'void_draft') = (void_reason is not null)),
    CONSTRAINT invoice_corrects_id_patient_id_fkey FOREIGN KEY(corrects_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT invoice_replaces_id_patient_id_fkey FOREIGN KEY(replaces_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT invoice_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT invoice_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT invoice_appointment_id_fkey FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);
CREATE INDEX invoice_appointment_id_ix ON invoice (appointment_id);
CREATE UNIQUE INDEX invoice_appointment_key ON invoice (appointment_id) WHERE status <> 'void_draft' and kind = 'invoice' and replaces_id is null;
CREATE INDEX invoice_corrects_id_ix ON invoice (corrects_id);
CREATE INDEX invoice_draft_ix ON invoice (location_id, created_at) WHERE status = 'draft';
CREATE INDEX invoice_location_id_issued_at_ix ON invoice (location_id, issued_at);
CREATE INDEX invoice_patient_id_issued_at_ix ON invoice (patient_id, issued_at);
CREATE UNIQUE INDEX invoice_replaces_key ON invoice (replaces_id) WHERE status <> 'void_draft';

CREATE TABLE invoice_line (
    id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    position INTEGER NOT NULL,
    service_id UUID,
    item_id UUID,
    corrects_line_id UUID,
    code TEXT DEFAULT '' NOT NULL,
    label TEXT NOT NULL,
    quantity INTEGER DEFAULT 1 NOT NULL,
    unit_cents BIGINT NOT NULL,
    discount_cents BIGINT DEFAULT 0 NOT NULL,
    discount_reason TEXT,
    payer_cents BIGINT DEFAULT 0 NOT NULL,
    category TEXT NOT NULL,
    CONSTRAINT invoice_line_pkey PRIMARY KEY (id),
    CONSTRAINT invoice_line_invoice_id_position_key UNIQUE (invoice_id, position),
    CONSTRAINT invoice_line_position CHECK (position between 1 and 99),
    CONSTRAINT invoice_line_quantity CHECK (quantity between 1 and 999),
    CONSTRAINT invoice_line_unit CHECK (unit_cents between 0 and 1000000000),
    CONSTRAINT invoice_line_discount CHECK (discount_cents between 0 and quantity * unit_cents),
    CONSTRAINT invoice_line_payer CHECK (payer_cents between 0 and quantity * unit_cents - discount_cents),
    CONSTRAINT invoice_line_discount_reason CHECK ((discount_cents > 0) = (discount_reason is not null and length(trim(discount_reason)) > 0)),
    CONSTRAINT invoice_line_label CHECK (length(label) between 1 and 200),
    CONSTRAINT invoice_line_category CHECK (length(category) between 1 and 60),
    CONSTRAINT invoice_line_invoice_id_patient_id_fkey FOREIGN KEY(invoice_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT invoice_line_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT invoice_line_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT invoice_line_item_id_fkey FOREIGN KEY(item_id) REFERENCES billable_item (id),
    CONSTRAINT invoice_line_corrects_line_id_fkey FOREIGN KEY(corrects_line_id) REFERENCES invoice_line (id)
);
CREATE INDEX invoice_line_corrects_line_id_ix ON invoice_line (corrects_line_id);
CREATE INDEX invoice_line_patient_id_ix ON invoice_line (patient_id);

CREATE TABLE invoice_counter (
    location_id UUID NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    CONSTRAINT invoice_counter_pkey PRIMARY KEY (location_id, year, kind),
    CONSTRAINT invoice_counter_kind_known CHECK (kind in ('invoice','credit_note')),
    CONSTRAINT invoice_counter_last CHECK (last > 0),
    CONSTRAINT invoice_counter_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);

CREATE TABLE card_on_file (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    gateway TEXT NOT NULL,
    customer TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL,
    exp_month INTEGER NOT NULL,
    exp_year INTEGER NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT card_on_file_pkey PRIMARY KEY (id),
    CONSTRAINT card_on_file_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT card_on_file_gateway_method_key UNIQUE (gateway, method),
    CONSTRAINT card_on_file_last4 CHECK (last4 ~ '^[0-9]{4}$'),
    CONSTRAINT card_on_file_expiry CHECK (exp_month between 1 and 12 and exp_year between 2000 and 2199),
    CONSTRAINT card_on_file_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX card_on_file_patient_id_ix ON card_on_file (patient_id);

CREATE TABLE attempt (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    location_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    appointment_id UUID,
    gateway TEXT NOT NULL,
    direction TEXT DEFAULT 'charge' NOT NULL,
    method TEXT NOT NULL,
    reader_id TEXT,
    card_id UUID,
    payment_id UUID,
    cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT DEFAULT 'created' NOT NULL,
    external_id TEXT,
    code TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    form_key UUID NOT NULL,
    request_hash BYTEA NOT NULL,
    actor_id UUID,
    tries INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT attempt_pkey PRIMARY KEY (id),
    CONSTRAINT attempt_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT attempt_actor_id_form_key_key UNIQUE NULLS NOT DISTINCT (actor_id, form_key),
    CONSTRAINT attempt_purpose_known CHECK (purpose in ('invoice','booking','cancel_fee','refund','move_price')),
    CONSTRAINT attempt_direction_known CHECK (direction in ('charge','refund')),
    CONSTRAINT attempt_gateway_known CHECK (gateway in ('simulated','stripe')),
    CONSTRAINT attempt_method_known CHECK (method in ('card_reader','card_on_file','payment_link','portal')),
    CONSTRAINT attempt_state_known CHECK (state in ('created','authorising','requires_action','authorised','capturing','captured','declined','voiding','voided','failed','capture_failed','refunding','refunded','unknown')),
    CONSTRAINT attempt_cents CHECK (cents between 1 and 1000000000),
    CONSTRAINT attempt_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT attempt_refunds CHECK ((direction = 'refund') = (payment_id is not null)),
    CONSTRAINT attempt_created_before_expires CHECK (created_at < expires_at),
    CONSTRAINT attempt_tries CHECK (tries >= 0),
    CONSTRAINT attempt_card_id_patient_id_fkey FOREIGN KEY(card_id, patient_id) REFERENCES card_on_file (id, patient_id),
    CONSTRAINT attempt_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT attempt_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT attempt_appointment_id_fkey FOREIGN KEY(appointment_id) REFERENCES appointment (id)
);
CREATE INDEX attempt_appointment_id_ix ON attempt (appointment_id) WHERE appointment_id is not null;
CREATE UNIQUE INDEX attempt_external_id_key ON attempt (gateway, external_id) WHERE external_id is not null;
CREATE INDEX attempt_open_ix ON attempt (created_at) WHERE state not in ('captured','voided','failed','refunded');
CREATE INDEX attempt_patient_id_created_at_ix ON attempt (patient_id, created_at);
CREATE INDEX attempt_payment_id_ix ON attempt (payment_id) WHERE payment_id is not null;

CREATE TABLE ledger_transaction (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    currency TEXT NOT NULL,
    patient_id UUID,
    location_id UUID NOT NULL,
    reverses_id UUID,
    document_id UUID,
    reason TEXT,
    actor_id UUID,
    request TEXT DEFAULT '' NOT NULL,
    CONSTRAINT ledger_transaction_pkey PRIMARY KEY (id),
    CONSTRAINT ledger_transaction_kind_known CHECK (kind in ('issue','credit_note','write_off','payment','payment_failed','allocation','deposit','deposit_used','refund','reversal','float','over_short','banked')),
    CONSTRAINT ledger_transaction_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ledger_transaction_reverses_another CHECK (reverses_id is null or reverses_id <> id),
    CONSTRAINT ledger_transaction_reversal_names CHECK (kind <> 'reversal' or reverses_id is not null),
    CONSTRAINT ledger_transaction_reason CHECK (kind not in ('credit_note','write_off','payment_failed','refund','reversal','over_short') or length(trim(coalesce(reason, ''))) > 0),
    CONSTRAINT ledger_transaction_document CHECK ((kind in ('issue','credit_note')) = (document_id is not null)),
    CONSTRAINT ledger_transaction_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT ledger_transaction_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT ledger_transaction_reverses_id_key UNIQUE (reverses_id),
    CONSTRAINT ledger_transaction_reverses_id_fkey FOREIGN KEY(reverses_id) REFERENCES ledger_transaction (id),
    CONSTRAINT ledger_transaction_document_id_key UNIQUE (document_id),
    CONSTRAINT ledger_transaction_document_id_fkey FOREIGN KEY(document_id) REFERENCES invoice (id)
);
CREATE INDEX ledger_transaction_location_id_at_ix ON ledger_transaction (location_id, at);
CREATE INDEX ledger_transaction_patient_id_at_ix ON ledger_transaction (patient_id, at);

CREATE TABLE payment (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    location_id UUID NOT NULL,
    receipt_id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    purpose TEXT DEFAULT 'invoice' NOT NULL,
    appointment_id UUID,
    method TEXT NOT NULL,
    cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    tendered_cents BIGINT,
    change_cents BIGINT DEFAULT 0 NOT NULL,
    drawer_id UUID,
    attempt_id UUID,
    reference TEXT DEFAULT '' NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_id UUID,
    CONSTRAINT payment_pkey PRIMARY KEY (id),
    CONSTRAINT payment_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT payment_attempt_id_key UNIQUE (attempt_id),
    CONSTRAINT payment_method_known CHECK (method in ('card_reader','card_on_file','cash','bank_transfer','check','payment_link','portal')),
    CONSTRAINT payment_purpose_known CHECK (purpose in ('invoice','deposit')),
    CONSTRAINT payment_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payment_cents CHECK (cents between 1 and 1000000000),
    CONSTRAINT payment_change CHECK (case when method = 'cash' then tendered_cents is not null and tendered_cents - change_cents = cents and change_cents >= 0 else tendered_cents is null and change_cents = 0 end),
    CONSTRAINT payment_attempt CHECK ((method in ('card_reader','card_on_file','payment_link','portal')) = (attempt_id is not null)),
    CONSTRAINT payment_deposit_for CHECK ((purpose = 'deposit') = (appointment_id is not null)),
    CONSTRAINT payment_attempt_id_patient_id_fkey FOREIGN KEY(attempt_id, patient_id) REFERENCES attempt (id, patient_id),
    CONSTRAINT payment_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT payment_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT payment_transaction_id_key UNIQUE (transaction_id),
    CONSTRAINT payment_transaction_id_fkey FOREIGN KEY(transaction_id) REFERENCES ledger_transaction (id),
    CONSTRAINT payment_appointment_id_fkey FOREIGN KEY(appointment_id) REFERENCES appointment (id),
    CONSTRAINT payment_drawer_id_fkey FOREIGN KEY(drawer_id) REFERENCES drawer (id)
);
CREATE INDEX payment_appointment_id_ix ON payment (appointment_id) WHERE appointment_id is not null;
CREATE INDEX payment_location_id_at_ix ON payment (location_id, at);
CREATE INDEX payment_patient_id_at_ix ON payment (patient_id, at);
CREATE INDEX payment_receipt_id_ix ON payment (receipt_id);

CREATE TABLE refund (
    id UUID NOT NULL,
    payment_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    location_id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    rule TEXT DEFAULT 'decided' NOT NULL,
    method TEXT NOT NULL,
    cents BIGINT NOT NULL,
    reason TEXT NOT NULL,
    drawer_id UUID,
    attempt_id UUID,
    reference TEXT DEFAULT '' NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_id UUID,
    CONSTRAINT refund_pkey PRIMARY KEY (id),
    CONSTRAINT refund_attempt_id_key UNIQUE (attempt_id),
    CONSTRAINT refund_method_known CHECK (method in ('card','cash','bank_transfer','check')),
    CONSTRAINT refund_rule_known CHECK (rule in ('decided','cancellation')),
    CONSTRAINT refund_cents CHECK (cents between 1 and 1000000000),
    CONSTRAINT refund_reason CHECK (length(trim(reason)) > 0),
    CONSTRAINT refund_attempt CHECK ((method = 'card') = (attempt_id is not null)),
    CONSTRAINT refund_payment_id_patient_id_fkey FOREIGN KEY(payment_id, patient_id) REFERENCES payment (id, patient_id),
    CONSTRAINT refund_attempt_id_patient_id_fkey FOREIGN KEY(attempt_id, patient_id) REFERENCES attempt (id, patient_id),
    CONSTRAINT refund_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT refund_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT refund_transaction_id_key UNIQUE (transaction_id),
    CONSTRAINT refund_transaction_id_fkey FOREIGN KEY(transaction_id) REFERENCES ledger_transaction (id),
    CONSTRAINT refund_drawer_id_fkey FOREIGN KEY(drawer_id) REFERENCES drawer (id)
);
CREATE INDEX refund_location_id_at_ix ON refund (location_id, at);
CREATE INDEX refund_patient_id_at_ix ON refund (patient_id, at);
CREATE INDEX refund_payment_id_ix ON refund (payment_id);

CREATE TABLE attempt_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    attempt_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    code TEXT DEFAULT '' NOT NULL,
    words TEXT DEFAULT '' NOT NULL,
    gateway_event_id TEXT,
    actor_id UUID,
    CONSTRAINT attempt_event_pkey PRIMARY KEY (id),
    CONSTRAINT attempt_event_attempt_id_patient_id_fkey FOREIGN KEY(attempt_id, patient_id) REFERENCES attempt (id, patient_id),
    CONSTRAINT attempt_event_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX attempt_event_attempt_id_ix ON attempt_event (attempt_id, id);
CREATE INDEX attempt_event_patient_id_ix ON attempt_event (patient_id);

CREATE TABLE attempt_allocation (
    attempt_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    cents BIGINT NOT NULL,
    CONSTRAINT attempt_allocation_pkey PRIMARY KEY (attempt_id, invoice_id),
    CONSTRAINT attempt_allocation_cents CHECK (cents between 1 and 1000000000),
    CONSTRAINT attempt_allocation_attempt_id_patient_id_fkey FOREIGN KEY(attempt_id, patient_id) REFERENCES attempt (id, patient_id),
    CONSTRAINT attempt_allocation_invoice_id_patient_id_fkey FOREIGN KEY(invoice_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT attempt_allocation_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX attempt_allocation_invoice_id_ix ON attempt_allocation (invoice_id);
CREATE INDEX attempt_allocation_patient_id_ix ON attempt_allocation (patient_id);

CREATE TABLE ledger_entry (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    transaction_id UUID NOT NULL,
    account TEXT NOT NULL,
    cents BIGINT NOT NULL,
    patient_id UUID,
    invoice_id UUID,
    payment_id UUID,
    drawer_id UUID,
    drawer_day_id UUID,
    location_id UUID NOT NULL,
    category TEXT,
    CONSTRAINT ledger_entry_pkey PRIMARY KEY (id),
    CONSTRAINT ledger_entry_account_known CHECK (account in ('patient_receivable','payer_receivable','drawer_cash','card_clearing','bank_clearing','checks','revenue','fees','discounts','deposits','credits','write_offs','over_short')),
    CONSTRAINT ledger_entry_cents CHECK (cents <> 0),
    CONSTRAINT ledger_entry_of_invoice CHECK (account not in ('patient_receivable','payer_receivable','write_offs') or invoice_id is not null),
    CONSTRAINT ledger_entry_of_payment CHECK (account not in ('credits','deposits') or payment_id is not null),
    CONSTRAINT ledger_entry_of_drawer CHECK (account not in ('drawer_cash','checks','card_clearing','over_short') or (drawer_id is not null and drawer_day_id is not null)),
    CONSTRAINT ledger_entry_of_patient CHECK (account not in ('patient_receivable','payer_receivable','credits','deposits') or patient_id is not null),
    CONSTRAINT ledger_entry_of_category CHECK (account not in ('revenue','fees','discounts') or category is not null),
    CONSTRAINT ledger_entry_invoice_id_patient_id_fkey FOREIGN KEY(invoice_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT ledger_entry_drawer_day_id_drawer_id_fkey FOREIGN KEY(drawer_day_id, drawer_id) REFERENCES drawer_day (id, drawer_id),
    CONSTRAINT ledger_entry_transaction_id_fkey FOREIGN KEY(transaction_id) REFERENCES ledger_transaction (id),
    CONSTRAINT ledger_entry_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT ledger_entry_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment (id),
    CONSTRAINT ledger_entry_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX ledger_entry_credit_ix ON ledger_entry (payment_id, cents) WHERE account = 'credits';
CREATE INDEX ledger_entry_owed_ix ON ledger_entry (invoice_id, cents) WHERE account = 'patient_receivable';
CREATE INDEX ledger_entry_drawer_day_id_ix ON ledger_entry (drawer_day_id) WHERE drawer_day_id is not null;
CREATE INDEX ledger_entry_invoice_id_ix ON ledger_entry (invoice_id) WHERE invoice_id is not null;
CREATE INDEX ledger_entry_patient_id_account_ix ON ledger_entry (patient_id, account);
CREATE INDEX ledger_entry_payment_id_ix ON ledger_entry (payment_id) WHERE payment_id is not null;
CREATE INDEX ledger_entry_transaction_id_ix ON ledger_entry (transaction_id);

CREATE TABLE gateway_event (
    gateway TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempt_id UUID,
    external_id TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    handled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT gateway_event_pkey PRIMARY KEY (gateway, event_id)
);
CREATE INDEX gateway_event_attempt_id_ix ON gateway_event (attempt_id);
CREATE INDEX gateway_event_open_ix ON gateway_event (received_at) WHERE handled_at is null;

CREATE TABLE simulated_reader (
    id UUID NOT NULL,
    location_id UUID NOT NULL,
    name TEXT NOT NULL,
    next_tap TEXT DEFAULT 'approve' NOT NULL,
    keeps BOOLEAN DEFAULT false NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT simulated_reader_pkey PRIMARY KEY (id),
    CONSTRAINT simulated_reader_location_id_name_key UNIQUE (location_id, name),
    CONSTRAINT simulated_reader_name CHECK (length(name) between 1 and 60),
    CONSTRAINT simulated_reader_next_tap CHECK (next_tap in ('approve','decline','expired','time_out','offline')),
    CONSTRAINT simulated_reader_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);

CREATE TABLE simulated_charge (
    id TEXT NOT NULL,
    attempt_id UUID NOT NULL,
    key TEXT NOT NULL,
    reader_id UUID,
    cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT DEFAULT '' NOT NULL,
    captured_cents BIGINT DEFAULT 0 NOT NULL,
    refunded_cents BIGINT DEFAULT 0 NOT NULL,
    answered BOOLEAN DEFAULT true NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT simulated_charge_pkey PRIMARY KEY (id),
    CONSTRAINT simulated_charge_attempt_id_key UNIQUE (attempt_id),
    CONSTRAINT simulated_charge_key_key UNIQUE (key),
    CONSTRAINT simulated_charge_cents CHECK (cents > 0),
    CONSTRAINT simulated_charge_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT simulated_charge_state_known CHECK (state in ('authorised','captured','voided','declined')),
    CONSTRAINT simulated_charge_captured CHECK (captured_cents between 0 and cents),
    CONSTRAINT simulated_charge_refunded CHECK (refunded_cents between 0 and captured_cents),
    CONSTRAINT simulated_charge_reader_id_fkey FOREIGN KEY(reader_id) REFERENCES simulated_reader (id)
);

CREATE TABLE simulated_call (
    key TEXT NOT NULL,
    charge_id TEXT NOT NULL,
    verb TEXT NOT NULL,
    cents BIGINT DEFAULT 0 NOT NULL,
    external_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT simulated_call_pkey PRIMARY KEY (key),
    CONSTRAINT simulated_call_verb_known CHECK (verb in ('capture','void','refund')),
    CONSTRAINT simulated_call_cents CHECK (cents >= 0),
    CONSTRAINT simulated_call_charge_id_fkey FOREIGN KEY(charge_id) REFERENCES simulated_charge (id)
);
CREATE INDEX simulated_call_charge_id_ix ON simulated_call (charge_id);

ALTER TABLE attempt ADD CONSTRAINT attempt_payment_id_patient_id_fkey FOREIGN KEY(payment_id, patient_id) REFERENCES payment (id, patient_id);
