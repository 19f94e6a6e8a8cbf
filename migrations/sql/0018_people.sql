-- What there was to see until now were visits: who is there keeps these, who comes gets what is named.
ALTER TABLE account_patient
    ADD COLUMN purposes TEXT[] DEFAULT '{visits}' NOT NULL,
    ADD COLUMN starts_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN consent_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN granted_by UUID,
    ADD CONSTRAINT account_patient_purposes_known CHECK (purposes <@ array['visits','money','records']);
-- Nobody is two people: a record merged away keeps none of its own.
CREATE UNIQUE INDEX account_patient_own_key ON account_patient (account_id) WHERE relation = 'self';
ALTER TABLE account_patient ALTER COLUMN purposes SET DEFAULT '{}';

CREATE TABLE portal_rule (
    id UUID NOT NULL,
    one BOOLEAN DEFAULT true NOT NULL,
    adult_at INTEGER DEFAULT 18 NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT portal_rule_pkey PRIMARY KEY (id),
    CONSTRAINT portal_rule_one_key UNIQUE (one),
    CONSTRAINT portal_rule_one CHECK (one),
    CONSTRAINT portal_rule_adult_at CHECK (adult_at between 10 and 25)
);

-- A code that lets somebody in: the patient, or somebody who may act for them. What stands here is a keyed hash of it.
CREATE TABLE portal_invitation (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    relation TEXT NOT NULL,
    purposes TEXT[] DEFAULT '{}' NOT NULL,
    holder TEXT DEFAULT '' NOT NULL,
    access_ends_at TIMESTAMP WITH TIME ZONE,
    consent_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    used_by UUID,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT portal_invitation_pkey PRIMARY KEY (id),
    CONSTRAINT portal_invitation_digest_key UNIQUE (digest),
    CONSTRAINT portal_invitation_digest_length CHECK (length(digest) = 32),
    CONSTRAINT portal_invitation_relation_known CHECK (relation in ('self','parent','guardian','carer')),
    CONSTRAINT portal_invitation_purposes_known CHECK (purposes <@ array['visits','money','records']),
    CONSTRAINT portal_invitation_carer CHECK (relation <> 'carer' or (access_ends_at is not null and consent_at is not null)),
    CONSTRAINT portal_invitation_used CHECK ((used_at is null) = (used_by is null)),
    CONSTRAINT portal_invitation_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT portal_invitation_used_by_fkey FOREIGN KEY(used_by) REFERENCES account (id)
);
CREATE INDEX portal_invitation_patient_id_ix ON portal_invitation (patient_id);
CREATE INDEX portal_invitation_used_by_ix ON portal_invitation (used_by) WHERE used_by IS NOT NULL;

-- Somebody made an account without a code and waits for the staff to find their record.
CREATE TABLE portal_registration (
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    birth_date DATE NOT NULL,
    phone TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT DEFAULT 'waiting' NOT NULL,
    patient_id UUID,
    reason TEXT DEFAULT '' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    CONSTRAINT portal_registration_pkey PRIMARY KEY (id),
    CONSTRAINT portal_registration_account_id_key UNIQUE (account_id),
    CONSTRAINT portal_registration_status_known CHECK (status in ('waiting','matched','refused')),
    CONSTRAINT portal_registration_matched CHECK ((status = 'matched') = (patient_id is not null)),
    CONSTRAINT portal_registration_decided CHECK ((status = 'waiting') = (decided_at is null)),
    CONSTRAINT portal_registration_account_id_fkey FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT portal_registration_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX portal_registration_patient_id_ix ON portal_registration (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX portal_registration_waiting_ix ON portal_registration (created_at) WHERE status = 'waiting';
