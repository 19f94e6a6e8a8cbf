from __future__ import annotations

import datetime as dt
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from webapp.billing.actions.drafts import draft_visit
from webapp.db import Role, Scope, transactional
from webapp.ids import new_id
from webapp.interop.demo import load
from webapp.interop.demo.money import BEFORE, LEFT, TODAY
from webapp.interop.demo.people import COUNT
from webapp.interop.demo.wishes import WISHES

if TYPE_CHECKING:
    from flask import Flask


SYNTHEA = Path(__file__).parents[2] / "demo" / "synthea"
LATE_MORNING = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
"""A Sunday, 11:00 at the clinic."""
pytestmark = pytest.mark.usefixtures("in_app")
STATUSES = """
select (starts_at at time zone 'America/New_York')::date, status, count(*)
from appointment group by 1, 2
"""


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """A few of the sixty, so that loading is quick."""
    for path in sorted(SYNTHEA.glob("*.gz"))[:3]:
        shutil.copy(path, tmp_path)
    return tmp_path


def statuses(admin: psycopg.Connection[Any], day: dt.date) -> dict[str, int]:
    return {status: count for found, status, count in admin.execute(STATUSES) if found == day}


def one(admin: psycopg.Connection[Any], query: str) -> Any:
    row = admin.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_day_is_full_in_every_state_the_clock_allows_and_later_days_follow(
    admin: psycopg.Connection[Any], bundles: Path
) -> None:
    clinic, rosa = load.load_people(bundles, LATE_MORNING)
    assert one(admin, "select count(*) from patient where synthetic") == COUNT
    assert one(admin, f"select given || family from patient where id = '{rosa}'") == "RosaJimenez"
    assert one(admin, "select count(*) from patient_alert") > 50

    started = time.process_time()
    assert load.load_one(clinic, LATE_MORNING.date(), LATE_MORNING) > 80
    assert time.process_time() - started < 3
    today = statuses(admin, LATE_MORNING.date())
    assert today.keys() == {"booked", "confirmed", "arrived", "in_room", "finished", "noshow", "cancelled"}
    assert one(admin, "select count(*) from appointment where booked_at > '2026-11-22T16:00Z'") == 0
    assert one(admin, "select count(*) from appointment_history where at > '2026-11-22T16:00Z'") == 0
    assert one(admin, "select count(distinct at) from appointment_history") > 80
    assert (
        one(
            admin,
            "select count(*) from patient p join appointment a on a.patient_id = p.id where deceased_at is not null",
        )
        == 0
    )
    assert one(admin, "select count(*) from blocked_time where label = 'Admin time'") == 2
    late = "starts_at > '2026-11-22T16:20Z' and status in ('arrived', 'in_room', 'finished', 'noshow')"
    assert one(admin, f"select count(*) from appointment where {late}") == 0
    stale = "ends_at < '2026-11-22T15:30Z' and status in ('booked', 'confirmed', 'arrived', 'in_room')"
    assert one(admin, f"select count(*) from appointment where {stale}") == 0

    # Starting again the same day leaves the desk's work alone.
    later = LATE_MORNING + timedelta(hours=3)
    assert load.load_days(clinic, later, before=0, after=0) == 0
    assert statuses(admin, LATE_MORNING.date()) == today

    # The next day brings yesterday to its end and is filled itself.
    tomorrow = LATE_MORNING + timedelta(days=1)
    assert load.load_days(clinic, tomorrow, before=1, after=0) > 80
    assert statuses(admin, LATE_MORNING.date()).keys() == {"finished", "noshow", "cancelled"}
    assert statuses(admin, tomorrow.date()).keys() >= {"booked", "confirmed", "arrived", "in_room", "finished"}


def test_some_people_wait_once_for_a_time(admin: psycopg.Connection[Any], bundles: Path) -> None:
    clinic, _ = load.load_people(bundles, LATE_MORNING)
    load.load_days(clinic, LATE_MORNING, before=0, after=3)
    since = "status = 'waiting' and created_at < '2026-11-22T16:00Z'"
    assert one(admin, f"select count(*) from waiting_wish where {since}") == len(WISHES)
    assert one(admin, "select count(distinct patient_id) from waiting_wish") == len(WISHES)
    assert one(admin, "select count(*) from waiting_wish where appointment_id is not null") == 2
    admin.execute("delete from waiting_wish where urgency = 3")
    load.load_days(clinic, LATE_MORNING, before=0, after=3)
    assert one(admin, "select count(*) from waiting_wish") == len(WISHES) - 1


def test_the_desk_has_a_drawer_a_reader_and_invoices_most_of_them_paid(
    admin: psycopg.Connection[Any], bundles: Path
) -> None:
    clinic, rosa = load.load_people(bundles, LATE_MORNING)
    for day in (LATE_MORNING - timedelta(days=1), LATE_MORNING):
        load.load_one(clinic, day.date(), LATE_MORNING)
    # Beside `make run` a worker runs, which has drafted some by then.
    drafted = [row[0] for row in admin.execute("select id from appointment where status = 'finished' limit 30")]
    with transactional(Scope(role=Role.DESK, actor=None, at=LATE_MORNING, request=str(new_id()))):
        for visit in drafted:
            draft_visit(visit, actor=None, at=LATE_MORNING)
    load.load_days(clinic, LATE_MORNING, before=1, after=0)
    assert one(admin, "select count(*) from drawer where name = 'Desk 1'") == 1
    assert one(admin, "select count(*) from simulated_reader") == 1
    invoices = one(admin, "select count(*) from invoice where status = 'issued'")
    assert invoices == BEFORE + TODAY + 1
    (owed,) = admin.execute(
        "select sum(cents) from ledger_entry where account = 'patient_receivable' and patient_id = %s", (rosa,)
    ).fetchone() or (0,)
    assert owed > 0
    assert invoices > one(admin, "select count(*) from payment") > invoices // 2
    assert one(admin, "select sum(cents) from ledger_entry") == 0
    assert one(admin, "select sum(cents) from ledger_entry where account = 'patient_receivable'") > 0
    load.load_days(clinic, LATE_MORNING, before=1, after=0)
    assert one(admin, "select count(*) from invoice where status = 'issued'") == invoices
    finished = one(admin, "select count(*) from appointment where status = 'finished'")
    assert load.bill_rest(clinic, LATE_MORNING) == finished - invoices - LEFT > 0
    assert load.bill_rest(clinic, LATE_MORNING) == 0
    assert one(admin, "select sum(cents) from ledger_entry") == 0


def test_a_clinic_that_was_changed_is_not_put_back(admin: psycopg.Connection[Any], bundles: Path) -> None:
    load.load_people(bundles, LATE_MORNING)
    admin.execute("update provider set specialty = 'Sleep medicine' where family = 'Osei'")
    admin.execute("update patient set family = 'Changed' where given = 'Rosa' and family = 'Jimenez'")
    before = one(admin, "select count(*) from audit")
    load.load_people(bundles, LATE_MORNING)
    assert one(admin, "select count(*) from provider where specialty = 'Sleep medicine'") == 1
    assert one(admin, "select count(*) from audit") == before


def test_a_broken_bundle_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(load.DemoIncomplete, match=r"broken\.json: not JSON"):
        load.load_people(tmp_path, LATE_MORNING)


@pytest.mark.slow
def test_one_command_opens_the_clinic_and_again_changes_nothing(admin: psycopg.Connection[Any], app: Flask) -> None:
    first = app.test_cli_runner().invoke(args=["demo", "load"])
    assert first.exit_code == 0, first.output
    assert "receptionist@anteroom.example" in first.output
    people = "select count(distinct patient_id) from appointment where status <> 'cancelled' group by starts_at::date"
    days = [row[0] for row in admin.execute(people)]
    assert len(days) == load.DAYS_BEFORE + 1 + load.DAYS_AFTER
    assert min(days) > 80
    linked = "select p.given || ' ' || p.family from account_patient a join patient p on p.id = a.patient_id"
    assert one(admin, linked) == "Rosa Jimenez"
    counts = "select (select count(*) from appointment), (select count(*) from patient), (select count(*) from account)"
    before = admin.execute(counts).fetchone()
    started = time.process_time()
    assert app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 0
    assert time.process_time() - started < 3
    assert admin.execute(counts).fetchone() == before


def test_the_clinic_shows_what_settings_can_say(admin: psycopg.Connection[Any], bundles: Path) -> None:
    clinic, _rosa = load.load_people(bundles, LATE_MORNING)
    load.load_days(clinic, LATE_MORNING, before=0, after=0)
    load.load_days(clinic, LATE_MORNING + timedelta(hours=1), before=0, after=0)
    assert one(admin, "select count(*) from equipment") == 3
    assert one(admin, "select count(*) from schedule where every_weeks = 2") == 1
    assert one(admin, "select count(*) from service where capacity > 1") == 1
    for table in ("service_equipment", "service_room", "service_part"):
        assert one(admin, f"select count(*) from {table}") == 2, table
    # Beyond the days that are full, so nobody's visit is in the way; and only once.
    away = "starts_at > '2026-12-06' and (select count(*) from occupancy as o where o.owner_id = leave.id) = 1"
    assert one(admin, f"select count(*) from leave where {away}") == 2
