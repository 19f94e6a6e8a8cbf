"""Accounts as signing in needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import and_, exists, select, text

from webapp.identity.models import Account, AccountPatient, AccountRole, AccountRoleLocation
from webapp.identity.permissions import BY_RELATION, Purpose, Relation, StaffRole
from webapp.identity.person import Grant, Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


Held = dict[StaffRole, frozenset[UUID] | None]
"""Roles, each with the locations it holds at: None is everywhere, empty nowhere."""


@dataclass(frozen=True, slots=True)
class Known:
    """The account behind an e-mail address and the pool's id it is linked to."""

    account_id: UUID
    cognito_sub: str | None


def by_email(session: Session, email: str) -> Known | None:
    """The account of an address in lower case, disabled ones included."""
    row = session.execute(select(Account.id, Account.cognito_sub).where(Account.email == email)).one_or_none()
    return None if row is None else Known(row.id, row.cognito_sub)


def sub_of(session: Session, account_id: UUID) -> str | None:
    """The pool's id that an account is linked to."""
    return session.execute(select(Account.cognito_sub).where(Account.id == account_id)).scalar_one_or_none()


def roles_held(session: Session, account_ids: Collection[UUID]) -> dict[UUID, Held]:
    """The roles of accounts and where each of them holds; every account that was asked for is in the answer."""
    place = AccountRoleLocation
    named = and_(place.account_id == AccountRole.account_id, place.role == AccountRole.role)
    rows = session.execute(
        select(AccountRole.account_id, AccountRole.role, AccountRole.everywhere, place.location_id)
        .outerjoin(place, named)
        .where(AccountRole.account_id.in_(account_ids))
    )
    found: dict[UUID, Held] = {account_id: {} for account_id in account_ids}
    for row in rows:
        held, role = found[row.account_id], StaffRole(row.role)
        sites = held.get(role) or frozenset()
        held[role] = None if row.everywhere else sites | ({row.location_id} - {None})
    return found


def limited(held: Held) -> dict[StaffRole, frozenset[UUID]]:
    """Of these roles the ones that hold at some locations only, with the locations."""
    return {role: sites for role, sites in held.items() if sites is not None}


def standing_of(session: Session, account_id: UUID) -> Standing | None:
    """Name, roles and patients of an account that may sign in; None when it is disabled, gone or without a role."""
    account = session.execute(
        select(Account.display_name, Account.provider_id).where(Account.id == account_id, Account.disabled_at.is_(None))
    ).one_or_none()
    if account is None:
        return None
    held = roles_held(session, [account_id])[account_id]
    standing = Standing(
        account_id=account_id,
        display_name=account.display_name,
        roles=frozenset(held),
        grants=grants_of(session, account_id),
        provider_id=account.provider_id,
        sites=limited(held),
        language=session.scalar(LANGUAGE, {"account": account_id}) or "",
    )
    return standing if standing.roles else None


LANGUAGE = text("select doors.language_of(:account)")
HEARERS = text("select * from doors.hearers_of(:patient) order by relation <> 'self', account_id")
GRANTS = text("select * from doors.grants_of(:account) order by patient_id")


def grants_of(session: Session, account_id: UUID) -> tuple[Grant, ...]:
    """The patients of an account, those to come and those over included; a parent's end with the coming of age."""
    return tuple(
        Grant(
            patient_id=row.patient_id,
            ends_at=row.ends_at,
            may=BY_RELATION[Relation(row.relation)] | frozenset(map(Purpose, row.purposes)),
            relation=Relation(row.relation),
            starts_at=row.starts_at,
            name=row.name,
        )
        for row in session.execute(GRANTS, {"account": account_id})
    )


@dataclass(frozen=True, slots=True)
class Hearer:
    """An account that may be told of a patient, with its address, and the grant that it has."""

    account_id: UUID
    email: str
    grant: Grant


def hearers_of(session: Session, patient_id: UUID) -> list[Hearer]:
    """Whoever acts for a patient and can sign in, the patient's own account first; grants that are over included."""
    return [
        Hearer(
            account_id=row.account_id,
            email=row.email,
            grant=Grant(
                patient_id=patient_id,
                ends_at=row.ends_at,
                may=BY_RELATION[Relation(row.relation)] | frozenset(map(Purpose, row.purposes)),
                relation=Relation(row.relation),
                starts_at=row.starts_at,
            ),
        )
        for row in session.execute(HEARERS, {"patient": patient_id})
    ]


def accounts_of(session: Session, patient_ids: Iterable[UUID]) -> list[UUID]:
    """Ids of the accounts that may see any of some patients."""
    query = select(AccountPatient.account_id).where(AccountPatient.patient_id.in_(list(patient_ids))).distinct()
    return list(session.scalars(query))


def names_of(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Display names of accounts, for lists of who did what."""
    wanted = list(account_ids)
    if not wanted:
        return {}
    rows = session.execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))
    return {row.id: row.display_name for row in rows}


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """An account of somebody who works here, as managers see it; `invited` until the pool knows the person."""

    id: UUID
    email: str
    display_name: str
    roles: frozenset[StaffRole]
    provider_id: UUID | None
    disabled_at: datetime | None
    created_at: datetime
    in_pool: bool
    sites: Mapping[StaffRole, frozenset[UUID]]


def staff(session: Session) -> list[StaffAccount]:
    """All accounts with a staff role, disabled ones included, by name."""
    works_here = exists().where(AccountRole.account_id == Account.id, AccountRole.role != StaffRole.PATIENT)
    accounts = session.execute(select(Account).where(works_here).order_by(Account.display_name, Account.id)).scalars()
    return _with_roles(session, list(accounts))


def staff_account(session: Session, account_id: UUID) -> StaffAccount | None:
    """One account with a staff role; None for anybody else's, patients' too."""
    account = session.get(Account, account_id)
    found = _with_roles(session, [account]) if account is not None else []
    return next((one for one in found if one.roles), None)


def staff_names(session: Session) -> list[tuple[UUID, str]]:
    """Everybody who works here, by name, for a list to choose from."""
    return [(account.id, account.display_name) for account in staff(session)]


def _with_roles(session: Session, accounts: list[Account]) -> list[StaffAccount]:
    roles = roles_held(session, [account.id for account in accounts])
    return [
        StaffAccount(
            id=account.id,
            email=account.email,
            display_name=account.display_name,
            roles=frozenset(roles[account.id]) - {StaffRole.PATIENT},
            provider_id=account.provider_id,
            disabled_at=account.disabled_at,
            created_at=account.created_at,
            in_pool=account.cognito_sub is not None,
            sites=limited(roles[account.id]),
        )
        for account in accounts
    ]


def helping_accounts(session: Session, patient_id: UUID) -> list[UUID]:
    """Ids of the accounts that act, or acted, for a patient without being the patient's own."""
    link = AccountPatient
    query = select(link.account_id).where(link.patient_id == patient_id, link.relation != Relation.SELF)
    return list(session.scalars(query))
