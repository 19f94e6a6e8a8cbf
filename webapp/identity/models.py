"""Accounts, their roles, and the patients they may act for."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Account(Base):
    """A person who can sign in; `id` is the Cognito username, `cognito_sub` the pool's own id for it."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lowercase"),
        CheckConstraint("length(email) between 3 and 254", name="email_length"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    cognito_sub: Mapped[str | None] = mapped_column(unique=True)
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AccountRole(Base):
    """A role an account holds; its permissions are a table in `permissions.py`, never data.

    Not `everywhere`, it holds at the locations that `AccountRoleLocation` names; without any, nowhere.
    """

    __tablename__ = "account_role"
    __table_args__ = (
        CheckConstraint(
            "role in ('receptionist','clinician','biller','coordinator','manager','auditor','patient')",
            name="role_known",
        ),
        CheckConstraint("everywhere or role in ('receptionist','clinician','biller','coordinator')", name="everywhere"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime]
    everywhere: Mapped[bool] = mapped_column(server_default=text("true"))


class AccountRoleLocation(Base):
    """A location at which a role that does not hold everywhere holds."""

    __tablename__ = "account_role_location"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "role"], ["account_role.account_id", "account_role.role"], ondelete="CASCADE"
        ),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)


class AccountPatient(Base):
    """A patient an account may act for: themselves in everything, or by proxy for `purposes`, until `ends_at`.

    A parent's and a guardian's end with the patient's coming of age, too (`doors.grants_of`).  `consent_at` is when the
    patient agreed, `granted_by` who wrote it down.
    """

    __tablename__ = "account_patient"
    __table_args__ = (
        CheckConstraint("relation in ('self','parent','guardian','carer')", name="relation_known"),
        CheckConstraint("purposes <@ array['visits','money','records']", name="purposes_known"),
        Index("account_patient_self_key", "patient_id", unique=True, postgresql_where=text("relation = 'self'")),
        Index("account_patient_own_key", "account_id", unique=True, postgresql_where=text("relation = 'self'")),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    relation: Mapped[str]
    ends_at: Mapped[datetime | None]
    purposes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    starts_at: Mapped[datetime | None]
    consent_at: Mapped[datetime | None]
    granted_by: Mapped[UUID | None]


class PortalRule(Base):
    """What the practice has decided about the portal: one row, none while all is as at first."""

    __tablename__ = "portal_rule"
    __table_args__ = (
        CheckConstraint("one", name="one"),
        CheckConstraint("adult_at between 10 and 25", name="adult_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    one: Mapped[bool] = mapped_column(unique=True, server_default=text("true"))
    adult_at: Mapped[int] = mapped_column(server_default=text("18"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class PortalInvitation(Base):
    """A code that lets the patient in, or somebody who may act for them; `digest` is a keyed hash of it.

    `access_ends_at` ends what it gives, `ends_at` the code itself.  `holder` is whom it is for, '' the patient.
    """

    __tablename__ = "portal_invitation"
    __table_args__ = (
        CheckConstraint("length(digest) = 32", name="digest_length"),
        CheckConstraint("relation in ('self','parent','guardian','carer')", name="relation_known"),
        CheckConstraint("purposes <@ array['visits','money','records']", name="purposes_known"),
        CheckConstraint("relation <> 'carer' or (access_ends_at is not null and consent_at is not null)", name="carer"),
        CheckConstraint("(used_at is null) = (used_by is null)", name="used"),
        Index("portal_invitation_patient_id_ix", "patient_id"),
        Index("portal_invitation_used_by_ix", "used_by", postgresql_where=text("used_by is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    relation: Mapped[str]
    purposes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    holder: Mapped[str] = mapped_column(server_default=text("''"))
    access_ends_at: Mapped[datetime | None]
    consent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]


class PortalRegistration(Base):
    """An account that was made without a code, and waits for the staff to find its person's record."""

    __tablename__ = "portal_registration"
    __table_args__ = (
        CheckConstraint("status in ('waiting','matched','refused')", name="status_known"),
        CheckConstraint("(status = 'matched') = (patient_id is not null)", name="matched"),
        CheckConstraint("(status = 'waiting') = (decided_at is null)", name="decided"),
        Index("portal_registration_patient_id_ix", "patient_id", postgresql_where=text("patient_id is not null")),
        Index("portal_registration_waiting_ix", "created_at", postgresql_where=text("status = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), unique=True)
    given: Mapped[str]
    family: Mapped[str]
    birth_date: Mapped[date]
    phone: Mapped[str]
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]


class SecondFactor(Base):
    """An account that signs in with an authenticator app; its secret is Cognito's alone."""

    __tablename__ = "second_factor"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    enrolled_at: Mapped[datetime]


class RecoveryCode(Base):
    """A printed code that counts once in place of the app: the keyed hash of it, and when it was used."""

    __tablename__ = "recovery_code"
    __table_args__ = (CheckConstraint("length(digest) = 32", name="digest_length"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None]
