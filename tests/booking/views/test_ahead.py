"""The dialog shows what DynamoDB holds, and books only what PostgreSQL holds to be free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.booking.projecting import Project, a_worker, answered
from tests.booking.views.test_book import booked, choice
from tests.factories import NOW, Clinic, clock_time
from webapp import clock, dynamo
from webapp.booking.projection.plan import key
from webapp.booking.projection.project import TABLE

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import Visitor
    from webapp.settings import Settings

TEN = "2026-11-23T15:00Z"


@pytest.fixture
def project(database: Database, settings: Settings, clinic: Clinic) -> Iterator[Project]:
    """A worker's pass; one was done."""
    with a_worker(database, settings) as once:
        yield once


def someone_takes_ten(database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])


def page(desk: Visitor, clinic: Clinic, *, place: bool = True) -> str:
    where = f"&location={clinic.location}" if place else ""
    return desk.get(f"/book?patient={clinic.patients[0]}&provider={clinic.providers[0]}{where}").text


@pytest.mark.parametrize("place", [True, False], ids=["of a place", "wherever"])
def test_the_dialog_shows_what_is_told(
    desk: Visitor,
    database: Database,
    clinic: Clinic,
    project: Project,
    place: bool,  # noqa: FBT001 - parametrized
) -> None:
    before = answered("projected")
    assert TEN in page(desk, clinic, place=place)
    assert answered("projected") == before + 1
    someone_takes_ten(database, clinic)
    assert TEN in page(desk, clinic, place=place)
    project()
    assert TEN not in page(desk, clinic, place=place)


def test_a_time_that_only_an_old_item_shows_is_refused_with_times_that_are_free(
    desk: Visitor, database: Database, clinic: Clinic, project: Project
) -> None:
    someone_takes_ten(database, clinic)
    assert TEN in page(desk, clinic)
    refused = desk.post("/book", choice(clinic))
    assert refused.status_code == 409
    assert len(booked(database)) == 1
    # What is offered instead is computed, or it would be offered again.
    assert f'value="{TEN}"' not in refused.text
    assert 'value="2026-11-23T14:' in refused.text or 'value="2026-11-23T15:' in refused.text


@pytest.mark.parametrize("change", [{"plan": "{"}, {"format": 99}, {"version": None}], ids=["torn", "new", "odd"])
def test_a_spoilt_item_changes_nothing_that_the_dialog_shows(
    desk: Visitor, database: Database, clinic: Clinic, project: Project, settings: Settings, change: dynamo.Item
) -> None:
    someone_takes_ten(database, clinic)
    client, where = dynamo.connect(settings), {"pk": key(clinic.location, NOW.date())}
    client.put(TABLE, (client.get(TABLE, where) or {}) | change)
    before = answered("poisoned")
    assert TEN not in page(desk, clinic)
    assert answered("poisoned") == before + 1


def test_five_seconds_without_a_beat_and_the_dialog_computes(
    desk: Visitor, database: Database, clinic: Clinic, project: Project
) -> None:
    someone_takes_ten(database, clinic)
    with clock.stopped_at(NOW + timedelta(seconds=6)):
        assert TEN not in page(desk, clinic)
