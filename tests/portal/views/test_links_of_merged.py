"""A link of a reminder lives as long as its visit is that person's: two records become one, and two again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import clock_time
from tests.patients.merging import merged, parted
from webapp.booking.visit_links import Named, path_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from flask import Flask

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    """A visit at ten, of the second patient."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])


@pytest.fixture
def opens(app: Flask, visitor: Visitor, visit: UUID) -> Callable[[UUID], int]:
    """The status of the page of a link that was sent to one of the records."""
    return lambda patient: visitor.get(path_of(Named(visit, patient), secret=str(app.secret_key))).status_code


def status(database: Database, visit: UUID) -> str:
    with database.administer() as connection:
        row = connection.execute("select status from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_link_from_before_a_merge_confirms_the_visit_of_the_record_that_stays(
    app: Flask, visitor: Visitor, clinic: Clinic, visit: UUID, database: Database, opens: Callable[[UUID], int]
) -> None:
    stays, goes = clinic.patients[:2]
    assert (opens(goes), opens(stays)) == (200, 404)
    merged(stays, goes)
    assert (opens(goes), opens(stays)) == (200, 200)
    answer = visitor.post(path_of(Named(visit, goes), secret=str(app.secret_key)))
    assert "Thank you. We expect you." in answer.text
    assert status(database, visit) == "confirmed"


def test_two_merges_lead_to_the_last_record(clinic: Clinic, database: Database, opens: Callable[[UUID], int]) -> None:
    with database.administer() as connection:
        last = factories.patient(connection)
    merged(clinic.patients[0], clinic.patients[1])
    merged(last, clinic.patients[0])
    assert [opens(each) for each in (*clinic.patients[:2], last)] == [200, 200, 200]


def test_after_an_unmerge_each_link_opens_its_own_persons_visit_and_no_other(
    clinic: Clinic, opens: Callable[[UUID], int]
) -> None:
    stays, goes = clinic.patients[:2]
    made = merged(stays, goes)
    assert opens(stays) == 200
    parted(made)
    # The visit is back with the second record: the link that the first was sent meanwhile is not theirs any more.
    assert (opens(goes), opens(stays)) == (200, 404)


def test_a_visit_that_stayed_with_the_other_record_is_not_opened_by_the_old_link(
    clinic: Clinic, visit: UUID, database: Database, opens: Callable[[UUID], int]
) -> None:
    stays, goes = clinic.patients[:2]
    made = merged(stays, goes)
    with database.administer() as connection:
        connection.execute("update appointment set note = 'changed' where id = %s", (visit,))
    parted(made)
    assert (opens(goes), opens(stays)) == (404, 200)
