"""Who acts for whom in the portal, which codes are open, and which registrations wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, func, select, text

from webapp.identity.models import Account, AccountPatient, PortalInvitation, PortalRegistration, PortalRule
from webapp.identity.permissions import BY_RELATION, Purpose, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.orm import Session

ADULT_AT = 18
HELPERS = text("""
    select h.*, a.display_name, a.email from doors.helpers_of(:patient) as h join account as a on a.id = h.account_id
    order by h.relation <> 'self', a.display_name, a.id
""")
APP_SINCE = text("select doors.app_since(:patient, :account)")
INVITED = text("select * from doors.invited(:code, :born, :at)")


@dataclass(frozen=True, slots=True)
class Invited:
    """An open invitation, found by its code and the patient's birth date."""

    id: UUID
    patient_id: UUID
    relation: Relation
    holder: str
    name: str


@dataclass(frozen=True, slots=True)
class Helper:
    """An account that acts for a patient; `ends_at` counts the coming of age, too (None: no end)."""

    account_id: UUID
    name: str
    email: str
    relation: Relation
    purposes: frozenset[Purpose]
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code that still lets somebody in."""

    id: UUID
    relation: Relation
    holder: str
    purposes: frozenset[Purpose]
    until: datetime | None
    created_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A registration and the account that made it."""

    id: UUID
    account_id: UUID
    given: str
    family: str
    birth_date: date
    phone: str
    email: str
    created_at: datetime
    status: str


def invited(session: Session, digest: bytes, born: date, at: datetime) -> Invited | None:
    """Whom a code lets in; None for whatever reason it does not."""
    row = session.execute(INVITED, {"code": digest, "born": born, "at": at}).one_or_none()
    return None if row is None else Invited(row.id, row.patient_id, Relation(row.relation), row.holder, row.name)


def helpers_of(session: Session, patient_id: UUID, at: datetime) -> list[Helper]:
    """Whoever acts for a patient at a moment, the patient's own account first."""
    found = [
        Helper(
            account_id=row.account_id,
            name=row.display_name,
            email=row.email,
            relation=Relation(row.relation),
            purposes=frozenset(map(Purpose, row.purposes)),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in session.execute(HELPERS, {"patient": patient_id})
    ]
    return [each for each in found if each.ends_at is None or at < each.ends_at]


def last_shut_out(session: Session, patient_id: UUID, at: datetime) -> datetime | None:
    """When somebody last lost the right to see a patient's visits: ended, out of time, or by a coming of age."""
    ends = [
        row.ends_at
        for row in session.execute(HELPERS, {"patient": patient_id})
        if Purpose.VISITS in BY_RELATION[Relation(row.relation)] | frozenset(map(Purpose, row.purposes))
    ]
    return max((end for end in ends if end is not None and end <= at), default=None)


def acts_for(session: Session, patient_id: UUID, account_id: UUID) -> bool:
    """Whether an account was ever given access to a patient, over or not."""
    link = exists().where(AccountPatient.patient_id == patient_id, AccountPatient.account_id == account_id)
    return session.execute(select(link)).scalar_one()


def app_since(session: Session, patient_id: UUID, account_id: UUID) -> datetime | None:
    """Since when a patient's own account has an authenticator app; None without, and for whoever works here."""
    found: datetime | None = session.execute(APP_SINCE, {"patient": patient_id, "account": account_id}).scalar()
    return found


def open_codes(session: Session, patient_id: UUID, at: datetime) -> list[OpenCode]:
    """Codes of a patient that nobody has used yet, the newest first."""
    invitation = PortalInvitation
    rows = session.scalars(
        select(invitation)
        .where(
            invitation.patient_id == patient_id,
            invitation.used_at.is_(None),
            invitation.withdrawn_at.is_(None),
            invitation.ends_at > at,
        )
        .order_by(invitation.created_at.desc(), invitation.id)
    )
    return [
        OpenCode(
            id=row.id,
            relation=Relation(row.relation),
            holder=row.holder,
            purposes=frozenset(map(Purpose, row.purposes)),
            until=row.access_ends_at,
            created_at=row.created_at,
            ends_at=row.ends_at,
        )
        for row in rows
    ]


def open_code(session: Session, patient_id: UUID, invitation_id: UUID, at: datetime) -> OpenCode | None:
    """One of them."""
    return next((each for each in open_codes(session, patient_id, at) if each.id == invitation_id), None)


def waiting_registrations(session: Session, limit: int = 100) -> list[Waiting]:
    """Registrations that nobody has decided about, the oldest first."""
    return _registrations(session, PortalRegistration.status == "waiting", limit=limit)


def how_many_wait(session: Session) -> int:
    """How many registrations wait."""
    query = select(func.count()).select_from(PortalRegistration).where(PortalRegistration.status == "waiting")
    return session.execute(query).scalar_one()


def registration(session: Session, registration_id: UUID) -> Waiting | None:
    """One registration, whatever became of it."""
    return next(iter(_registrations(session, PortalRegistration.id == registration_id, limit=1)), None)


def registration_of(session: Session, account_id: UUID) -> str | None:
    """What became of the registration of an account; None where there was none."""
    query = select(PortalRegistration.status).where(PortalRegistration.account_id == account_id)
    return session.execute(query).scalar_one_or_none()


def _registrations(session: Session, where: ColumnElement[bool], *, limit: int) -> list[Waiting]:
    one = PortalRegistration
    columns = (one.id, one.account_id, one.given, one.family, one.birth_date, one.phone)
    rows: Iterable[Row[Any]] = session.execute(
        select(*columns, Account.email, one.created_at, one.status)
        .join(Account, Account.id == one.account_id)
        .where(where)
        .order_by(one.created_at, one.id)
        .limit(limit)
    )
    return [Waiting(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's own public name for it


def adult_at(session: Session) -> tuple[int, int]:
    """The age at which a child comes of age, and the version of the setting (0: never set)."""
    row = session.execute(select(PortalRule.adult_at, PortalRule.version)).one_or_none()
    return (ADULT_AT, 0) if row is None else (row.adult_at, row.version)
