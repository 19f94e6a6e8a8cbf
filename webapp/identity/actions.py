"""Changes of accounts.  Transactions that take a role away or disable an account run inside `Sessions.cut_off`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.errors import NotAllowed, NotFound, VersionConflict
from webapp.identity.jobs import end_sessions
from webapp.identity.models import Account, AccountPatient, AccountRole, AccountRoleLocation
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.queries import Held, roles_held, standing_of
from webapp.identity.refusals import OwnAccount
from webapp.jobs import promise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """An account as it should be; `account_id` is used when the address has none yet.

    A role that is not in `sites` holds everywhere.
    """

    account_id: UUID
    email: str
    display_name: str
    roles: frozenset[StaffRole]
    provider_id: UUID | None = None
    patient_id: UUID | None = None
    sites: Mapping[StaffRole, frozenset[UUID]] = field(default_factory=dict)


def ensure_account(session: Session, wanted: AccountRequest, at: datetime) -> UUID:
    """Make the account of an address, or bring the one that is there to the wanted name, links and roles.

    A provider or patient that is not given leaves the present link; returns the account's id.
    """
    session.execute(
        insert(Account)
        .values(
            id=wanted.account_id,
            email=wanted.email,
            display_name=wanted.display_name,
            provider_id=wanted.provider_id,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=[Account.email])
    )
    account = session.execute(select(Account).where(Account.email == wanted.email).with_for_update()).scalar_one()
    account.display_name = wanted.display_name
    account.provider_id = wanted.provider_id or account.provider_id
    session.flush()
    set_roles(session, account.id, wanted.roles, at, wanted.sites)
    if wanted.patient_id is not None:
        session.execute(
            insert(AccountPatient)
            .values(account_id=account.id, patient_id=wanted.patient_id, relation="self")
            .on_conflict_do_nothing()
        )
    return account.id


def set_roles(
    session: Session,
    account_id: UUID,
    roles: frozenset[StaffRole],
    at: datetime,
    sites: Mapping[StaffRole, frozenset[UUID]] | None = None,
) -> None:
    """Give an account exactly these roles, everywhere or at the `sites` named for one.

    Where that changes any, its sessions end (call inside `cut_off`).
    """
    wanted = _held(roles, sites or {})
    held = roles_held(session, [account_id])[account_id]
    if held == wanted:
        return
    gone = held.keys() - wanted.keys()
    session.execute(delete(AccountRole).where(AccountRole.account_id == account_id, AccountRole.role.in_(gone)))
    for role in sorted(wanted):
        if role not in held or held[role] != wanted[role]:
            _give(session, AccountRole(account_id=account_id, role=role.value, granted_at=at), wanted[role])
    if held:
        promise(end_sessions, account=str(account_id))


def _give(session: Session, given: AccountRole, sites: frozenset[UUID] | None) -> None:
    """Let a role hold everywhere (None) or at these locations, whether the account had it or not."""
    key = {"account_id": given.account_id, "role": given.role}
    session.execute(
        insert(AccountRole)
        .values(**key, granted_at=given.granted_at, everywhere=sites is None)
        .on_conflict_do_update(
            index_elements=[AccountRole.account_id, AccountRole.role], set_={"everywhere": sites is None}
        )
    )
    named = AccountRoleLocation
    session.execute(
        delete(named).where(
            named.account_id == given.account_id, named.role == given.role, named.location_id.not_in(sites or ())
        )
    )
    for location in sorted(sites or ()):
        session.execute(insert(named).values(**key, location_id=location).on_conflict_do_nothing())


def _held(roles: frozenset[StaffRole], sites: Mapping[StaffRole, frozenset[UUID]]) -> Held:
    return {role: sites.get(role) for role in roles}


def invite(session: Session, wanted: AccountRequest, *, by: UUID, at: datetime) -> None:
    """Make an account that was not there; the database refuses an address that has one (EmailTaken)."""
    _one_change_at_a_time(session, by)
    session.add(
        Account(
            id=wanted.account_id,
            email=wanted.email,
            display_name=wanted.display_name,
            provider_id=wanted.provider_id,
            created_at=at,
        )
    )
    session.flush()
    set_roles(session, wanted.account_id, wanted.roles, at, wanted.sites)


@dataclass(frozen=True, slots=True)
class RolesChange:
    """The staff roles an account shall have, and those the manager saw when deciding so.

    A role that is not in `sites` holds everywhere, and so it was with `seen_sites`.
    """

    account_id: UUID
    roles: frozenset[StaffRole]
    seen: frozenset[StaffRole]
    provider_id: UUID | None = None
    sites: Mapping[StaffRole, frozenset[UUID]] = field(default_factory=dict)
    seen_sites: Mapping[StaffRole, frozenset[UUID]] = field(default_factory=dict)


def change_roles(session: Session, change: RolesChange, *, by: UUID, at: datetime) -> None:
    """Give somebody else other staff roles (call inside `cut_off`); what they are as a patient stays.

    Raises OwnAccount, VersionConflict when the roles are no longer those that were seen, NotAllowed when `by` is no
    manager any more; the database refuses to let the last manager go (LastManager).
    """
    account = _somebody_else(session, change.account_id, by)
    held = roles_held(session, [account.id])[account.id]
    outside = frozenset(held) & {StaffRole.PATIENT}
    if {role: held[role] for role in held.keys() - outside} != _held(change.seen, change.seen_sites):
        raise VersionConflict
    if account.provider_id != change.provider_id:
        account.provider_id = change.provider_id
        promise(end_sessions, account=str(account.id))
    set_roles(session, account.id, change.roles | outside, at, change.sites)


def disable_other(session: Session, account_id: UUID, *, by: UUID, at: datetime) -> None:
    """Keep somebody else from signing in (call inside `cut_off`); raises OwnAccount, the database LastManager."""
    disable(session, _somebody_else(session, account_id, by).id, at)


def enable(session: Session, account_id: UUID, *, by: UUID) -> None:
    """Let a disabled account sign in again, with the roles it has."""
    _somebody_else(session, account_id, by).disabled_at = None


def sign_out_everywhere(session: Session, account_id: UUID, *, by: UUID) -> None:
    """Promise the end of all sessions of a staff account (call inside `cut_off`, which ends them at once)."""
    _one_change_at_a_time(session, by)
    if session.get(Account, account_id) is None:
        raise NotFound
    promise(end_sessions, account=str(account_id))


def _somebody_else(session: Session, account_id: UUID, by: UUID) -> Account:
    _one_change_at_a_time(session, by)
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound
    if account.id == by:
        raise OwnAccount
    return account


def _one_change_at_a_time(session: Session, by: UUID) -> None:
    """Queue behind whoever changes accounts, THEN look whether the manager still is one: they may have been removed."""
    session.execute(select(func.doors.one_change_of_accounts()))
    standing = standing_of(session, by)
    if standing is None or not standing.may(Permission.ACCOUNTS_MANAGE):
        raise NotAllowed


def link_sub(session: Session, account_id: UUID, subject: str) -> None:
    """Tie an account to the pool's own id of the same person."""
    session.execute(
        update(Account)
        .where(Account.id == account_id, Account.cognito_sub.is_distinct_from(subject))
        .values(cognito_sub=subject)
    )


def disable(session: Session, account_id: UUID, at: datetime) -> None:
    """Keep an account from signing in and end its sessions (call inside `cut_off`); its row and its history stay."""
    session.execute(
        update(Account).where(Account.id == account_id, Account.disabled_at.is_(None)).values(disabled_at=at)
    )
    promise(end_sessions, account=str(account_id))
