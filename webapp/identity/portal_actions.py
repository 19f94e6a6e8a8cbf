"""Who may act for a patient in the portal: invited, let in, matched, and shut out again; flushes, never commits.

What takes access away runs inside `Sessions.cut_off` of the account that loses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from webapp.errors import NotFound, VersionConflict
from webapp.identity.jobs import end_sessions
from webapp.identity.models import (
    Account,
    AccountPatient,
    AccountRole,
    PortalInvitation,
    PortalRegistration,
    PortalRule,
)
from webapp.identity.permissions import Relation, StaffRole
from webapp.identity.portal_codes import code_of, digest_of
from webapp.identity.refusals import CodeOver, HasAccount, OfAge, RegistrationDecided
from webapp.ids import new_id
from webapp.jobs import announce, promise
from webapp.news import News, tell_staff

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from webapp.identity.permissions import Purpose

CODE_LASTS = timedelta(days=7)
TAKE = text("select id from doors.take_invitation(:invitation, :account, :at)")


@dataclass(frozen=True, slots=True)
class PortalInvite:
    """Whom an invitation is for; `holder` names somebody who shall act for the patient, until `until` (None: no end).

    `consented` says that the patient agreed, which they do by asking for it themselves; `born` is the patient's birth
    date, for parents.
    """

    patient_id: UUID
    relation: Relation = Relation.SELF
    holder: str = ""
    purposes: frozenset[Purpose] = frozenset()
    until: datetime | None = None
    consented: bool = False
    born: date | None = None
    mailed: bool = False


@dataclass(frozen=True, slots=True)
class Applicant:
    """What somebody without a code says of themselves; `phone` as `patients.phones.parse` writes it."""

    given: str
    family: str
    birth_date: date
    phone: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made for whom the mailbox is proven to be; exactly one of invitation and applicant is given."""

    account_id: UUID
    email: str
    display_name: str
    subject: str
    invitation: UUID | None = None
    applicant: Applicant | None = None


def invite(session: Session, wanted: PortalInvite, key: bytes, *, by: UUID | None, at: datetime) -> UUID:
    """Make a code for a patient or somebody who may act for them; an earlier one for the patient ends with it.

    Raises HasAccount where the patient has one, OfAge for the parent of somebody who is no child.
    """
    if wanted.born is not None and wanted.relation in {Relation.PARENT, Relation.GUARDIAN}:
        adult_from = session.execute(select(func.doors.adult_from(wanted.born))).scalar_one()
        if at >= adult_from:
            raise OfAge(patient=wanted.patient_id)
    if wanted.relation is Relation.SELF:
        _nobody_yet(session, wanted.patient_id)
        session.execute(
            update(PortalInvitation)
            .where(
                PortalInvitation.patient_id == wanted.patient_id,
                PortalInvitation.relation == Relation.SELF,
                PortalInvitation.used_at.is_(None),
                PortalInvitation.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=at)
        )
    made = new_id()
    session.add(
        PortalInvitation(
            id=made,
            patient_id=wanted.patient_id,
            digest=digest_of(key, code_of(key, made)),
            relation=wanted.relation,
            purposes=sorted(wanted.purposes),
            holder=wanted.holder,
            access_ends_at=wanted.until,
            consent_at=at if wanted.consented else None,
            created_at=at,
            created_by=by,
            ends_at=at + CODE_LASTS,
        )
    )
    session.flush()
    if wanted.mailed:
        announce("notify.invitation", invitation=str(made))
    return made


def withdraw(session: Session, patient_id: UUID, invitation_id: UUID, *, at: datetime) -> None:
    """Make a code worthless that nobody has used (NotFound, also for another patient's); again changes nothing."""
    found = session.execute(
        select(PortalInvitation)
        .where(PortalInvitation.id == invitation_id, PortalInvitation.patient_id == patient_id)
        .with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    if found.used_at is None and found.withdrawn_at is None:
        found.withdrawn_at = at
    session.flush()


def open_account(session: Session, wanted: NewAccount, *, at: datetime) -> None:
    """Make the account of somebody who proved their mailbox, for the record of their code or to be matched.

    Sent twice, it is made once.  Raises CodeOver, and the database EmailTaken: no account that is there is touched.
    """
    made = session.execute(
        insert(Account)
        .values(
            id=wanted.account_id,
            email=wanted.email,
            display_name=wanted.display_name,
            cognito_sub=wanted.subject,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=[Account.id])
        .returning(Account.id)
    ).scalar_one_or_none()
    if made is None:
        return
    session.add(AccountRole(account_id=made, role=StaffRole.PATIENT, granted_at=at))
    session.flush()
    if wanted.invitation is not None:
        take_code(session, wanted.invitation, made, at=at)
    elif wanted.applicant is not None:
        who, registration = wanted.applicant, new_id()
        session.add(
            PortalRegistration(
                id=registration,
                account_id=made,
                given=who.given,
                family=who.family,
                birth_date=who.birth_date,
                phone=who.phone,
                created_at=at,
            )
        )
        session.flush()
        tell_staff(News.REGISTRATION, registration, at=at)


def take_code(session: Session, invitation_id: UUID, account_id: UUID, *, at: datetime) -> None:
    """Let an account act for whom an invitation is about, once; raises CodeOver when it lets nobody in any more."""
    taken = session.execute(TAKE, {"invitation": invitation_id, "account": account_id, "at": at}).scalar_one_or_none()
    if taken is None:
        raise CodeOver
    promise(end_sessions, account=str(account_id))


def end_access(session: Session, patient_id: UUID, account_id: UUID, *, at: datetime) -> None:
    """Shut out somebody who acts for a patient (call inside `cut_off`); what was stays written down.

    Raises NotFound for whom does not act for them, the patient's own account included.
    """
    found = _acting(session, patient_id, account_id)
    if found is None or found.relation == Relation.SELF:
        raise NotFound
    if found.ends_at is None or found.ends_at > at:
        found.ends_at = at
    session.flush()
    promise(end_sessions, account=str(account_id))


def part(session: Session, patient_id: UUID, account_id: UUID) -> None:
    """Take a record from the account it was matched or given to by mistake (call inside `cut_off`); NotFound."""
    found = _acting(session, patient_id, account_id)
    if found is None:
        raise NotFound
    session.delete(found)
    session.flush()
    promise(end_sessions, account=str(account_id))


def match(session: Session, registration_id: UUID, patient_id: UUID, *, by: UUID | None, at: datetime) -> UUID:
    """Give a waiting account the record it is about; returns the account.

    Raises NotFound, RegistrationDecided, HasAccount.
    """
    registration = _waiting(session, registration_id)
    _nobody_yet(session, patient_id)
    registration.status, registration.patient_id = "matched", patient_id
    registration.decided_at, registration.decided_by = at, by
    session.add(
        AccountPatient(
            account_id=registration.account_id,
            patient_id=patient_id,
            relation=Relation.SELF,
            starts_at=at,
            granted_by=by,
        )
    )
    session.flush()
    promise(end_sessions, account=str(registration.account_id))
    return registration.account_id


def refuse(session: Session, registration_id: UUID, reason: str, *, by: UUID | None, at: datetime) -> None:
    """Say that nobody here is the person who registered; raises NotFound, RegistrationDecided."""
    registration = _waiting(session, registration_id)
    registration.status, registration.reason = "refused", reason
    registration.decided_at, registration.decided_by = at, by
    session.flush()


def set_adult_at(session: Session, years: int, *, seen: int) -> None:
    """Set the age at which parents no longer act for a child; everybody who acts as one signs in again.

    `seen` is the version that was shown, 0 where nothing was ever set; raises VersionConflict.
    """
    rule = session.execute(select(PortalRule).with_for_update()).scalar_one_or_none()
    if (0 if rule is None else rule.version) != seen:
        raise VersionConflict
    if rule is None:
        session.add(PortalRule(id=new_id(), adult_at=years))
    else:
        rule.adult_at, rule.version = years, rule.version + 1
    session.flush()
    parents = select(AccountPatient.account_id).where(AccountPatient.relation.in_([Relation.PARENT, Relation.GUARDIAN]))
    for account in session.scalars(parents.distinct()):
        promise(end_sessions, account=str(account))


def _waiting(session: Session, registration_id: UUID) -> PortalRegistration:
    found = session.execute(
        select(PortalRegistration).where(PortalRegistration.id == registration_id).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    if found.status != "waiting":
        raise RegistrationDecided
    return found


def _nobody_yet(session: Session, patient_id: UUID) -> None:
    """Say so kindly where somebody has the record already; that nobody comes in between is the index's to judge."""
    own = exists().where(AccountPatient.patient_id == patient_id, AccountPatient.relation == Relation.SELF)
    if session.execute(select(own)).scalar_one():
        raise HasAccount(patient=patient_id)


def _acting(session: Session, patient_id: UUID, account_id: UUID) -> AccountPatient | None:
    return session.execute(
        select(AccountPatient)
        .where(AccountPatient.patient_id == patient_id, AccountPatient.account_id == account_id)
        .with_for_update()
    ).scalar_one_or_none()
