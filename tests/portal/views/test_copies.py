"""The confirmation says where a copy of it goes, without showing the address to whoever looks over a shoulder."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from tests.notify.postman import email, mobile, prefers

if TYPE_CHECKING:
    from uuid import UUID

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("either", "A confirmation goes to r•••@example.com."),
        ("sms", "A confirmation goes as a text to ••• 0142."),
        ("both", "A confirmation goes to r•••@example.com and, as a text, to ••• 0142."),
        ("none", "No confirmation is sent, as you chose"),
    ],
)
def test_it_goes_where_the_patient_wants_it(
    rosa: Visitor, clinic: Clinic, visit: UUID, database: Database, choice: str, sentence: str
) -> None:
    patient = clinic.patients[0]
    with database.administer() as connection:
        email(connection, patient, "rosa.jimenez@example.com")
        mobile(connection, patient)
        prefers(connection, patient, visits=choice)
    page = rosa.get(f"/me/{patient}/visits/{visit}/booked").text
    assert sentence in page
    assert "rosa.jimenez" not in page
    assert "555" not in page.split("What happens next")[1].split("Plans changed")[0]


def test_without_an_address_it_says_that_nothing_is_sent(rosa: Visitor, clinic: Clinic, visit: UUID) -> None:
    page = rosa.get(f"/me/{clinic.patients[0]}/visits/{visit}/booked").text
    assert "No confirmation is sent, because we have no address for it." in page


def test_a_childs_goes_to_the_parent_and_a_helper_of_another_patient_is_no_post_box(
    sign_in: SignIn, clinic: Clinic, visit: UUID, database: Database
) -> None:
    child = clinic.patients[0]
    with database.administer() as connection:
        parent = factories.account(connection, "patient", email="pat@example.org")
        other = factories.account(connection, "patient", email="other@example.net")
        connection.execute(
            "update patient set birth_date = %s where id = %s", (NOW.date() - timedelta(days=900), child)
        )
        for account, patient in ((parent, child), (other, clinic.patients[1])):
            factories.insert(
                connection, "account_patient", account_id=account, patient_id=patient, relation="parent",
                purposes=["visits"], ends_at=NOW + timedelta(days=900),
            )  # fmt: skip
    carer = sign_in("patient", patients=(child,), at=NOW)
    page = carer.get(f"/me/{child}/visits/{visit}/booked").text
    assert "A confirmation goes to p•••@example.org." in page
    assert "example.net" not in page
