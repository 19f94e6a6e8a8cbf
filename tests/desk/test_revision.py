"""The number an open board compares: another one after every change that the board shows, the same one otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.desk.test_board import TODAY, actor_of
from tests.factories import NOW, Clinic, clock_time, insert
from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp import clock, db
from webapp.activity.queries import of_actor
from webapp.db import transactional
from webapp.desk import queries
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.stack.people import SignIn

DAY = date(2026, 11, 23)
Owner = psycopg.Connection[Any]


@dataclass(frozen=True)
class Morning:
    clinic: Clinic
    visit: UUID
    held: UUID


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def morning(owner: Owner, clinic: Clinic) -> Morning:
    """A visit at ten, and a time at two that is held for five minutes more."""
    visit = factories.appointment(owner, clinic, clock_time(10))
    held = factories.appointment(
        owner, clinic, clock_time(14), patient_id=clinic.patients[1], status="held",
        held_until=NOW + timedelta(minutes=5), via="portal",
    )  # fmt: skip
    return Morning(clinic, visit, held)


def number(app: Flask, clinic: Clinic, *, days: int = 1, later: timedelta = timedelta()) -> int:
    at = NOW + later
    with app.app_context(), transactional(factories.scope(at=at), read_only=True):
        found = queries.revision(clinic.location, DAY, DAY + timedelta(days=days - 1), at)
    assert found is not None
    assert found.location_id == clinic.location
    return found.number


def resource_columns(clinic: Clinic, **more: object) -> dict[str, object]:
    return {
        "id": new_id(),
        "provider_id": clinic.providers[0],
        "starts_at": clock_time(11),
        "ends_at": clock_time(12),
        **more,
    }


Change = Callable[[Owner, Morning], object]
CHANGES: dict[str, Change] = {
    "a visit is booked": lambda c, m: factories.appointment(c, m.clinic, clock_time(12)),
    "a visit moves within the day": lambda c, m: c.execute(
        "update appointment set starts_at = starts_at + interval '1 h', ends_at = ends_at + interval '1 h', version = 2"
        " where id = %s", (m.visit,)
    ),
    "a visit moves to another day": lambda c, m: c.execute(
        "update appointment set starts_at = starts_at + interval '7 d', ends_at = ends_at + interval '7 d'"
        " where id = %s",
        (m.visit,),
    ),
    "a check is ticked, which counts no version": lambda c, m: c.execute(
        "update appointment set arrival_checks = '{forms}' where id = %s", (m.visit,)
    ),
    "the patient has another name": lambda c, m: c.execute(
        "update patient set family = 'Byrne' where id = %s", (m.clinic.patients[0],)
    ),
    "the desk has to know something": lambda c, m: insert(
        c, "patient_alert", id=new_id(), patient_id=m.clinic.patients[0], label="Call only", icon="phone", tone="danger"
    ),
    "a provider has another name": lambda c, m: c.execute(
        "update provider set family = 'Nair' where id = %s", (m.clinic.providers[1],)
    ),
    "a room has another name": lambda c, m: c.execute(
        "update room set name = 'Blue room' where id = %s", (m.clinic.rooms[0],)
    ),
    "a service has another name": lambda c, _: c.execute("update service set name = 'Checkup'"),
    "the site has another name": lambda c, m: c.execute(
        "update location set name = 'Harbor' where id = %s", (m.clinic.location,)
    ),
    "hours change": lambda c, _: c.execute("update schedule set ends = '16:00'"),
    "hours end": lambda c, m: c.execute("delete from schedule where provider_id = %s", (m.clinic.providers[0],)),
    "the site is closed": lambda c, m: factories.closure(c, m.clinic.location, clock_time(15), clock_time(16)),
    "a provider works longer": lambda c, m: insert(
        c, "extra_hours", **resource_columns(m.clinic, location_id=m.clinic.location)
    ),
    "a provider is away": lambda c, m: insert(c, "leave", **resource_columns(m.clinic, kind="sick")),
    "time is blocked": lambda c, m: insert(
        c, "blocked_time", id=new_id(), resource_id=m.clinic.providers[0], starts_at=clock_time(11),
        ends_at=clock_time(12), label="Admin",
    ),
}  # fmt: skip


@contextmanager
def plainly(owner: Owner) -> Iterator[None]:
    """Rows are changed as they are: what occupancy follows is not the question here."""
    owner.execute("set session_replication_role = replica")
    yield
    owner.execute("reset session_replication_role")


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_another_one_when(app: Flask, owner: Owner, morning: Morning, what: str) -> None:
    before = number(app, morning.clinic)
    with plainly(owner):
        CHANGES[what](owner, morning)
    assert number(app, morning.clinic) != before


def test_it_is_the_same_when_nothing_that_it_shows_changed(app: Flask, owner: Owner, morning: Morning) -> None:
    elsewhere = factories.clinic(owner)
    before = number(app, morning.clinic)
    factories.appointment(owner, morning.clinic, clock_time(10) + timedelta(days=3))
    factories.appointment(owner, elsewhere, clock_time(10))
    factories.phone(owner, morning.clinic.patients[0])
    owner.execute("vacuum freeze appointment")
    assert number(app, morning.clinic, later=timedelta(minutes=4)) == before


def test_a_hold_that_lapses_changes_it_without_a_write(app: Flask, morning: Morning) -> None:
    before = number(app, morning.clinic)
    assert number(app, morning.clinic, later=timedelta(minutes=5)) != before


def test_a_change_that_began_first_and_committed_last_is_not_missed(
    app: Flask, database: Database, owner: Owner, morning: Morning
) -> None:
    """A highest number (an id, a version, a transaction) would already have passed the slow one by."""
    slow = psycopg.connect(database.stack.postgres.address(database.name))
    with slow, plainly(slow):
        slow.execute("update appointment set note = 'slow' where id = %s", (morning.visit,))
        with plainly(owner):
            owner.execute("update appointment set note = 'quick' where id = %s", (morning.held,))
        between = number(app, morning.clinic)
    assert number(app, morning.clinic) != between


def test_one_visit_replaces_another_in_one_transaction(app: Flask, database: Database, morning: Morning) -> None:
    """Count, sums of versions and highest of anything stay as they are; the rows do not."""
    before = number(app, morning.clinic)
    slow = psycopg.connect(database.stack.postgres.address(database.name))
    with slow, plainly(slow):
        slow.execute("update appointment set id = %s where id = %s", (new_id(), morning.visit))
    assert number(app, morning.clinic) != before


def test_a_week_has_the_changes_of_each_of_its_days(app: Flask, owner: Owner, morning: Morning) -> None:
    day, week = number(app, morning.clinic), number(app, morning.clinic, days=7)
    factories.appointment(owner, morning.clinic, clock_time(10) + timedelta(days=6))
    assert number(app, morning.clinic) == day
    assert number(app, morning.clinic, days=7) != week


def test_a_poll_says_304_for_as_long_as_the_quarter_lasts(desk: Visitor, morning: Morning) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    with clock.stopped_at(NOW + timedelta(minutes=4, seconds=59)):
        assert poll(desk, tag).status_code == 304
    with clock.stopped_at(NOW + timedelta(minutes=5)):
        assert "Held on the portal" not in poll(desk, tag).text
        tag = poll(desk, tag).headers["HX-PTag"]
    with clock.stopped_at(NOW + timedelta(minutes=14)):
        desk.get("/home")
        assert poll(desk, tag).status_code == 304
    with clock.stopped_at(NOW + timedelta(minutes=15)):
        assert poll(desk, tag).status_code == 200


def poll(desk: Visitor, tag: str) -> Any:
    return desk.get(TODAY, fragment=True, target="board", headers={"HX-PTag": tag})


def records(app: Flask, desk: Visitor) -> int:
    with app.app_context():
        return len(of_actor(actor_of(desk)))


def test_a_board_that_stays_open_is_recorded_when_others_are_on_it_or_a_quarter_has_passed(
    app: Flask, desk: Visitor, owner: Owner, morning: Morning
) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    assert records(app, desk) == 1
    with plainly(owner):
        owner.execute("update appointment set note = 'x' where id = %s", (morning.visit,))
    with clock.stopped_at(NOW + timedelta(minutes=2)):
        fresh = poll(desk, tag)
        assert fresh.status_code == 200
        assert records(app, desk) == 1
    factories.appointment(owner, morning.clinic, clock_time(15), patient_id=factories.patient(owner))
    with clock.stopped_at(NOW + timedelta(minutes=3)):
        somebody_new = poll(desk, fresh.headers["HX-PTag"])
        assert records(app, desk) == 2
    with clock.stopped_at(NOW + timedelta(minutes=14)):
        desk.get("/home")
    with clock.stopped_at(NOW + timedelta(minutes=18)):
        assert poll(desk, somebody_new.headers["HX-PTag"]).status_code == 200
    assert records(app, desk) == 3


@pytest.mark.parametrize("tag", ["", "a", "a.b.c", "a.b.1.c", "é.b.1.c", "....", "a.b.9999999999." + "0" * 24])
def test_a_tag_that_was_made_up_gets_the_board_and_a_record(
    app: Flask, desk: Visitor, morning: Morning, tag: str
) -> None:
    answer = desk.client.get(
        TODAY,
        headers={
            "HX-Request": "true",
            "HX-Request-Type": "partial",
            "HX-Target": "div#board",
            "HX-PTag": tag.encode().decode("latin-1"),
        },
    )
    assert answer.status_code == 200
    assert records(app, desk) == 1


def test_the_tag_of_a_colleague_does_not_hide_who_looked(
    app: Flask, desk: Visitor, sign_in: SignIn, morning: Morning
) -> None:
    theirs = sign_in("receptionist", at=NOW).get(TODAY).headers["HX-PTag"]
    assert poll(desk, theirs).status_code == 200
    assert records(app, desk) == 1


def test_a_glance_survives_that_its_connection_was_closed(desk: Visitor, owner: Owner, morning: Morning) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    assert poll(desk, tag).status_code == 304
    owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where usename = 'anteroom_app' and datname = current_database()"  # other tests' databases live beside it
    )
    assert poll(desk, tag).status_code == 304


def test_a_glance_does_not_wait_behind_another_one(app: Flask, morning: Morning) -> None:
    with app.app_context():
        values = {"location": morning.clinic.location, "first": DAY, "last": DAY, "at": NOW}
        kept = db.Glance(db.db.engine.url)
        assert kept.look("select 1 where %(at)s is not null", values) == (1,)
        with kept._lock:
            assert kept.look("select 1 where %(at)s is not null", values) is None
        kept.close()


def test_a_glance_changes_nothing(app: Flask, morning: Morning) -> None:
    with app.app_context():
        kept = db.Glance(db.db.engine.url)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            kept.look("update appointment set note = %(note)s", {"note": "x"})
        assert kept.look("select current_setting('role')", {}) == ("app_desk",)
        kept.close()
