from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interop.bundles import Write, record
from webapp.interop.commands.fhir import run
from webapp.interop.importing import Import

if TYPE_CHECKING:
    from flask import Flask

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("in_app")


def one(admin: psycopg.Connection[Any], query: str) -> Any:
    row = admin.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_the_command_names_broken_files_imports_the_others_and_fails(
    admin: psycopg.Connection[Any], app: Flask, tmp_path: Path, write: Write
) -> None:
    write(record("M-1"), "good.json.gz")
    write(b"{not json", "text.json")
    write(gzip.compress(json.dumps(record("M-2")).encode())[:-30], "cut.json")
    wrong = record("M-3")
    wrong["entry"][3]["resource"]["period"]["start"] = "2019-02-30T00:00:00Z"
    write(wrong, "date.json")
    write({"resourceType": "Patient"}, "patient.json")
    result = app.test_cli_runner().invoke(args=["import", "fhir", str(tmp_path), str(tmp_path / "none.json")])
    assert result.exit_code == 1
    told = {
        line.split(": ")[1].rsplit("/", 1)[1]: line for line in result.output.splitlines() if "not imported: " in line
    }
    assert set(told) == {"text.json", "cut.json", "date.json", "patient.json", "none.json"}
    assert "truncated" in told["cut.json"]
    assert "entry 3 (Encounter urn:uuid:" in told["date.json"]
    assert "impossible date" in told["date.json"]
    assert "not a Bundle" in told["patient.json"]
    assert one(admin, "select string_agg(value, ',') from patient_identifier") == "M-1"
    assert "1 of 6 files imported" in result.output


def test_the_command_succeeds_when_all_is_well(app: Flask, write: Write) -> None:
    result = app.test_cli_runner().invoke(args=["import", "fhir", str(write(record()))])
    assert result.exit_code == 0
    assert "identifiers left out: 3" in result.output


class Interrupted(list[Path]):
    """Files of somebody who presses Ctrl-C at the second one."""

    def __iter__(self) -> Iterator[Path]:
        yield self[0]
        raise KeyboardInterrupt


def test_ctrl_c_keeps_what_is_in_and_says_how_to_go_on(admin: psycopg.Connection[Any], write: Write) -> None:
    course = Import(NOW)
    files = Interrupted([write(record("M-1"), "1.json"), write(record("M-2"), "2.json")])
    assert run(course, files) == 130
    assert one(admin, "select count(*) from patient") == 1


def test_the_name_of_a_file_cannot_steer_the_terminal(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "mild\x1b[2J\x9b\r\u202e\n.json"
    path.write_text("{")
    result = app.test_cli_runner().invoke(args=["import", "fhir", str(path)])
    assert result.exit_code == 1
    assert "mild\ufffd[2J" in result.stderr
    assert not {"\x1b", "\x9b", "\r", "\u202e"} & set(result.output + result.stderr)
