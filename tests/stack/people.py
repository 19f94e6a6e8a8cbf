"""People who are signed in: an account in PostgreSQL, a session in DynamoDB, a browser's cookie and its form guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests import factories
from webapp.identity.permissions import BY_RELATION, Relation, StaffRole
from webapp.identity.person import Grant, Standing
from webapp.identity.service import identity
from webapp.identity.tokens import Token

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.stack.database import Database

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass
class Visitor:
    """A browser: `post` sends the form guard (CSRF token and a one-time key) as every form of ours does."""

    app: Flask
    client: FlaskClient
    account_id: UUID | None = None
    secret: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        with self.client.session_transaction() as session:
            session["csrf_token"] = self.secret

    @property
    def cookie(self) -> str:
        """The signed cookie, to be carried into another client."""
        cookie = self.client.get_cookie("anteroom")
        assert cookie is not None
        return str(cookie.value)

    @property
    def csrf_token(self) -> str:
        token = URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token").dumps(self.secret)
        return str(token)

    def get(self, url: str, *, fragment: bool = False, target: str | None = None, **options: Any) -> TestResponse:
        headers = {**(FRAGMENT if fragment else {}), **options.pop("headers", {})}
        if target is not None:
            headers["HX-Target"] = f"div#{target}"
        return self.client.get(url, headers=headers, **options)

    def post(
        self, url: str, form: dict[str, Any] | None = None, *, key: UUID | str | None = None, **options: Any
    ) -> TestResponse:
        guard = {"csrf_token": self.csrf_token, "_key": str(key or uuid4())}
        headers = {**(FRAGMENT if options.pop("fragment", False) else {}), **options.pop("headers", {})}
        return self.client.post(url, data={**guard, **(form or {})}, headers=headers, **options)


SignIn = Callable[..., Visitor]


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A browser of somebody who is not signed in."""
    return Visitor(app, app.test_client())


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    """Make an account with these roles and return a browser that is signed in as it."""
    return signing_in(app, database)


def signing_in(app: Flask, database: Database) -> SignIn:
    """Signs people in at an application and its database.

    `patients` are its own records, `grants` say more exactly for whom it acts, and in what.
    `sites` are the locations that all of its roles hold at; left out they hold everywhere.  `provider` is whose day
    is theirs.
    """

    def signed_in(
        *roles: StaffRole | str,
        patients: tuple[UUID, ...] = (),
        grants: tuple[Grant, ...] = (),
        at: datetime | None = None,
        sites: tuple[UUID, ...] | None = None,
        provider: UUID | None = None,
    ) -> Visitor:
        account_id, now = uuid4(), at or datetime.now(UTC)
        with database.administer() as connection:
            connection.execute(
                "insert into account (id, email, display_name, created_at) values (%s, %s, %s, %s)",
                (account_id, f"{account_id}@anteroom.example", "Robin Example", now),
            )
            for role in roles:
                connection.execute(
                    "insert into account_role (account_id, role, granted_at) values (%s, %s, %s)",
                    (account_id, str(StaffRole(role)), now),
                )
                if sites is not None:
                    factories.limit(connection, account_id, str(StaffRole(role)), sites)
        named = frozenset(StaffRole(role) for role in roles)
        acts = (*(Grant(patient, may=BY_RELATION[Relation.SELF]) for patient in patients), *grants)
        where = {} if sites is None else dict.fromkeys(named, frozenset(sites))
        standing = Standing(account_id, "Robin Example", named, acts, provider, where)
        token = Token(text="a.b.c", subject=str(account_id), expires_at=now + timedelta(hours=1))
        with app.app_context():
            sessions = identity().sessions
            handle = sessions.create(standing, token=token, epoch=sessions.epoch(account_id), now=now)
        visitor = Visitor(app, app.test_client(), account_id)
        with visitor.client.session_transaction() as session:
            session["_user_id"] = str(handle)
            session["_fresh"] = True
        return visitor

    return signed_in
