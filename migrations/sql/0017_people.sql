-- What there was to see until now were visits: who is there keeps these, who comes gets what is named.
ALTER TABLE account_patient
    ADD COLUMN purposes TEXT[] DEFAULT '{visits}' NOT NULL,
    ADD COLUMN starts_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN consent_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN granted_by UUID,
    ADD CONSTRAINT account_patient_purposes_known CHECK (purposes <@ array['visits','money','records']);
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
