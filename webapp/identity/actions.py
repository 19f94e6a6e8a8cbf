"""Changes of accounts.  Transactions that take a role away or disable an account run inside `Sessions.cut_off`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.identity.jobs import end_sessions
from webapp.identity.models import Account, AccountPatient, AccountRole
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from webapp.identity.permissions import StaffRole


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """An account as it should be; `account_id` is used when the address has none yet."""

    account_id: UUID
    email: str
    display_name: str
    roles: frozenset[StaffRole]
    provider_id: UUID | None = None
    patient_id: UUID | None = None


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
    set_roles(session, account.id, wanted.roles, at)
    if wanted.patient_id is not None:
        session.execute(
            insert(AccountPatient)
            .values(account_id=account.id, patient_id=wanted.patient_id, relation="self")
            .on_conflict_do_nothing()
        )
    return account.id


def set_roles(session: Session, account_id: UUID, roles: frozenset[StaffRole], at: datetime) -> None:
    """Give an account exactly these roles; where that changes any, its sessions end (call inside `cut_off`)."""
    wanted = {role.value for role in roles}
    held = set(session.execute(select(AccountRole.role).where(AccountRole.account_id == account_id)).scalars())
    if held == wanted:
        return
    session.execute(
        delete(AccountRole).where(AccountRole.account_id == account_id, AccountRole.role.in_(held - wanted))
    )
    for role in sorted(wanted - held):
        session.execute(
            insert(AccountRole)
            .values(account_id=account_id, role=role, granted_at=at)
            .on_conflict_do_nothing(index_elements=[AccountRole.account_id, AccountRole.role])
        )
    if held:
        promise(end_sessions, account=str(account_id))


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
