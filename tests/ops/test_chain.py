"""Auditors see how far the audit is sealed, have it verified, one at a time, and find who asked and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories
from tests.activity.sealed import seal_everything
from tests.booking.wishes import Owner
from tests.factories import NOW
from tests.stack.people import SignIn, Visitor
from webapp import clock, create_app, dynamo
from webapp.activity import checking
from webapp.activity.jobs import check_audit, verify_audit
from webapp.activity.sealing import ChainBroken, publish
from webapp.db import Role, db

if TYPE_CHECKING:
    from tests.stack.database import Database
    from webapp.settings import Settings

PAGE = "/activity/chain"
CHECK = "/activity/chain/check"


@pytest.fixture(scope="module")
def worker(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, database_url=settings.worker_database_url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def sealed(owner: Owner, worker: Flask) -> int:
    """Some rows in the chain, and two that came after; how many are sealed."""
    for _ in range(5):
        factories.location(owner)
    seal_everything(NOW, most_rows=3)
    publish()
    count = owner.execute("SELECT sum(octet_length(row_digests) / 24)::int FROM audit_seal").fetchone()
    assert count is not None
    factories.location(owner)
    factories.location(owner)
    return int(count[0])


def verify_what_was_asked(owner: Owner) -> None:
    """What the worker does with the newest promise of a press."""
    row = owner.execute(
        "SELECT args ->> 'check' FROM jobs.procrastinate_jobs WHERE task_name = 'activity.check_audit'"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    check_audit(row[0])


def last_seal(owner: Owner) -> tuple[int, datetime]:
    row = owner.execute("SELECT number, sealed_at FROM audit_seal ORDER BY number DESC LIMIT 1").fetchone()
    assert row is not None
    return row[0], row[1]


def shown(auditor: Visitor) -> dict[str, str]:
    """The pairs that the page shows, as its readers do."""
    parts = auditor.get(PAGE).text.split("<dt>")[1:]
    return {part.partition("</dt>")[0]: part.partition("<dd>")[2].partition("</dd>")[0] for part in parts}


def test_a_press_has_everything_verified_and_the_page_says_who_asked_and_that_all_is_well(
    sign_in: SignIn, owner: Owner, sealed: int
) -> None:
    auditor = sign_in("auditor")
    before = shown(auditor)
    young = owner.execute("SELECT count(*) FROM audit WHERE id > (SELECT max(upto) FROM audit_seal)").fetchone()
    assert (before["Rows sealed"], before["Not yet sealed"]) == (str(sealed), str((young or (0,))[0]))
    assert young is not None
    assert young[0] >= 2
    assert "Never yet." in auditor.get(PAGE).text
    assert auditor.post(CHECK).status_code == 303
    waiting = auditor.get(PAGE).text
    assert "Going on: 0 rows so far" in waiting
    assert "Verify now" not in waiting
    verify_what_was_asked(owner)
    after = shown(auditor)
    assert after["Found"] == "As it was sealed"
    assert after["Rows in order"] == after["Rows sealed"] == str(sealed)
    assert after["Asked for by"] == "Robin Example"
    assert "Verify now" in auditor.get(PAGE).text


def test_one_at_a_time_whoever_asks_and_the_second_is_told_so(sign_in: SignIn, owner: Owner, sealed: int) -> None:
    assert sign_in("auditor").post(CHECK).status_code == 303
    refused = sign_in("manager").post(CHECK)
    assert refused.status_code == 409
    assert "being verified already" in refused.text
    with clock.stopped_at(clock.now()):
        verify_audit(0)
    assert owner.execute("SELECT count(*) FROM audit_check").fetchone() == (1,)
    promised = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'activity.check_audit'"
    assert owner.execute(promised.encode()).fetchone() == (1,)


def test_what_differs_is_named_by_its_row_and_stays_found(sign_in: SignIn, owner: Owner, sealed: int) -> None:
    auditor = sign_in("auditor")
    owner.execute("SET session_replication_role = replica")
    row = owner.execute("UPDATE audit SET request = 'x' WHERE id = (SELECT min(id) + 1 FROM audit) RETURNING id")
    number = (row.fetchone() or (0,))[0]
    owner.execute("RESET session_replication_role")
    auditor.post(CHECK)
    for _ in range(2):
        # Tried again, as the worker does with a job that raised: it says the same, and looks at nothing twice.
        with pytest.raises(ChainBroken):
            verify_what_was_asked(owner)
    assert shown(auditor)["Found"].startswith(f"Row {number} of the audit is not as it was sealed (block ")
    assert "The audit is not as it was sealed." in auditor.get(PAGE).text
    with clock.stopped_at(clock.now()):
        for _ in range(2):
            with pytest.raises(ChainBroken):
                verify_audit(0)
    # Whoever may see it is told of each check, once however often its job is tried.
    told = "SELECT count(*), count(DISTINCT args) FROM jobs.procrastinate_jobs WHERE task_name = 'notify.tell_staff'"
    assert owner.execute(told.encode()).fetchone() == (4, 2)
    assert owner.execute("SELECT asked_by IS NULL, whole FROM audit_check ORDER BY asked_at").fetchall() == [
        (False, False),
        (True, False),
    ]


def test_a_check_whose_job_was_given_up_is_no_obstacle(sign_in: SignIn, owner: Owner, sealed: int) -> None:
    auditor = sign_in("auditor")
    auditor.post(CHECK)
    owner.execute("UPDATE audit_check SET seen_at = seen_at - %s", (checking.SILENT + timedelta(minutes=1),))
    assert "Nothing was heard of it for half an hour" in auditor.get(PAGE).text
    assert auditor.post(CHECK).status_code == 303
    verify_what_was_asked(owner)
    assert ">Given up<" in auditor.get(PAGE).text
    assert shown(auditor)["Found"] == "As it was sealed"


def test_without_dynamodb_a_check_waits_for_its_next_attempt(
    worker: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, owner: Owner, sealed: int
) -> None:
    from tests.identity.browsing import dynamo_away

    auditor = sign_in("auditor")
    auditor.post(CHECK)
    with dynamo_away(worker, monkeypatch), pytest.raises(dynamo.DynamoUnavailable):
        verify_what_was_asked(owner)
    verify_what_was_asked(owner)
    assert shown(auditor)["Found"] == "As it was sealed"


def test_how_far_a_check_is_can_be_seen_before_it_ends(
    monkeypatch: pytest.MonkeyPatch, worker: Flask, owner: Owner, sealed: int
) -> None:
    monkeypatch.setattr(checking, "TELL_SECONDS", -1.0)
    check = UUID(int=7)
    add = "INSERT INTO audit_check (id, asked_by, asked_at, seen_at) VALUES (%s, NULL, %s, %s)"
    owner.execute(add.encode(), (check, NOW, NOW))
    seen: list[int] = []

    def scope() -> object:
        row = owner.execute("SELECT rows FROM audit_check").fetchone()
        seen.append(row[0] if row else -1)
        return factories.scope(Role.JOB)

    checking.carry_out(check, scope)  # type: ignore[arg-type]
    assert seen == sorted(seen)
    assert {0, 3} < set(seen)


def test_rows_that_nobody_seals_are_said_to_wait(sign_in: SignIn, owner: Owner, sealed: int) -> None:
    oldest = owner.execute("SELECT min(at) FROM audit WHERE id > (SELECT max(upto) FROM audit_seal)").fetchone()
    assert oldest is not None
    late: datetime = oldest[0] + timedelta(minutes=10)
    with clock.stopped_at(late):
        assert "Nothing has been sealed for" not in sign_in("auditor").get(PAGE).text
    with clock.stopped_at(late + timedelta(seconds=1)):
        assert "Nothing has been sealed for" in sign_in("auditor").get(PAGE).text


def test_how_far_seals_are_copied_is_shown_and_a_copy_that_lags_is_warned_of(
    sign_in: SignIn, owner: Owner, sealed: int
) -> None:
    number, made = last_seal(owner)
    assert shown(sign_in("auditor"))["Copied up to"].startswith(f"Seal {number} (")
    factories.location(owner)
    with clock.stopped_at(made + timedelta(hours=1)):
        seal_everything(clock.now())
    later, at = last_seal(owner)
    assert later > number
    with clock.stopped_at(at + timedelta(minutes=2)):
        auditor = sign_in("auditor")
        assert "lag behind" not in auditor.get(PAGE).text
        pairs = shown(auditor)
        assert pairs["Copied up to"].startswith(f"Seal {number} (")
        assert pairs["Last seal"].startswith(f"Seal {later} (")
        assert pairs["Seals not yet copied"] == str(later - number)
    with clock.stopped_at(at + timedelta(minutes=2, seconds=1)):
        assert "lag behind" in sign_in("auditor").get(PAGE).text
        publish()
        auditor = sign_in("auditor")
        assert "lag behind" not in auditor.get(PAGE).text
        assert shown(auditor)["Copied up to"].startswith(f"Seal {later} (")


def test_a_newest_copy_of_another_seal_is_said_before_any_check(sign_in: SignIn, owner: Owner, sealed: int) -> None:
    number, _ = last_seal(owner)
    assert "no longer agree" not in sign_in("auditor").get(PAGE).text
    owner.execute("SET session_replication_role = replica")
    owner.execute("UPDATE audit_seal SET head = sha256(head) WHERE number = %s", (number,))
    assert f"The copy of seal {number} in DynamoDB was changed." in sign_in("auditor").get(PAGE).text
    owner.execute("DELETE FROM audit_seal WHERE number = %s", (number,))
    owner.execute("RESET session_replication_role")
    assert f"Seal {number} is gone" in sign_in("auditor").get(PAGE).text


def test_without_dynamodb_for_that_one_read_the_page_says_so_and_shows_the_rest(
    sign_in: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch, owner: Owner, sealed: int
) -> None:
    from tests.identity.browsing import dynamo_away

    auditor = sign_in("auditor")
    with monkeypatch.context() as patch:
        # Gone when the session is read and before the copies are: everything in between is PostgreSQL's.
        read = checking.standing

        def leaving(session: Session) -> object:
            away.enter_context(dynamo_away(app, monkeypatch))
            return read(session)

        patch.setattr(checking, "standing", leaving)
        with ExitStack() as away:
            page = auditor.get(PAGE)
    assert page.status_code == 200
    assert "DynamoDB does not answer." in page.text
    assert "Copied up to" not in page.text
    assert "Rows sealed" in page.text


def test_postgresql_lets_nobody_change_a_verdict_or_ask_in_anothers_name(
    database: Database, owner: Owner, sign_in: SignIn, sealed: int
) -> None:
    auditor = sign_in("auditor")
    auditor.post(CHECK)
    verify_what_was_asked(owner)
    with database.connect("app_job", login="anteroom_worker") as job:
        for statement in (
            "UPDATE audit_check SET whole = true",
            "UPDATE audit_check SET ended_at = NULL, whole = NULL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                job.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            job.execute("DELETE FROM audit_check")
    add = "INSERT INTO audit_check (id, asked_by, asked_at, seen_at) VALUES (gen_random_uuid(), %s, %s, %s)"
    with database.connect("app_auditor") as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
        other.execute(add.encode(), (auditor.account_id, NOW, NOW))
