"""Find a time, out of DynamoDB: the same as out of PostgreSQL, and PostgreSQL's where nothing is known for sure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.booking.projecting import answered
from tests.booking.wishes import application
from tests.factories import Clinic, clock_time
from webapp import dynamo
from webapp.booking.forms import write_instant
from webapp.booking.projection.project import Projector
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stack.database import Database
    from tests.stack.people import Visitor
    from webapp.settings import Settings


@pytest.fixture
def project(database: Database, settings: Settings) -> Iterator[Callable[[], None]]:
    """A worker that tells DynamoDB what has changed, when it is asked to."""
    worker, projector = application(settings.worker_database_url), Projector()
    dynamo.init_app(worker, settings)

    def once() -> None:
        with worker.app_context():
            while projector.once():
                pass

    yield once
    with worker.app_context():
        db.session.remove()
        db.engine.dispose()


def times(who: Visitor, clinic: Clinic) -> set[str]:
    page = who.get(
        f"/me/{clinic.patients[0]}/book?service={clinic.service}&location={clinic.location}&provider={clinic.providers[0]}"
    )
    assert page.status_code == 200
    return set(re.findall(r'name="starts_at" value="([^"]+)"', page.text))


def test_the_same_times_are_found_there(
    rosa: Visitor, clinic: Clinic, database: Database, project: Callable[[], None]
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])
    computed, before = times(rosa, clinic), answered("projected")
    project()
    assert times(rosa, clinic) == computed
    assert answered("projected") == before + 1
    assert write_instant(clock_time(10)) not in computed


def test_what_is_told_too_late_books_nothing_wrong(
    rosa: Visitor, clinic: Clinic, database: Database, project: Callable[[], None]
) -> None:
    project()
    ten = write_instant(clock_time(10))
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])
    assert ten in times(rosa, clinic)
    form = {"service": clinic.service, "location": clinic.location, "provider": clinic.providers[0], "starts_at": ten}
    refused = rosa.post(f"/me/{clinic.patients[0]}/book", form)
    assert refused.status_code == 409
    assert "That time was just taken" in refused.text
    assert f'value="{ten}"' not in refused.text
