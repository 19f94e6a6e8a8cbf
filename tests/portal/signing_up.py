"""Codes and sign-ups for tests: what the desk and a person without an account do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.factories import NOW
from tests.stack.people import Visitor
from webapp.db import Role, Scope, transactional
from webapp.identity import portal_actions
from webapp.identity.portal_actions import PortalInvite
from webapp.identity.portal_codes import code_of
from webapp.identity.service import identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from flask import Flask
    from psycopg import Connection
    from werkzeug.test import TestResponse

    from tests.stack.database import Database

PASSWORD = "four words nobody says"
BORN = "3/4/1973"
"""The birth date of `factories.patient`."""


@dataclass(frozen=True)
class Code:
    """An invitation and its code."""

    id: UUID
    text: str


def invited(app: Flask, wanted: PortalInvite, at: datetime = NOW) -> Code:
    """Make an invitation as the desk does."""
    with app.app_context():
        key = identity().key
        with transactional(Scope(Role.DESK, None, at, "invited")) as session:
            made = portal_actions.invite(session, wanted, key, by=None, at=at)
        return Code(made, code_of(key, made))


def show_code(visitor: Visitor, code: str, born: str = BORN) -> TestResponse:
    return visitor.post("/sign-up", {"code": code, "birth_date": born})


def give_address(visitor: Visitor, email: str, **more: str) -> TestResponse:
    return visitor.post("/sign-up/account", {"email": email, "new_password": PASSWORD, **more})


def prove_address(visitor: Visitor, code: str = "123456") -> TestResponse:
    return visitor.post("/sign-up/confirm", {"code": code})


def sign_up(visitor: Visitor, code: str, email: str, born: str = BORN, **more: str) -> TestResponse:
    """The whole way with a code; the answer of the last page."""
    assert show_code(visitor, code, born).status_code == 303
    assert give_address(visitor, email, **more).status_code == 303
    return prove_address(visitor)


def go_in(visitor: Visitor, email: str, password: str = PASSWORD) -> TestResponse:
    return visitor.post("/sign-in", {"email": email, "password": password})


@pytest.fixture(autouse=True)
def eight_in_the_morning() -> None:
    """Tokens of the pool are of today, so the clock runs."""


@pytest.fixture
def owner(database: Database) -> Iterator[Connection[Any]]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def rosa(owner: Connection[Any]) -> UUID:
    return factories.patient(owner, given="Rosa", family="Jimenez")


def new_email() -> str:
    return f"{uuid4().hex}@anteroom.example"


def links(owner: Connection[Any], patient: UUID) -> list[tuple[str, str]]:
    query = """SELECT a.email, k.relation FROM account_patient AS k JOIN account AS a ON a.id = k.account_id
        WHERE k.patient_id = %s ORDER BY 2, 1"""
    return owner.execute(query, (patient,)).fetchall()


def browser(app: Flask) -> Visitor:
    return Visitor(app, app.test_client())


def is_inside(visitor: Visitor) -> bool:
    return visitor.get("/me").status_code == 200
