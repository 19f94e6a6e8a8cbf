"""The chain over the audit: whatever is done to it afterwards is found, and the first row it was done to is named."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from tests import factories
from tests.activity.sealed import seal_everything
from tests.activity.tampering import DEEDS, Tampering
from tests.booking.wishes import Owner
from tests.factories import NOW
from webapp import clock, create_app, dynamo
from webapp.activity import sealing
from webapp.activity.chain import Finding, Seal
from webapp.activity.jobs import seal_audit, verify_audit
from webapp.activity.sealing import ChainBroken, publish, seal
from webapp.activity.verifying import verify
from webapp.db import Role, db

if TYPE_CHECKING:
    from tests.stack.database import Database
    from webapp.settings import Settings

TAMPERINGS = int(os.environ.get("AUDIT_TAMPERINGS", "50"))
ROWS_OF_A_BLOCK = 7


@pytest.fixture(scope="module")
def worker(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, database_url=settings.worker_database_url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def owner(database: Database, worker: Flask) -> Iterator[Owner]:
    with database.administer() as connection:
        yield connection


def something_happens(owner: Owner, times: int) -> None:
    for _ in range(times):
        factories.location(owner)
    # Numbers that nobody got: of transactions that were rolled back.
    for _ in range(2):
        with owner.transaction(force_rollback=True):
            factories.location(owner)


def seal_all() -> None:
    """What the job does in some minutes."""
    seal_everything(NOW, most_rows=ROWS_OF_A_BLOCK)
    publish()


def found() -> Finding | None:
    return verify(lambda: factories.scope(Role.JOB)).finding


def ids(owner: Owner) -> list[int]:
    return [row[0] for row in owner.execute("SELECT id FROM audit ORDER BY id")]


@pytest.fixture
def sealed(owner: Owner) -> list[int]:
    """An audit of many blocks with gaps between its numbers; ids of its rows."""
    for _ in range(6):
        something_happens(owner, 6)
        seal_all()
    assert found() is None
    assert owner.execute("SELECT FROM audit_seal").rowcount > 6
    return ids(owner)


def test_every_single_tampering_is_found_and_its_first_row_named(owner: Owner, sealed: list[int]) -> None:
    chance = random.Random(1)
    for table in ("audit", "audit_seal"):
        owner.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}".encode())
    owner.execute("SET session_replication_role = replica")
    for number in range(TAMPERINGS):
        deed = DEEDS[number % len(DEEDS)]
        expected = deed(Tampering(owner, sealed, chance))
        finding = found()
        assert finding is not None, deed.__name__
        assert finding.row == expected, (deed.__name__, finding)
        owner.execute("TRUNCATE audit, audit_seal")
        owner.execute("INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM kept_audit")
        owner.execute("INSERT INTO audit_seal SELECT * FROM kept_audit_seal")
    assert found() is None
    owner.execute("DROP TABLE kept_audit, kept_audit_seal")


def test_seals_that_were_changed_or_deleted_are_found_with_their_rows_intact(owner: Owner, sealed: list[int]) -> None:
    owner.execute("SET session_replication_role = replica")
    owner.execute("CREATE TABLE kept AS SELECT * FROM audit_seal")
    for statement, kind in (
        ("UPDATE audit_seal SET row_digests = row_digests || 'x' WHERE number = 3", "seal_changed"),
        ("UPDATE audit_seal SET head = sha256(head) WHERE number = 3", "seal_changed"),
        ("UPDATE audit_seal SET next_upto = next_upto + 1 WHERE number = 3", "seal_changed"),
        ("DELETE FROM audit_seal WHERE number = 3", "seal_missing"),
        ("DELETE FROM audit_seal WHERE number >= 3", "seal_missing"),
        ("TRUNCATE audit_seal", "seal_missing"),
    ):
        owner.execute(statement.encode())
        assert found() == Finding(kind, 0 if "TRUNCATE" in statement else 3), statement  # type: ignore[arg-type]
        owner.execute("TRUNCATE audit_seal")
        owner.execute("INSERT INTO audit_seal SELECT * FROM kept")
    owner.execute("DROP TABLE kept")


def test_a_copy_that_was_changed_or_deleted_is_found(owner: Owner, sealed: list[int]) -> None:
    client = dynamo.client()
    where: dynamo.Item = {"pk": sealing.PARTITION, "sk": f"{3:012d}"}
    whole = client.get("activity", where)
    assert whole is not None
    client.put("activity", whole | {"upto": 1})
    assert found() == Finding("copy_changed", 3)
    client.delete("activity", where)
    assert found() == Finding("copy_missing", 3)
    client.put("activity", whole)
    assert found() is None


def test_the_job_does_not_go_on_over_a_chain_that_was_begun_anew(owner: Owner, sealed: list[int]) -> None:
    owner.execute("SET session_replication_role = replica")
    owner.execute("TRUNCATE audit, audit_seal")
    owner.execute("RESET session_replication_role")
    something_happens(owner, 3)
    with pytest.raises(ChainBroken):
        seal_all()
    finding = found()
    assert finding is not None
    assert finding.row == sealed[0]


def test_a_row_that_commits_late_is_in_the_chain_and_not_found_to_be_added(owner: Owner, database: Database) -> None:
    something_happens(owner, 3)
    with database.administer() as slow:
        slow.execute("BEGIN")
        factories.location(slow)
        # It has its number, and others come after it and are committed before.
        something_happens(owner, 3)
        late = set(range(1, max(ids(owner)) + 1)) - set(ids(owner))
        assert late
        for _ in range(12):
            seal(NOW, most_rows=ROWS_OF_A_BLOCK)
            publish()
            assert found() is None
        waiting = owner.execute("SELECT max(upto) FROM audit_seal").fetchone()
        slow.execute("COMMIT")
    seal_all()
    assert found() is None
    reached = owner.execute("SELECT max(upto) FROM audit_seal").fetchone()
    assert waiting == (0,)
    assert reached == (max(ids(owner)),)


def test_a_chain_of_another_server_goes_on_after_its_backup_was_played_back(owner: Owner, sealed: list[int]) -> None:
    owner.execute("SET session_replication_role = replica")
    row = owner.execute("SELECT max(number) FROM audit_seal").fetchone()
    assert row is not None
    last = Seal(*owner.execute(sealing.SEALS, {"first": row[0], "most": 1}).fetchall()[0])
    far = replace(last, number=last.number + 1, row_digests=b"", next_xid="900000000000", previous=last.head).closed()
    owner.execute(sealing._INSERT, {name: getattr(far, name) for name in Seal.__dataclass_fields__})
    owner.execute("RESET session_replication_role")
    something_happens(owner, 3)
    seal_all()
    assert found() is None
    assert owner.execute("SELECT max(upto) FROM audit_seal").fetchone() == (max(ids(owner)),)


def test_the_command_says_that_all_is_well_or_names_the_row(owner: Owner, sealed: list[int], app: Flask) -> None:
    something_happens(owner, 2)
    verify_audit(0)
    result = app.test_cli_runner().invoke(args=["verify-audit"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{len(sealed)} rows in ")
    assert "; 2 are not sealed yet" in result.output
    owner.execute("SET session_replication_role = replica")
    owner.execute("UPDATE audit SET request = 'another' WHERE id = %s", (sealed[9],))
    with pytest.raises(ChainBroken):
        verify_audit(0)
    result = app.test_cli_runner().invoke(args=["verify-audit"])
    assert result.exit_code == 1
    assert f"Row {sealed[9]} of the audit is not as it was sealed" in result.output


def test_the_job_seals_and_copies_and_goes_on_where_dynamodb_was_away(
    owner: Owner, worker: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.identity.browsing import dynamo_away

    something_happens(owner, 3)
    with clock.stopped_at(NOW):
        with dynamo_away(worker, monkeypatch), pytest.raises(dynamo.DynamoUnavailable):
            seal_audit(0)
        seal_audit(0)
        seal_everything(NOW)
        seal_audit(0)
    newest = sealing.newest_copy()
    assert newest is not None
    assert newest.upto == max(ids(owner))
    assert found() is None
