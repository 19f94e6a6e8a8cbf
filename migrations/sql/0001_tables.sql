-- Tables of the first version; the models in webapp/*/models.py are the source, a test compares the two.

CREATE TABLE resource (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT resource_pkey PRIMARY KEY (id),
    CONSTRAINT resource_kind_known CHECK (kind in ('provider','room','equipment','patient'))
);

CREATE TABLE location (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    phone TEXT DEFAULT '' NOT NULL,
    line TEXT DEFAULT '' NOT NULL,
    city TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    postal_code TEXT DEFAULT '' NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT location_pkey PRIMARY KEY (id),
    CONSTRAINT location_name_key UNIQUE (name)
);

CREATE TABLE room (
    id UUID NOT NULL,
    location_id UUID NOT NULL,
    name TEXT NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT room_pkey PRIMARY KEY (id),
    CONSTRAINT room_location_id_name_key UNIQUE (location_id, name),
    CONSTRAINT room_id_fkey FOREIGN KEY(id) REFERENCES resource (id),
    CONSTRAINT room_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);

CREATE TABLE provider (
    id UUID NOT NULL,
    family TEXT NOT NULL,
    given TEXT NOT NULL,
    prefix TEXT DEFAULT '' NOT NULL,
    credential TEXT DEFAULT '' NOT NULL,
    specialty TEXT DEFAULT '' NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT provider_pkey PRIMARY KEY (id),
    CONSTRAINT provider_id_fkey FOREIGN KEY(id) REFERENCES resource (id)
);

CREATE TABLE service (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    length_minutes INTEGER NOT NULL,
    buffer_before_minutes INTEGER DEFAULT 0 NOT NULL,
    buffer_after_minutes INTEGER DEFAULT 0 NOT NULL,
    notice_minutes INTEGER DEFAULT 0 NOT NULL,
    price_cents INTEGER NOT NULL,
    currency TEXT DEFAULT 'USD' NOT NULL,
    needs_room BOOLEAN DEFAULT true NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT service_pkey PRIMARY KEY (id),
    CONSTRAINT service_length CHECK (length_minutes between 5 and 720 and length_minutes % 5 = 0),
    CONSTRAINT service_before CHECK (buffer_before_minutes between 0 and 120 and buffer_before_minutes % 5 = 0),
    CONSTRAINT service_after CHECK (buffer_after_minutes between 0 and 120 and buffer_after_minutes % 5 = 0),
    CONSTRAINT service_price CHECK (price_cents >= 0),
    CONSTRAINT service_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT service_notice CHECK (notice_minutes >= 0),
    CONSTRAINT service_name_key UNIQUE (name)
);

CREATE TABLE service_provider (
    service_id UUID NOT NULL,
    provider_id UUID NOT NULL,
    CONSTRAINT service_provider_pkey PRIMARY KEY (service_id, provider_id),
    CONSTRAINT service_provider_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT service_provider_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id)
);
CREATE INDEX service_provider_provider_id_ix ON service_provider (provider_id);

CREATE TABLE service_location (
    service_id UUID NOT NULL,
    location_id UUID NOT NULL,
    CONSTRAINT service_location_pkey PRIMARY KEY (service_id, location_id),
    CONSTRAINT service_location_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT service_location_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX service_location_location_id_ix ON service_location (location_id);

CREATE TABLE schedule (
    id UUID NOT NULL,
    provider_id UUID NOT NULL,
    location_id UUID NOT NULL,
    room_id UUID,
    weekday INTEGER NOT NULL,
    starts TIME WITHOUT TIME ZONE NOT NULL,
    ends TIME WITHOUT TIME ZONE NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT schedule_pkey PRIMARY KEY (id),
    CONSTRAINT schedule_weekday CHECK (weekday between 1 and 7),
    CONSTRAINT schedule_starts_before_ends CHECK (starts < ends),
    CONSTRAINT schedule_valid CHECK (valid_to is null or valid_from <= valid_to),
    CONSTRAINT schedule_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id),
    CONSTRAINT schedule_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT schedule_room_id_fkey FOREIGN KEY(room_id) REFERENCES room (id)
);
CREATE INDEX schedule_provider_id_weekday_ix ON schedule (provider_id, weekday);

CREATE TABLE closure (
    id UUID NOT NULL,
    location_id UUID NOT NULL,
    during TSTZRANGE NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT closure_pkey PRIMARY KEY (id),
    CONSTRAINT closure_during_finite CHECK (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
    CONSTRAINT closure_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX closure_during_ix ON closure USING gist (location_id, during);

CREATE TABLE organization (
    id UUID NOT NULL,
    identifier_system TEXT NOT NULL,
    identifier_value TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT DEFAULT '' NOT NULL,
    line TEXT DEFAULT '' NOT NULL,
    city TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    postal_code TEXT DEFAULT '' NOT NULL,
    CONSTRAINT organization_pkey PRIMARY KEY (id),
    CONSTRAINT organization_identifier_system_identifier_value_key UNIQUE (identifier_system, identifier_value)
);

CREATE TABLE practitioner (
    id UUID NOT NULL,
    identifier_system TEXT NOT NULL,
    identifier_value TEXT NOT NULL,
    family TEXT NOT NULL,
    given TEXT NOT NULL,
    prefix TEXT DEFAULT '' NOT NULL,
    CONSTRAINT practitioner_pkey PRIMARY KEY (id),
    CONSTRAINT practitioner_identifier_system_identifier_value_key UNIQUE (identifier_system, identifier_value)
);

CREATE TABLE patient (
    id UUID NOT NULL,
    record_number BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 100001),
    family TEXT NOT NULL,
    given TEXT NOT NULL,
    prefix TEXT DEFAULT '' NOT NULL,
    suffix TEXT DEFAULT '' NOT NULL,
    maiden_name TEXT DEFAULT '' NOT NULL,
    family_key TEXT NOT NULL,
    given_key TEXT NOT NULL,
    name_key TEXT NOT NULL,
    birth_date DATE NOT NULL,
    gender TEXT NOT NULL,
    birth_sex TEXT,
    race TEXT,
    ethnicity TEXT,
    language TEXT DEFAULT 'en' NOT NULL,
    interpreter_needed BOOLEAN DEFAULT false NOT NULL,
    marital_status TEXT,
    deceased_at TIMESTAMP WITH TIME ZONE,
    merged_into UUID,
    synthetic BOOLEAN DEFAULT false NOT NULL,
    source_digest BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT patient_pkey PRIMARY KEY (id),
    CONSTRAINT patient_record_number_key UNIQUE (record_number),
    CONSTRAINT patient_gender_known CHECK (gender in ('male','female','other','unknown')),
    CONSTRAINT patient_birth_sex_known CHECK (birth_sex is null or birth_sex in ('M','F','UNK')),
    CONSTRAINT patient_merged_into_another CHECK (merged_into is null or merged_into <> id),
    CONSTRAINT patient_name_length CHECK (length(family) between 1 and 200 and length(given) between 1 and 200),
    CONSTRAINT patient_birth_date CHECK (birth_date between '1850-01-01' and '2200-01-01'),
    CONSTRAINT patient_id_fkey FOREIGN KEY(id) REFERENCES resource (id),
    CONSTRAINT patient_merged_into_fkey FOREIGN KEY(merged_into) REFERENCES patient (id)
);
CREATE INDEX patient_birth_date_ix ON patient (birth_date);
CREATE INDEX patient_family_key_ix ON patient (family_key text_pattern_ops, given_key text_pattern_ops);
CREATE INDEX patient_given_key_ix ON patient (given_key text_pattern_ops, family_key text_pattern_ops);
CREATE INDEX patient_name_key_trgm_ix ON patient USING gin (name_key gin_trgm_ops);

CREATE TABLE patient_identifier (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    system TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT patient_identifier_pkey PRIMARY KEY (id),
    CONSTRAINT patient_identifier_system_value_key UNIQUE (system, value),
    CONSTRAINT patient_identifier_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_identifier_patient_id_ix ON patient_identifier (patient_id);

CREATE TABLE patient_telecom (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    system TEXT NOT NULL,
    value TEXT NOT NULL,
    digits TEXT DEFAULT '' NOT NULL,
    use TEXT DEFAULT 'home' NOT NULL,
    rank INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT patient_telecom_pkey PRIMARY KEY (id),
    CONSTRAINT patient_telecom_system_known CHECK (system in ('phone','email')),
    CONSTRAINT patient_telecom_use_known CHECK (use in ('home','work','mobile')),
    CONSTRAINT patient_telecom_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_telecom_digits_ix ON patient_telecom (digits text_pattern_ops);
CREATE INDEX patient_telecom_digits_reversed_ix ON patient_telecom (reverse(digits) text_pattern_ops);
CREATE INDEX patient_telecom_patient_id_ix ON patient_telecom (patient_id);

CREATE TABLE patient_address (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    line TEXT DEFAULT '' NOT NULL,
    city TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    postal_code TEXT DEFAULT '' NOT NULL,
    country TEXT DEFAULT '' NOT NULL,
    CONSTRAINT patient_address_pkey PRIMARY KEY (id),
    CONSTRAINT patient_address_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_address_patient_id_ix ON patient_address (patient_id);

CREATE TABLE patient_contact (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    name TEXT NOT NULL,
    relationship_text TEXT DEFAULT '' NOT NULL,
    phone TEXT DEFAULT '' NOT NULL,
    CONSTRAINT patient_contact_pkey PRIMARY KEY (id),
    CONSTRAINT patient_contact_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_contact_patient_id_ix ON patient_contact (patient_id);

CREATE TABLE patient_alert (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    label TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    icon TEXT DEFAULT 'triangle-alert' NOT NULL,
    tone TEXT DEFAULT 'warn' NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT patient_alert_pkey PRIMARY KEY (id),
    CONSTRAINT patient_alert_tone_known CHECK (tone in ('danger','warn','info')),
    CONSTRAINT patient_alert_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_alert_patient_id_ix ON patient_alert (patient_id);

CREATE TABLE clinical_alert (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    label TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    CONSTRAINT clinical_alert_pkey PRIMARY KEY (id),
    CONSTRAINT clinical_alert_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX clinical_alert_patient_id_ix ON clinical_alert (patient_id);

CREATE TABLE encounter (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    source_system TEXT NOT NULL,
    source_id TEXT NOT NULL,
    status TEXT NOT NULL,
    class_code TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    practitioner_id UUID,
    organization_id UUID,
    CONSTRAINT encounter_pkey PRIMARY KEY (id),
    CONSTRAINT encounter_source_system_source_id_key UNIQUE (source_system, source_id),
    CONSTRAINT encounter_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT encounter_starts_before_ends CHECK (ends_at is null or starts_at <= ends_at),
    CONSTRAINT encounter_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT encounter_practitioner_id_fkey FOREIGN KEY(practitioner_id) REFERENCES practitioner (id),
    CONSTRAINT encounter_organization_id_fkey FOREIGN KEY(organization_id) REFERENCES organization (id)
);
CREATE INDEX encounter_patient_id_starts_at_ix ON encounter (patient_id, starts_at);

CREATE TABLE encounter_detail (
    encounter_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    type_system TEXT,
    type_code TEXT,
    type_text TEXT DEFAULT '' NOT NULL,
    reason_system TEXT,
    reason_code TEXT,
    reason_text TEXT,
    CONSTRAINT encounter_detail_pkey PRIMARY KEY (encounter_id),
    CONSTRAINT encounter_detail_encounter_id_patient_id_fkey FOREIGN KEY(encounter_id, patient_id) REFERENCES encounter (id, patient_id)
);

CREATE TABLE account (
    id UUID NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    cognito_sub TEXT,
    provider_id UUID,
    disabled_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_email_lowercase CHECK (email = lower(email)),
    CONSTRAINT account_email_length CHECK (length(email) between 3 and 254),
    CONSTRAINT account_email_key UNIQUE (email),
    CONSTRAINT account_cognito_sub_key UNIQUE (cognito_sub),
    CONSTRAINT account_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id)
);

CREATE TABLE account_role (
    account_id UUID NOT NULL,
    role TEXT NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT account_role_pkey PRIMARY KEY (account_id, role),
    CONSTRAINT account_role_role_known CHECK (role in ('receptionist','clinician','biller','coordinator','manager','auditor','patient')),
    CONSTRAINT account_role_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE TABLE account_patient (
    account_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    relation TEXT NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT account_patient_pkey PRIMARY KEY (account_id, patient_id),
    CONSTRAINT account_patient_relation_known CHECK (relation in ('self','parent','guardian','carer')),
    CONSTRAINT account_patient_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT account_patient_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE UNIQUE INDEX account_patient_self_key ON account_patient (patient_id) WHERE relation = 'self';

CREATE TABLE appointment (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    service_id UUID NOT NULL,
    provider_id UUID NOT NULL,
    room_id UUID,
    location_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    buffer_before_minutes INTEGER DEFAULT 0 NOT NULL,
    buffer_after_minutes INTEGER DEFAULT 0 NOT NULL,
    status TEXT NOT NULL,
    lane INTEGER DEFAULT 0 NOT NULL,
    overbook_reason TEXT,
    held_until TIMESTAMP WITH TIME ZONE,
    payment_open BOOLEAN DEFAULT false NOT NULL,
    price_cents INTEGER NOT NULL,
    currency TEXT DEFAULT 'USD' NOT NULL,
    via TEXT DEFAULT 'desk' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    booked_by UUID,
    arrived_at TIMESTAMP WITH TIME ZONE,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    released_at TIMESTAMP WITH TIME ZONE,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    cancel_reason TEXT,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT appointment_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT appointment_status_known CHECK (status in ('held','lapsed','booked','confirmed','arrived','in_room','finished','cancelled','noshow')),
    CONSTRAINT appointment_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT appointment_on_lattice CHECK (extract(epoch from starts_at) % 300 = 0 and extract(epoch from ends_at) % 300 = 0),
    CONSTRAINT appointment_held_until CHECK ((status = 'held') = (held_until is not null)),
    CONSTRAINT appointment_payment_open CHECK (payment_open is false or status = 'held'),
    CONSTRAINT appointment_overbook_reason CHECK ((lane = 0) = (overbook_reason is null) and lane between 0 and 9),
    CONSTRAINT appointment_cancel_reason CHECK (status <> 'cancelled' or cancel_reason is not null),
    CONSTRAINT appointment_price CHECK (price_cents >= 0),
    CONSTRAINT appointment_via_known CHECK (via in ('desk','phone','portal','walk_in')),
    CONSTRAINT appointment_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT appointment_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT appointment_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id),
    CONSTRAINT appointment_room_id_fkey FOREIGN KEY(room_id) REFERENCES room (id),
    CONSTRAINT appointment_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX appointment_location_id_starts_at_ix ON appointment (location_id, starts_at);
CREATE INDEX appointment_patient_id_starts_at_ix ON appointment (patient_id, starts_at);
CREATE INDEX appointment_provider_id_starts_at_ix ON appointment (provider_id, starts_at);

CREATE TABLE appointment_history (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    appointment_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor UUID,
    from_status TEXT,
    to_status TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    provider_id UUID NOT NULL,
    room_id UUID,
    CONSTRAINT appointment_history_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_history_appointment_id_patient_id_fkey FOREIGN KEY(appointment_id, patient_id) REFERENCES appointment (id, patient_id)
);
CREATE INDEX appointment_history_appointment_id_ix ON appointment_history (appointment_id, id);

CREATE TABLE blocked_time (
    id UUID NOT NULL,
    resource_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    label TEXT NOT NULL,
    CONSTRAINT blocked_time_pkey PRIMARY KEY (id),
    CONSTRAINT blocked_time_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT blocked_time_resource_id_fkey FOREIGN KEY(resource_id) REFERENCES resource (id)
);
CREATE INDEX blocked_time_resource_id_starts_at_ix ON blocked_time (resource_id, starts_at);

CREATE TABLE occupancy (
    id UUID DEFAULT uuidv7() NOT NULL,
    resource_id UUID NOT NULL,
    lane INTEGER DEFAULT 0 NOT NULL,
    during TSTZRANGE NOT NULL,
    owner_id UUID NOT NULL,
    owner_kind TEXT NOT NULL,
    lapses_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT occupancy_pkey PRIMARY KEY (id),
    CONSTRAINT occupancy_busy EXCLUDE USING gist (resource_id WITH =, lane WITH =, during WITH &&, owner_id WITH <>),
    CONSTRAINT occupancy_during_finite CHECK (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
    CONSTRAINT occupancy_owner_kind_known CHECK (owner_kind in ('appointment','group_session','blocked_time','leave')),
    CONSTRAINT occupancy_lane CHECK (lane between 0 and 9),
    CONSTRAINT occupancy_resource_id_fkey FOREIGN KEY(resource_id) REFERENCES resource (id)
);
CREATE INDEX occupancy_owner_id_ix ON occupancy (owner_id);

CREATE TABLE idempotency (
    actor UUID NOT NULL,
    key UUID NOT NULL,
    request_hash BYTEA NOT NULL,
    status INTEGER NOT NULL,
    location TEXT NOT NULL,
    result JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_created_at_ix ON idempotency (created_at);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor UUID,
    role TEXT NOT NULL,
    request TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_id UUID NOT NULL,
    patient_id UUID,
    operation TEXT NOT NULL,
    changes JSONB NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_patient_id_ix ON audit (patient_id, id);
CREATE INDEX audit_request_ix ON audit (request);

