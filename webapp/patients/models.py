"""Patients as FHIR Patient / US Core has them, and the visits they brought with them."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base


class Patient(Base):
    """A person of the clinic; `id` is their resource, so the same rule keeps them from being in two places.

    `family_key`, `given_key` and `name_key` are names folded for search (`names.search_key`), without accents or case.
    `source_digest` is what the record looked like in the file it was last imported from: an unchanged file changes
    nothing, whatever the desk has corrected since.
    """

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("record_number"),
        CheckConstraint("gender in ('male','female','other','unknown')", name="gender_known"),
        CheckConstraint("birth_sex is null or birth_sex in ('M','F','UNK')", name="birth_sex_known"),
        CheckConstraint("merged_into is null or merged_into <> id", name="merged_into_another"),
        CheckConstraint("length(family) between 1 and 200 and length(given) between 1 and 200", name="name_length"),
        CheckConstraint("birth_date between '1850-01-01' and '2200-01-01'", name="birth_date"),
        Index(
            "patient_family_key_ix",
            "family_key",
            "given_key",
            postgresql_ops={"family_key": "text_pattern_ops", "given_key": "text_pattern_ops"},
        ),
        Index(
            "patient_given_key_ix",
            "given_key",
            "family_key",
            postgresql_ops={"family_key": "text_pattern_ops", "given_key": "text_pattern_ops"},
        ),
        Index(
            "patient_name_key_trgm_ix", "name_key", postgresql_using="gin", postgresql_ops={"name_key": "gin_trgm_ops"}
        ),
        Index("patient_birth_date_ix", "birth_date"),
        Index("patient_merged_into_ix", "merged_into", postgresql_where=text("merged_into is not null")),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    record_number: Mapped[int] = mapped_column(BigInteger, Identity(start=100_001))
    family: Mapped[str]
    given: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default=text("''"))
    suffix: Mapped[str] = mapped_column(server_default=text("''"))
    maiden_name: Mapped[str] = mapped_column(server_default=text("''"))
    family_key: Mapped[str]
    given_key: Mapped[str]
    name_key: Mapped[str]
    birth_date: Mapped[dt.date]
    gender: Mapped[str]
    birth_sex: Mapped[str | None]
    race: Mapped[str | None]
    ethnicity: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    interpreter_needed: Mapped[bool] = mapped_column(server_default=text("false"))
    marital_status: Mapped[str | None]
    deceased_at: Mapped[datetime | None]
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    source_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    identifiers: Mapped[list[PatientIdentifier]] = relationship(viewonly=True)
    telecoms: Mapped[list[PatientTelecom]] = relationship(viewonly=True, order_by="PatientTelecom.rank")
    addresses: Mapped[list[PatientAddress]] = relationship(viewonly=True)
    contacts: Mapped[list[PatientContact]] = relationship(viewonly=True)
    alerts: Mapped[list[PatientAlert]] = relationship(viewonly=True, order_by="PatientAlert.position")

    @property
    def name(self) -> str:
        """Given and family name as written, "Rosa Jimenez"."""
        return f"{self.given} {self.family}"


class PatientIdentifier(Base):
    """A business identifier by system and value (never SSN, licence or passport: those are dropped on import)."""

    __tablename__ = "patient_identifier"
    __table_args__ = (UniqueConstraint("system", "value"), Index("patient_identifier_patient_id_ix", "patient_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    system: Mapped[str]
    value: Mapped[str]


class PatientTelecom(Base):
    """A way to reach the patient (FHIR ContactPoint); `digits` is the phone number without punctuation, for search."""

    __tablename__ = "patient_telecom"
    __table_args__ = (
        CheckConstraint("system in ('phone','email')", name="system_known"),
        CheckConstraint("use in ('home','work','mobile')", name="use_known"),
        Index("patient_telecom_patient_id_ix", "patient_id"),
        Index("patient_telecom_digits_ix", "digits", postgresql_ops={"digits": "text_pattern_ops"}),
        Index("patient_telecom_digits_reversed_ix", text("reverse(digits) text_pattern_ops")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    system: Mapped[str]
    value: Mapped[str]
    digits: Mapped[str] = mapped_column(server_default=text("''"))
    use: Mapped[str] = mapped_column(server_default=text("'home'"))
    rank: Mapped[int] = mapped_column(server_default=text("1"))


class PatientAddress(Base):
    """A postal address (FHIR Address)."""

    __tablename__ = "patient_address"
    __table_args__ = (Index("patient_address_patient_id_ix", "patient_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    line: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("''"))
    postal_code: Mapped[str] = mapped_column(server_default=text("''"))
    country: Mapped[str] = mapped_column(server_default=text("''"))


class PatientContact(Base):
    """Somebody to call for the patient (FHIR Patient.contact)."""

    __tablename__ = "patient_contact"
    __table_args__ = (Index("patient_contact_patient_id_ix", "patient_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    name: Mapped[str]
    relationship_text: Mapped[str] = mapped_column(server_default=text("''"))
    phone: Mapped[str] = mapped_column(server_default=text("''"))


class PatientAlert(Base):
    """Something the desk must know before it acts: call only, interpreter, step-free room."""

    __tablename__ = "patient_alert"
    __table_args__ = (
        CheckConstraint("tone in ('danger','warn','info')", name="tone_known"),
        Index("patient_alert_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    label: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default=text("''"))
    icon: Mapped[str] = mapped_column(server_default=text("'triangle-alert'"))
    tone: Mapped[str] = mapped_column(server_default=text("'warn'"))
    position: Mapped[int] = mapped_column(server_default=text("0"))


class ClinicalAlert(Base):
    """An alert for clinicians; a table of its own because the desk may not read it."""

    __tablename__ = "clinical_alert"
    __table_args__ = (Index("clinical_alert_patient_id_ix", "patient_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    label: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default=text("''"))


class Encounter(Base):
    """A past visit from an imported record (FHIR Encounter); it occupies nothing, real ones overlap and last days.

    What was done and why is clinical and lives in `encounter_detail`.
    """

    __tablename__ = "encounter"
    __table_args__ = (
        UniqueConstraint("source_system", "source_id"),
        UniqueConstraint("id", "patient_id"),
        CheckConstraint("ends_at is null or starts_at <= ends_at", name="starts_before_ends"),
        Index("encounter_patient_id_starts_at_ix", "patient_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    source_system: Mapped[str]
    source_id: Mapped[str]
    status: Mapped[str]
    class_code: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioner.id"))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organization.id"))


class EncounterDetail(Base):
    """The clinical half of an imported visit: its type and reason as coded."""

    __tablename__ = "encounter_detail"
    __table_args__ = (
        ForeignKeyConstraint(
            ["encounter_id", "patient_id"],
            ["encounter.id", "encounter.patient_id"],
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )

    encounter_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    type_system: Mapped[str | None]
    type_code: Mapped[str | None]
    type_text: Mapped[str] = mapped_column(server_default=text("''"))
    reason_system: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]


class PatientMerge(Base):
    """Two records of one person that became one: `patient_id` stays, `merged_id` leads there until it is undone.

    `audit_id` is the last line of the audit that the merge wrote: what changed later is nobody's to give back.
    """

    __tablename__ = "patient_merge"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        CheckConstraint("patient_id <> merged_id", name="another"),
        Index("patient_merge_patient_id_ix", "patient_id"),
        Index("patient_merge_merged_id_ix", "merged_id"),
        Index("patient_merge_open_key", "merged_id", unique=True, postgresql_where=text("undone_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    merged_at: Mapped[datetime]
    merged_by: Mapped[UUID | None]
    audit_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None]


class PatientMergeRow(Base):
    """A row that a merge pointed at the record that stays; undone, it was `returned`, or `stayed` as changed since."""

    __tablename__ = "patient_merge_row"
    __table_args__ = (
        CheckConstraint("outcome in ('moved','returned','stayed')", name="outcome_known"),
        ForeignKeyConstraint(["merge_id", "patient_id"], ["patient_merge.id", "patient_merge.patient_id"]),
    )

    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    outcome: Mapped[str] = mapped_column(server_default=text("'moved'"))


class Coverage(Base):
    """Who pays a part of what is charged; the patient pays `copay_cents`, then `share_percent` of the rest."""

    __tablename__ = "coverage"
    __table_args__ = (
        CheckConstraint("share_percent between 0 and 100", name="share"),
        CheckConstraint("copay_cents between 0 and 1000000000", name="copay"),
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="valid"),
        Index("coverage_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    payer_name: Mapped[str]
    member: Mapped[str] = mapped_column(server_default=text("''"))
    reference: Mapped[str] = mapped_column(server_default=text("''"))
    share_percent: Mapped[int]
    copay_cents: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
