"""Patients find their times in DynamoDB, and hold only what PostgreSQL holds to be free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.booking.projecting import Project, a_worker, answered
from tests.factories import Clinic, clock_time
from tests.portal.views.test_booking import me, statuses, wanted
from webapp.booking.forms import write_instant

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import Visitor
    from webapp.settings import Settings

TEN = f'value="{write_instant(clock_time(10))}"'


@pytest.fixture
def project(database: Database, settings: Settings, clinic: Clinic) -> Iterator[Project]:
    """A worker's pass; one was done."""
    with a_worker(database, settings) as once:
        yield once


def times(text: str) -> list[str]:
    return re.findall(r'name="starts_at" value="([^"]+)"|value="(\d{4}-[^"]+Z)"|(\d+ left)', text)


@pytest.mark.parametrize("place", [True, False], ids=["of a place", "wherever"])
def test_what_is_told_is_what_would_be_computed(
    rosa: Visitor,
    clinic: Clinic,
    database: Database,
    project: Project,
    app: Flask,
    settings: Settings,
    place: bool,  # noqa: FBT001 - parametrized
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(9), patient_id=clinic.patients[1])
        factories.appointment(connection, clinic, clock_time(11))  # her own
        factories.closure(connection, clinic.location, clock_time(13), clock_time(15))
    project()
    address = f"{me(clinic)}/book?service={clinic.service}" + (f"&location={clinic.location}" if place else "")
    before = answered("projected")
    told = rosa.get(address).text
    assert answered("projected") == before + 1
    app.config["ANTEROOM"] = replace(settings, projected_times=False)
    try:
        computed = rosa.get(address).text
    finally:
        app.config["ANTEROOM"] = settings
    assert answered("projected") == before + 1
    assert times(told) == times(computed)
    assert len(times(told)) > 10


def test_a_time_that_only_an_old_item_shows_is_not_held(
    rosa: Visitor, clinic: Clinic, database: Database, project: Project
) -> None:
    with database.administer() as connection:
        for provider, room in zip(clinic.providers, clinic.rooms, strict=True):
            factories.appointment(
                connection, clinic, clock_time(10), patient_id=clinic.patients[1] if room == clinic.rooms[0] else
                factories.patient(connection), provider_id=provider, room_id=room,
            )  # fmt: skip
    address = f"{me(clinic)}/book?service={clinic.service}&location={clinic.location}"
    assert TEN in rosa.get(address).text
    refused = rosa.post(f"{me(clinic)}/book", wanted(clinic, clock_time(10)))
    assert refused.status_code == 409
    assert TEN not in refused.text
    assert statuses(database) == ["booked", "booked"]
    project()
    assert TEN not in rosa.get(address).text
