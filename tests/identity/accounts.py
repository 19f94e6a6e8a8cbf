"""Accounts that exist in PostgreSQL and in the user pool, so that they can really sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from webapp import clock
from webapp.db import Role, Scope, transactional
from webapp.identity.actions import AccountRequest, ensure_account, link_sub
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.ids import new_id

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Account:
    id: UUID
    email: str
    password: str = PASSWORD


MakeAccount = Callable[..., Account]


def identity_scope() -> Scope:
    return Scope(Role.IDENTITY, None, clock.now(), "test")


def new_account(*roles: StaffRole) -> Account:
    """Make an account with these roles (receptionist if none are given); needs an application context."""
    email = f"{uuid4().hex}@anteroom.example"
    wanted = AccountRequest(new_id(), email, "Robin Example", frozenset(roles or {StaffRole.RECEPTIONIST}))
    with transactional(identity_scope()) as session:
        account_id = ensure_account(session, wanted, clock.now())
    subject = identity().service.ensure(str(account_id), email, PASSWORD)
    with transactional(identity_scope()) as session:
        link_sub(session, account_id, subject)
    return Account(account_id, email)
