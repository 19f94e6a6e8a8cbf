"""Choosing another time for a visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import Clinic, clock_time

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import Visitor

AT_TEN = "2026-11-23T15:00Z"


@pytest.fixture
def visit(database: Database, clinic: Clinic) -> str:
    with database.administer() as connection:
        made = factories.appointment(
            connection, clinic, clock_time(10), provider_id=clinic.providers[0], room_id=clinic.rooms[0]
        )
    return str(made)


def test_the_time_that_a_visit_has_already_is_not_offered_to_it(desk: Visitor, clinic: Clinic, visit: str) -> None:
    page = desk.get(f"/appointments/{visit}/move?at={AT_TEN}&provider={clinic.providers[0]}")
    assert page.status_code == 200
    assert "No time chosen yet" in page.text
    assert f'value="{AT_TEN}"' not in page.text


def test_the_same_time_with_somebody_else_is(desk: Visitor, clinic: Clinic, visit: str) -> None:
    page = desk.get(f"/appointments/{visit}/move?at={AT_TEN}&provider={clinic.providers[1]}")
    assert page.status_code == 200
    assert "Move to 10:00" in page.text


def test_a_form_for_the_time_it_has_with_a_field_too_many_is_refused_in_words(
    desk: Visitor, clinic: Clinic, visit: str
) -> None:
    form = {"starts_at": AT_TEN, "provider": str(clinic.providers[0]), "version": "1", "status": "finished"}
    assert desk.post(f"/appointments/{visit}/move", form).status_code == 422
