"""No input makes an error of ours: odd values in every field and every address of every route."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.access_rows import address, doors
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn

ROOT = Path(__file__).parent.parent
ROUNDS = int(os.environ.get("ODD_ROUNDS", "6"))
FIELDS_AT_ONCE = 6
LARGE = 4000

ODD = (
    "", " ", "0", "-1", "1e400", "NaN", "Infinity", "9" * 40, "٣", "0x10", "1;2", "'", '"', "\\", "%", "_", "%00",
    "\ufffe", "\ufffd", "💊" * 20, "\r\nSet-Cookie: a=b", "<script>alert(1)</script>", "{{ 7*7 }}", "${7*7}", "=1+1",
    "../../etc/passwd", "//evil.example", "javascript:alert(1)", "null", "undefined", "true", "[]", "{}",
    "0000-00-00", "2026-02-30", "9999-12-31", "0001-01-01", "-4712-01-01", "10000-01-01", "2026-11-22T25:61",
    "2026-11-22T10:00:00+99:00", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "24:00", "2026-11-22",
    "2026-11-22T15:00:00Z", "x" * LARGE, "00000000-0000-0000-0000-000000000000", "018f0000-0000-7000-8000-00000000dead",
    "01/02/03", "+1 207 555 0100", "robin@anteroom.example",
)  # fmt: skip


def field_names() -> list[str]:
    """Every name that a template sends or a view reads."""
    found: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= set(re.findall(r"name=\"(\w+)\"", path.read_text(encoding="utf-8")))
        found |= set(
            re.findall(r"ui\.(?:field|select|textarea|checkbox|radios|radio_tiles)\(\"(\w+)\"", path.read_text())
        )
    for path in (ROOT / "webapp").rglob("*.py"):
        found |= set(
            re.findall(r"(?:args|form|values)(?:\.get(?:list)?\(|\[)\"(\w+)\"", path.read_text(encoding="utf-8"))
        )
        if path.stem == "forms" or path.parent.stem == "forms":
            found |= set(re.findall(r"^    (\w+): ", path.read_text(encoding="utf-8"), re.MULTILINE))
    return sorted(found - {"csrf_token", "_key"})


NAMES = field_names()


def fill(chance: random.Random, known: list[str]) -> dict[str, Any]:
    """Some fields with odd values, some with ids that exist, one of them twice."""
    values = [*ODD, *known * 4]
    filled: dict[str, Any] = {name: chance.choice(values) for name in chance.sample(NAMES, FIELDS_AT_ONCE)}
    twice = chance.choice(list(filled))
    filled[twice] = [filled[twice], chance.choice(values)]
    return filled


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_odd_values_are_answered_and_never_break_anything(
    app: Flask, sign_in: SignIn, database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        ids = connection.execute("select id::text from resource union all select id::text from service").fetchall()
    known = [row[0] for row in ids]
    person = sign_in(*StaffRole)
    broken = []
    for rule, method in doors(app):
        url = address(app, rule)
        for each in known[:3] if "uuid" in str(rule) else [""]:
            where = url.replace("018f0000-0000-7000-8000-00000000dead", each) if each else url
            fields = fill(chance, known)
            fragment = chance.random() < 0.5
            if method == "GET":
                answer = person.get(where, fragment=fragment, query_string=fields)
            else:
                answer = person.post(where, fields, fragment=fragment)
            if answer.status_code >= 500:
                broken.append((method, where, answer.status_code, fields))
            if rule.endpoint == "identity.sign_out":
                person = sign_in(*StaffRole)
    assert broken == []
    assert clinic is not None
