-- Payment links, cards that are about to be kept, and the pages of the built-in terminal, as the models say it.

CREATE TABLE payment_link (
    id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT payment_link_pkey PRIMARY KEY (id),
    CONSTRAINT payment_link_token_hash_key UNIQUE (token_hash),
    CONSTRAINT payment_link_token_hash CHECK (length(token_hash) = 32),
    CONSTRAINT payment_link_created_before_expires CHECK (created_at < expires_at),
    CONSTRAINT payment_link_invoice_id_patient_id_fkey FOREIGN KEY(invoice_id, patient_id) REFERENCES invoice (id, patient_id),
    CONSTRAINT payment_link_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE UNIQUE INDEX payment_link_live_key ON payment_link (invoice_id) WHERE revoked_at is null;
CREATE INDEX payment_link_patient_id_ix ON payment_link (patient_id);

CREATE TABLE card_setup (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    location_id UUID NOT NULL,
    gateway TEXT NOT NULL,
    customer TEXT NOT NULL,
    by_patient BOOLEAN DEFAULT false NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    external_id TEXT,
    card_id UUID,
    actor_id UUID NOT NULL,
    form_key UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT card_setup_pkey PRIMARY KEY (id),
    CONSTRAINT card_setup_actor_id_form_key_key UNIQUE (actor_id, form_key),
    CONSTRAINT card_setup_state_known CHECK (state in ('open','kept','ended')),
    CONSTRAINT card_setup_kept CHECK ((state = 'kept') = (card_id is not null)),
    CONSTRAINT card_setup_created_before_expires CHECK (created_at < expires_at),
    CONSTRAINT card_setup_card_id_patient_id_fkey FOREIGN KEY(card_id, patient_id) REFERENCES card_on_file (id, patient_id),
    CONSTRAINT card_setup_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT card_setup_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX card_setup_external_id_ix ON card_setup (external_id) WHERE external_id is not null;
CREATE INDEX card_setup_open_ix ON card_setup (created_at) WHERE state = 'open';
CREATE INDEX card_setup_patient_id_ix ON card_setup (patient_id);

CREATE TABLE simulated_page (
    id TEXT NOT NULL,
    order_id UUID NOT NULL,
    kind TEXT NOT NULL,
    cents BIGINT,
    currency TEXT NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    success_url TEXT NOT NULL,
    cancel_url TEXT NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    code TEXT DEFAULT '' NOT NULL,
    method TEXT,
    last4 TEXT,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT simulated_page_pkey PRIMARY KEY (id),
    CONSTRAINT simulated_page_order_id_key UNIQUE (order_id),
    CONSTRAINT simulated_page_kind_known CHECK (kind in ('payment','card')),
    CONSTRAINT simulated_page_state_known CHECK (state in ('open','done','closed')),
    CONSTRAINT simulated_page_amount CHECK ((kind = 'payment') = (cents is not null)),
    CONSTRAINT simulated_page_cents CHECK (cents > 0),
    CONSTRAINT simulated_page_currency CHECK (currency ~ '^[A-Z]{3}$')
);
