-- What people are told, how they want to be told, and where it can't reach them; a test compares this with the models.

CREATE TABLE visit_told (
    appointment_id UUID NOT NULL,
    turn INTEGER DEFAULT 1 NOT NULL,
    planned BOOLEAN NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    location_id UUID NOT NULL,
    provider_id UUID NOT NULL,
    version INTEGER NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT visit_told_pkey PRIMARY KEY (appointment_id),
    CONSTRAINT visit_told_appointment_id_fkey FOREIGN KEY(appointment_id) REFERENCES appointment (id),
    CONSTRAINT visit_told_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT visit_told_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id)
);

CREATE TABLE message (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    account_id UUID,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    subject_id UUID NOT NULL,
    turn INTEGER DEFAULT 1 NOT NULL,
    version INTEGER,
    starts_at TIMESTAMP WITH TIME ZONE,
    was_starts_at TIMESTAMP WITH TIME ZONE,
    location_id UUID NOT NULL,
    cents BIGINT,
    currency TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    useless_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    reason TEXT,
    attempts INTEGER DEFAULT 0 NOT NULL,
    resends INTEGER DEFAULT 0 NOT NULL,
    sending_since TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    parcel_id UUID,
    dedupe_key TEXT NOT NULL,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_dedupe_key_key UNIQUE (dedupe_key),
    CONSTRAINT message_kind_known CHECK (kind in ('confirmation','change','cancellation','reminder','offer','payment','refund')),
    CONSTRAINT message_channel_known CHECK (channel in ('email','sms','in_app')),
    CONSTRAINT message_state_known CHECK (state in ('queued','sending','sent','failed','skipped')),
    CONSTRAINT message_sending CHECK ((state = 'sending') = (sending_since is not null)),
    CONSTRAINT message_sent CHECK ((state = 'sent') = (sent_at is not null)),
    CONSTRAINT message_reason CHECK ((state in ('failed','skipped')) = (reason is not null)),
    CONSTRAINT message_in_app CHECK (channel <> 'in_app' or account_id is not null),
    CONSTRAINT message_about CHECK ((kind in ('payment','refund')) = (cents is not null) and (kind in ('payment','refund')) = (currency is not null) and (kind in ('payment','refund')) = (starts_at is null)),
    CONSTRAINT message_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT message_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT message_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX message_due_ix ON message (due_at) WHERE state in ('queued','sending');
CREATE INDEX message_parcel_id_ix ON message (parcel_id);
CREATE INDEX message_patient_id_created_at_ix ON message (patient_id, created_at);
CREATE INDEX message_subject_id_ix ON message (subject_id);

CREATE TABLE contact_preference (
    patient_id UUID NOT NULL,
    language TEXT,
    visits TEXT DEFAULT 'either' NOT NULL,
    reminders TEXT DEFAULT 'either' NOT NULL,
    offers TEXT DEFAULT 'both' NOT NULL,
    money TEXT DEFAULT 'email' NOT NULL,
    reminder_minutes INTEGER[],
    quiet_from TIME WITHOUT TIME ZONE,
    quiet_to TIME WITHOUT TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT contact_preference_pkey PRIMARY KEY (patient_id),
    CONSTRAINT contact_preference_language_known CHECK (language in ('en','es')),
    CONSTRAINT contact_preference_visits_known CHECK (visits in ('either','email','sms','both','none')),
    CONSTRAINT contact_preference_reminders_known CHECK (reminders in ('either','email','sms','both','none')),
    CONSTRAINT contact_preference_offers_known CHECK (offers in ('either','email','sms','both','none')),
    CONSTRAINT contact_preference_money_known CHECK (money in ('either','email','sms','both','none')),
    CONSTRAINT contact_preference_reminder_minutes CHECK (cardinality(reminder_minutes) <= 5 and 15 <= ALL (reminder_minutes) and 43200 >= ALL (reminder_minutes)),
    CONSTRAINT contact_preference_quiet CHECK ((quiet_from is null) = (quiet_to is null) and quiet_from <> quiet_to),
    CONSTRAINT contact_preference_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);

CREATE TABLE reminder_rule (
    id UUID NOT NULL,
    service_id UUID,
    minutes INTEGER NOT NULL,
    CONSTRAINT reminder_rule_pkey PRIMARY KEY (id),
    CONSTRAINT reminder_rule_minutes CHECK (minutes between 15 and 43200),
    CONSTRAINT reminder_rule_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id)
);
CREATE UNIQUE INDEX reminder_rule_key ON reminder_rule (service_id, minutes) NULLS NOT DISTINCT;

CREATE TABLE refused_address (
    digest BYTEA NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT refused_address_pkey PRIMARY KEY (digest),
    CONSTRAINT refused_address_digest_length CHECK (length(digest) = 32),
    CONSTRAINT refused_address_reason_known CHECK (reason in ('bounced','complained','stopped'))
);

CREATE TABLE mailbox_item (
    id UUID NOT NULL,
    parcel_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    body TEXT NOT NULL,
    html TEXT DEFAULT '' NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT mailbox_item_pkey PRIMARY KEY (id),
    CONSTRAINT mailbox_item_channel_known CHECK (channel in ('email','sms')),
    CONSTRAINT mailbox_item_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX mailbox_item_at_ix ON mailbox_item (at);
CREATE INDEX mailbox_item_patient_id_ix ON mailbox_item (patient_id);
