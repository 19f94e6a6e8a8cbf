"""Signing in counts which language somebody prefers; what they choose on a page afterwards counts from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.identity.browsing import open_a_page
from tests.test_languages import choose, language_of
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from uuid import UUID

    from tests.identity.accounts import Account, MakeAccount
    from tests.stack.database import Database
    from tests.stack.people import Visitor


@pytest.fixture
def patient(database: Database) -> UUID:
    with database.administer() as connection:
        return factories.patient(connection)


def prefers(database: Database, account: Account, patient: UUID, language: str | None, relation: str = "self") -> None:
    with database.administer() as connection:
        connection.execute(
            "insert into account_patient (account_id, patient_id, relation) values (%s, %s, %s)",
            (account.id, patient, relation),
        )
        connection.execute(
            "insert into contact_preference (patient_id, language, changed_at) values (%s, %s, now())",
            (patient, language),
        )


def enter(visitor: Visitor, account: Account) -> None:
    open_a_page(visitor)
    answer = visitor.post("/sign-in", {"email": account.email, "password": account.password, "next": "/me"})
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(
    ("preferred", "relation", "spoken"),
    [("es", "self", "es"), ("en", "self", "en"), (None, "self", "es"), ("en", "parent", "es")],
)
def test_what_the_account_prefers_comes_first(
    make_account: MakeAccount,
    database: Database,
    visitor: Visitor,
    patient: UUID,
    preferred: str | None,
    relation: str,
    spoken: str,
) -> None:
    """The browser asks for Spanish: only somebody's own preference is another one than that."""
    account = make_account(StaffRole.PATIENT)
    prefers(database, account, patient, preferred, relation)
    if preferred is not None and relation == "self":
        choose(visitor, "es" if preferred == "en" else "en")
    enter(visitor, account)
    assert language_of(visitor.get("/me", headers={"Accept-Language": "es"})) == spoken
    assert language_of(visitor.get("/me/sessions", headers={"Accept-Language": "es"})) == spoken


def test_whoever_is_signed_in_can_still_choose(
    make_account: MakeAccount, database: Database, visitor: Visitor, patient: UUID
) -> None:
    account = make_account(StaffRole.PATIENT)
    prefers(database, account, patient, "es")
    enter(visitor, account)
    assert "English" in visitor.get("/me").text
    open_a_page(visitor)
    assert choose(visitor, "en", "/me").headers["Location"] == "/me"
    assert language_of(visitor.get("/me", headers={"Accept-Language": "es"})) == "en"


def test_what_one_account_prefers_is_not_left_to_the_next(
    make_account: MakeAccount, database: Database, visitor: Visitor, patient: UUID
) -> None:
    first, second = make_account(StaffRole.PATIENT), make_account(StaffRole.PATIENT)
    prefers(database, first, patient, "es")
    enter(visitor, first)
    assert language_of(visitor.get("/me")) == "es"
    enter(visitor, second)
    assert language_of(visitor.get("/me")) == "en"
