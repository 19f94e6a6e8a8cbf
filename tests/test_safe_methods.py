"""Nothing changes without a same-origin POST that carries its token: every route, every variant, all data compared.

All data are all rows of PostgreSQL and all items of DynamoDB.  Two things may move there, and are named below: when a
session was last seen, and records of the activity log that are added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests import factories
from tests.access_rows import NOBODYS_ID, address, doors
from tests.stack.people import FRAGMENT
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname in ('public', 'jobs') and tablename <> 'alembic_version'
"""

DYNAMO = ("sessions", "activity", "availability", "notifications", "counters")
SEEN = "seen_at"
# What reading leaves in the activity log.
READ = frozenset({"opened", "listed", "reviewed", "refused", "exported"})

VARIANTS = {
    "no token": ({}, {}),
    "an empty token": ({"csrf_token": ""}, {}),
    "a made-up token": ({"csrf_token": "IjEyMyI.aaaa.bbbb"}, {}),
    "the token of another browser": ({"csrf_token": "other"}, {}),
    "the token in the address": ({}, {"address": "own"}),
    "a cross-site fetch": ({"csrf_token": "own"}, {"Sec-Fetch-Site": "cross-site"}),
    "a same-site fetch": ({"csrf_token": "own"}, {"Sec-Fetch-Site": "same-site"}),
    "another origin": ({"csrf_token": "own"}, {"Origin": "https://evil.example"}),
    "no origin to tell": ({"csrf_token": "own"}, {"Origin": "null"}),
}


def fingerprint(database: Database) -> dict[str, tuple[int, int]]:
    """Rows and a hash of all their columns, for every table."""
    with database.administer() as connection:
        prints = {}
        for (table,) in connection.execute(TABLES.encode()).fetchall():
            row = connection.execute(
                f"select count(*), coalesce(sum(hashtext(each::text)), 0) from {table} each".encode()
            ).fetchone()
            assert row is not None
            prints[table] = (int(row[0]), int(row[1]))
        return prints


def items(database: Database) -> dict[tuple[str, ...], Any]:
    """Every item of every DynamoDB table by table and key; of a session all but when it was last seen."""
    client, prefix = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"]
    found: dict[tuple[str, ...], Any] = {}
    for table in DYNAMO:
        for page in client.get_paginator("scan").paginate(TableName=prefix + table, ConsistentRead=True):
            for item in page["Items"]:
                key = (item.get("pk") or item["account"])["S"], item["sk"]["S"] if "sk" in item else ""
                found[table, *key] = {name: value for name, value in item.items() if (table, name) != (DYNAMO[0], SEEN)}
    return found


def changed(before: dict[tuple[str, ...], Any], after: dict[tuple[str, ...], Any]) -> list[tuple[str, ...]]:
    """Keys of items that are other, gone or new, new records of reading aside."""
    differing = {key for key in before | after if before.get(key) != after.get(key)}
    read = {key for key in differing - before.keys() if key[0] == "activity" and after[key]["action"]["S"] in READ}
    return sorted(differing - read)


@pytest.fixture
def everybody(sign_in: SignIn, database: Database) -> Visitor:
    """Somebody who may do everything, in a clinic with patients and a visit."""
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        factories.appointment(connection, clinic, factories.clock_time(10))
    return sign_in(*StaffRole, patients=clinic.patients)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_unsafe_request_that_is_not_ours_has_no_effect(
    app: Flask, everybody: Visitor, sign_in: SignIn, database: Database, variant: str
) -> None:
    token, extra = VARIANTS[variant]
    tokens = {"own": everybody.csrf_token, "other": sign_in("manager").csrf_token}
    form = {"_key": str(uuid4())} | {name: tokens.get(value, value) for name, value in token.items()}
    headers = {name: value for name, value in extra.items() if name != "address"}
    before, before_items = fingerprint(database), items(database)
    assert len(before_items) >= 4  # two people, each with an epoch and a session
    for rule, method in doors(app):
        if method == "GET":
            continue
        url = address(app, rule) + (f"?csrf_token={everybody.csrf_token}" if "address" in extra else "")
        assert everybody.client.post(url, data=form, headers=headers).status_code == 400, rule
    assert fingerprint(database) == before
    assert items(database) == before_items  # not even a record is added: nobody knows who sent it


def test_reading_everything_twice_changes_nothing(app: Flask, everybody: Visitor, database: Database) -> None:
    urls = [address(app, rule) for rule, method in doors(app) if method == "GET"]
    with database.administer() as connection:
        ids = {str(row[0]) for row in connection.execute("select id from patient union select id from appointment")}
        people = [row[0] for row in connection.execute("select id from patient")]
    urls += [url.replace(str(NOBODYS_ID), each) for url in urls if str(NOBODYS_ID) in url for each in ids]
    before, before_items = fingerprint(database), items(database)
    statuses = set()
    for url in urls:
        for fragment in (False, True):
            for method in ("GET", "HEAD"):
                headers = FRAGMENT if fragment else {}
                statuses.add(everybody.client.open(url, method=method, headers=headers).status_code)
    assert max(statuses) < 500
    assert fingerprint(database) == before
    after_items = items(database)
    assert changed(before_items, after_items) == []
    # Charts were opened, and that is what the new records are about.
    opened = {key[1] for key in after_items.keys() - before_items.keys() if key[0] == "activity"}
    assert {f"P#{patient}" for patient in people} <= opened


def test_the_comparison_sees_what_is_written(everybody: Visitor, database: Database) -> None:
    before, before_items = fingerprint(database), items(database)
    assert everybody.post("/session/stay").status_code == 303
    assert changed(before_items, items(database)) == []
    assert everybody.post("/search", {"q": "al"}).status_code == 200
    assert [key[0] for key in changed(before_items, items(database))] == ["counters"]
    form = {"given": "Ana", "family": "Ruiz", "birth_date": "3/4/1973", "phone": "(207) 555-0142"}
    assert everybody.post("/patients/new", form).status_code == 303
    assert fingerprint(database) != before
    assert "activity" in {key[0] for key in changed(before_items, items(database))}
