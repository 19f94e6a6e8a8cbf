-- What the complete front desk needs, as the models say it; a test compares the two.

CREATE TABLE equipment (
    id UUID NOT NULL,
    location_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT equipment_pkey PRIMARY KEY (id),
    CONSTRAINT equipment_location_id_name_key UNIQUE (location_id, name),
    CONSTRAINT equipment_id_fkey FOREIGN KEY(id) REFERENCES resource (id),
    CONSTRAINT equipment_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);

CREATE TABLE service_room (
    service_id UUID NOT NULL,
    room_id UUID NOT NULL,
    CONSTRAINT service_room_pkey PRIMARY KEY (service_id, room_id),
    CONSTRAINT service_room_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT service_room_room_id_fkey FOREIGN KEY(room_id) REFERENCES room (id)
);
CREATE INDEX service_room_room_id_ix ON service_room (room_id);

CREATE TABLE service_equipment (
    service_id UUID NOT NULL,
    kind TEXT NOT NULL,
    CONSTRAINT service_equipment_pkey PRIMARY KEY (service_id, kind),
    CONSTRAINT service_equipment_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id)
);

CREATE TABLE service_part (
    service_id UUID NOT NULL,
    position INTEGER NOT NULL,
    part_id UUID NOT NULL,
    gap_minutes INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT service_part_pkey PRIMARY KEY (service_id, position),
    CONSTRAINT service_part_position CHECK (position between 1 and 8),
    CONSTRAINT service_part_gap CHECK (gap_minutes between 0 and 240 and gap_minutes % 5 = 0),
    CONSTRAINT service_part_of_another CHECK (part_id <> service_id),
    CONSTRAINT service_part_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT service_part_part_id_fkey FOREIGN KEY(part_id) REFERENCES service (id)
);
CREATE INDEX service_part_part_id_ix ON service_part (part_id);

CREATE TABLE extra_hours (
    id UUID NOT NULL,
    provider_id UUID NOT NULL,
    location_id UUID NOT NULL,
    room_id UUID,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    CONSTRAINT extra_hours_pkey PRIMARY KEY (id),
    CONSTRAINT extra_hours_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT extra_hours_one_day CHECK (ends_at - starts_at <= interval '24 hours'),
    CONSTRAINT extra_hours_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id),
    CONSTRAINT extra_hours_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id),
    CONSTRAINT extra_hours_room_id_fkey FOREIGN KEY(room_id) REFERENCES room (id)
);
CREATE INDEX extra_hours_provider_id_starts_at_ix ON extra_hours (provider_id, starts_at);

CREATE TABLE leave (
    id UUID NOT NULL,
    provider_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT leave_pkey PRIMARY KEY (id),
    CONSTRAINT leave_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT leave_kind_known CHECK (kind in ('vacation','sick','training','other')),
    CONSTRAINT leave_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id)
);
CREATE INDEX leave_provider_id_starts_at_ix ON leave (provider_id, starts_at);

CREATE TABLE group_session (
    id UUID NOT NULL,
    service_id UUID NOT NULL,
    provider_id UUID NOT NULL,
    room_id UUID,
    location_id UUID NOT NULL,
    equipment_ids UUID[] DEFAULT '{}' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    buffer_before_minutes INTEGER DEFAULT 0 NOT NULL,
    buffer_after_minutes INTEGER DEFAULT 0 NOT NULL,
    capacity INTEGER NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    cancel_reason TEXT,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT group_session_pkey PRIMARY KEY (id),
    CONSTRAINT group_session_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT group_session_on_lattice CHECK (extract(epoch from starts_at) % 300 = 0 and extract(epoch from ends_at) % 300 = 0),
    CONSTRAINT group_session_capacity CHECK (capacity between 2 and 50),
    CONSTRAINT group_session_status_known CHECK (status in ('open','cancelled')),
    CONSTRAINT group_session_cancel_reason CHECK ((status = 'cancelled') = (cancel_reason is not null)),
    CONSTRAINT group_session_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT group_session_provider_id_fkey FOREIGN KEY(provider_id) REFERENCES provider (id),
    CONSTRAINT group_session_room_id_fkey FOREIGN KEY(room_id) REFERENCES room (id),
    CONSTRAINT group_session_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX group_session_location_id_starts_at_ix ON group_session (location_id, starts_at);
CREATE INDEX group_session_provider_id_starts_at_ix ON group_session (provider_id, starts_at);

CREATE TABLE series (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    frequency TEXT NOT NULL,
    every INTEGER DEFAULT 1 NOT NULL,
    count INTEGER,
    until DATE,
    time_zone TEXT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    CONSTRAINT series_pkey PRIMARY KEY (id),
    CONSTRAINT series_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT series_frequency_known CHECK (frequency in ('daily','weekly','monthly')),
    CONSTRAINT series_every CHECK (every between 1 and 52),
    CONSTRAINT series_count_or_until CHECK ((count is null) <> (until is null)),
    CONSTRAINT series_count CHECK (count is null or count between 2 and 104),
    CONSTRAINT series_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX series_patient_id_ix ON series (patient_id);

CREATE TABLE waiting_wish (
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    service_id UUID NOT NULL,
    location_id UUID,
    provider_ids UUID[] DEFAULT '{}' NOT NULL,
    weekdays INTEGER[] DEFAULT '{1,2,3,4,5,6,7}' NOT NULL,
    from_time TIME WITHOUT TIME ZONE DEFAULT '00:00' NOT NULL,
    to_time TIME WITHOUT TIME ZONE DEFAULT '23:59:59' NOT NULL,
    earliest DATE NOT NULL,
    latest DATE,
    urgency INTEGER DEFAULT 1 NOT NULL,
    notice_minutes INTEGER DEFAULT 0 NOT NULL,
    appointment_id UUID,
    note TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT 'waiting' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID,
    ended_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT waiting_wish_pkey PRIMARY KEY (id),
    CONSTRAINT waiting_wish_id_patient_id_key UNIQUE (id, patient_id),
    CONSTRAINT waiting_wish_status_known CHECK (status in ('waiting','taken','withdrawn','expired')),
    CONSTRAINT waiting_wish_urgency CHECK (urgency between 1 and 3),
    CONSTRAINT waiting_wish_notice CHECK (notice_minutes between 0 and 20160),
    CONSTRAINT waiting_wish_from_before_to CHECK (from_time < to_time),
    CONSTRAINT waiting_wish_earliest_before_latest CHECK (latest is null or earliest <= latest),
    CONSTRAINT waiting_wish_weekdays CHECK (weekdays <@ array[1,2,3,4,5,6,7] and cardinality(weekdays) > 0),
    CONSTRAINT waiting_wish_appointment_id_patient_id_fkey FOREIGN KEY(appointment_id, patient_id) REFERENCES appointment (id, patient_id),
    CONSTRAINT waiting_wish_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id),
    CONSTRAINT waiting_wish_service_id_fkey FOREIGN KEY(service_id) REFERENCES service (id),
    CONSTRAINT waiting_wish_location_id_fkey FOREIGN KEY(location_id) REFERENCES location (id)
);
CREATE INDEX waiting_wish_patient_id_ix ON waiting_wish (patient_id);
CREATE INDEX waiting_wish_service_id_ix ON waiting_wish (service_id) WHERE status = 'waiting';

CREATE TABLE waiting_offer (
    id UUID NOT NULL,
    wish_id UUID NOT NULL,
    patient_id UUID NOT NULL,
    hold_id UUID NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT DEFAULT 'open' NOT NULL,
    CONSTRAINT waiting_offer_pkey PRIMARY KEY (id),
    CONSTRAINT waiting_offer_outcome_known CHECK (outcome in ('open','accepted','refused','lapsed')),
    CONSTRAINT waiting_offer_answered_at CHECK ((outcome = 'open') = (answered_at is null)),
    CONSTRAINT waiting_offer_offered_before_expires CHECK (offered_at < expires_at),
    CONSTRAINT waiting_offer_wish_id_patient_id_fkey FOREIGN KEY(wish_id, patient_id) REFERENCES waiting_wish (id, patient_id),
    CONSTRAINT waiting_offer_hold_id_patient_id_fkey FOREIGN KEY(hold_id, patient_id) REFERENCES appointment (id, patient_id),
    CONSTRAINT waiting_offer_hold_id_key UNIQUE (hold_id),
    CONSTRAINT waiting_offer_patient_id_fkey FOREIGN KEY(patient_id) REFERENCES patient (id)
);
CREATE INDEX waiting_offer_expires_at_ix ON waiting_offer (expires_at) WHERE outcome = 'open';
CREATE UNIQUE INDEX waiting_offer_open_key ON waiting_offer (wish_id) WHERE outcome = 'open';
CREATE INDEX waiting_offer_patient_id_ix ON waiting_offer (patient_id);
