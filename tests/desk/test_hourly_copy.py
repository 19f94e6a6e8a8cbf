"""The copy of every hour: whole files, closed to others, of today and tomorrow only, and on the record."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.aws import TEMPLATE
from tests import factories
from tests.desk.test_day_sheet import text_of
from tests.factories import NOW, clock_time
from webapp import create_app
from webapp.activity import queries as log_of
from webapp.db import db
from webapp.desk.gateways.sheet_store import Folder, store_at
from webapp.desk.jobs import write_day_sheets
from webapp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from deploy.local.stack import Stack
    from tests.factories import Clinic
    from tests.stack.database import Database

TODAY = NOW.date()


@pytest.fixture
def write(settings: Settings, database: Database) -> Iterator[Callable[[str], None]]:
    """Write the copies to a place, as the worker does."""
    app = create_app(replace(settings, database_url=settings.worker_database_url))

    def written(place: str) -> None:
        app.config["ANTEROOM"] = replace(settings, day_sheets=place)
        with app.app_context():
            write_day_sheets(timestamp=0)

    yield written
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def people(database: Database, clinic: Clinic) -> tuple[UUID, UUID]:
    """Somebody who comes today and somebody who comes tomorrow."""
    with database.administer() as connection:
        made = [factories.patient(connection, family=name) for name in ("Today", "Tomorrow")]
        for ahead, patient in enumerate(made):
            day = TODAY + timedelta(days=ahead)
            factories.appointment(connection, clinic, clock_time(9, day=day), patient_id=patient)
        late = factories.patient(connection, family="Later")
        factories.appointment(connection, clinic, clock_time(9, day=TODAY + timedelta(days=2)), patient_id=late)
    return made[0], made[1]


def test_today_and_tomorrow_lie_there_for_the_clinics_own_user_only(
    write: Callable[[str], None], people: tuple[UUID, UUID], tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    write(str(folder))
    files = sorted(folder.iterdir())
    assert [path.name[:10] for path in files] == [str(TODAY), str(TODAY + timedelta(days=1))]
    for path, name in zip(files, ("Rosa Today", "Rosa Tomorrow"), strict=True):
        assert name in text_of(path.read_bytes())
        assert "Rosa Later" not in text_of(path.read_bytes())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_next_copy_takes_the_place_of_the_last_and_old_days_go(
    write: Callable[[str], None], people: tuple[UUID, UUID], tmp_path: Path, database: Database
) -> None:
    for days in (2, 3):
        (tmp_path / f"{TODAY - timedelta(days=days)}-harbor-abc.pdf").write_bytes(b"old")
    (tmp_path / "2020-01-01-notes.txt").write_bytes(b"not ours")
    (tmp_path / "handbook.pdf").write_bytes(b"not ours")
    write(str(tmp_path))
    before = {path: path.stat().st_ino for path in tmp_path.glob(f"{TODAY}*.pdf")}
    with database.administer() as connection:
        connection.execute("update patient set family = 'Changed' where id = %s", (people[0],))
    write(str(tmp_path))
    (path,) = before
    assert "Rosa Changed" in text_of(path.read_bytes())
    # Another file was put in its place: whoever had it open still reads the whole old one.
    assert path.stat().st_ino != before[path]
    left = {path.name for path in tmp_path.iterdir()}
    assert f"{TODAY - timedelta(days=2)}-harbor-abc.pdf" in left
    assert f"{TODAY - timedelta(days=3)}-harbor-abc.pdf" not in left
    assert {"2020-01-01-notes.txt", "handbook.pdf"} <= left
    assert not [name for name in left if name.endswith(".part")]


def test_each_site_has_files_of_its_own_by_its_own_day(
    write: Callable[[str], None], clinic: Clinic, database: Database, tmp_path: Path
) -> None:
    with database.administer() as connection:
        factories.branch(connection, clinic, name="Harbor / Élysée", time_zone="Pacific/Kiritimati")
        factories.branch(connection, clinic, name="Harbor Elysee!", time_zone="Pacific/Kiritimati")
    write(str(tmp_path))
    days = sorted(path.name[:10] for path in tmp_path.iterdir())
    tomorrow, after = str(TODAY + timedelta(days=1)), str(TODAY + timedelta(days=2))
    assert days == [str(TODAY), tomorrow, tomorrow, tomorrow, after, after]


def test_the_log_says_whom_the_copies_name_and_that_nobody_looked(
    write: Callable[[str], None], people: tuple[UUID, UUID], tmp_path: Path, app: Any
) -> None:
    write(str(tmp_path))
    with app.app_context():
        (record,) = log_of.of_day(TODAY)
        assert log_of.of_patient(people[0]) == []
    assert (record.action, record.detail, record.actor) == ("exported", "day_sheets", None)
    assert record.listed == frozenset(people)


def test_nothing_is_written_when_the_log_does_not_answer(
    write: Callable[[str], None], people: tuple[UUID, UUID], tmp_path: Path, settings: Settings, database: Database
) -> None:
    from webapp.dynamo import DynamoUnavailable

    deaf = replace(settings, database_url=settings.worker_database_url, aws_endpoint_url="http://127.0.0.1:9")
    app = create_app(replace(deaf, day_sheets=str(tmp_path / "copies")))
    with app.app_context(), pytest.raises(DynamoUnavailable):
        write_day_sheets(timestamp=0)
    with app.app_context():
        db.engine.dispose()
    assert not (tmp_path / "copies").exists()


def test_a_place_that_takes_no_file_is_an_error_the_worker_keeps(
    write: Callable[[str], None], people: tuple[UUID, UUID], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        write(str(tmp_path / "file"))


def test_without_a_place_nothing_is_kept(write: Callable[[str], None], people: tuple[UUID, UUID], app: Any) -> None:
    write("")
    with app.app_context():
        assert log_of.of_day(TODAY) == []


def test_a_half_written_file_of_before_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".{TODAY}-a.pdf.part").write_bytes(b"half")
    Folder(tmp_path).put(f"{TODAY}-a.pdf", b"whole")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole"]


def test_the_copies_lie_in_a_bucket_encrypted(
    write: Callable[[str], None], people: tuple[UUID, UUID], stack: Stack, settings: Settings
) -> None:
    client = stack.aws.client("s3")
    bucket = _bucket_of(stack)
    client.put_object(Bucket=bucket, Key="sheets/2020-01-01-harbor-abc.pdf", Body=b"old")
    client.put_object(Bucket=bucket, Key="sheets/2020-01-01.txt", Body=b"not ours")
    write(f"s3://{bucket}/sheets")
    keys = sorted(found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"])
    try:
        assert [key[:17] for key in keys if key.endswith(".pdf")] == [
            f"sheets/{TODAY}",
            f"sheets/{TODAY + timedelta(days=1)}",
        ]
        assert "sheets/2020-01-01.txt" in keys
        found = client.get_object(Bucket=bucket, Key=keys[-1])
        assert found["ServerSideEncryption"] == "AES256"
        assert "Rosa Tomorrow" in text_of(found["Body"].read())
    finally:
        for key in keys:
            client.delete_object(Bucket=bucket, Key=key)
    assert getattr(store_at("s3://b-1/x", replace(settings, aws_endpoint_url=None)), "encryption", "") == "aws:kms"


def _bucket_of(stack: Stack) -> str:
    made = stack.aws.client("cloudformation").describe_stacks(StackName=f"{stack.deployed.prefix}stack")["Stacks"][0]
    return next(str(out["OutputValue"]) for out in made["Outputs"] if out["OutputKey"] == "DaySheetsBucket")


def test_the_template_closes_the_bucket_encrypts_it_and_lets_it_forget() -> None:
    """The stand-in keeps none of this: what AWS gets is read from the template."""
    text = re.sub(r"\s+", " ", TEMPLATE.read_text("utf-8"))
    assert "DaySheets: Type: AWS::S3::Bucket" in text
    assert 'ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" }' in text
    for closed in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
        assert f"{closed}: true" in text
    assert "Id: a-day-is-over, Status: Enabled, ExpirationInDays: 3" in text
    assert 'Condition: { Bool: { "aws:SecureTransport": "false" } }' in text


@pytest.mark.parametrize("place", ["s3://", "s3://A_B/x", "https://example.org/x", "s3://b/../x y"])
def test_a_place_that_is_none_stops_the_start(database: Database, place: str) -> None:
    with pytest.raises(SettingsError, match="DAY_SHEETS"):
        Settings.from_environment({**database.environment, "DAY_SHEETS": place})


def test_the_job_is_due_every_hour() -> None:
    from webapp.jobs import queue

    due = [task.cron for task in queue.periodic_registry.periodic_tasks.values() if task.task is write_day_sheets.task]
    assert due == ["7 * * * *"]
