"""Nothing changes without a same-origin POST that carries its token: every route, every variant, all rows compared."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests import factories
from tests.test_access import address, doors
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname in ('public', 'jobs') and tablename <> 'alembic_version'
"""

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


@pytest.fixture
def everybody(sign_in: SignIn, database: Database) -> Visitor:
    """Somebody who may do everything, in a clinic with patients and a visit."""
    with database.administer() as connection:
        factories.clinic(connection)
    return sign_in(*StaffRole)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_unsafe_request_that_is_not_ours_has_no_effect(
    app: Flask, everybody: Visitor, sign_in: SignIn, database: Database, variant: str
) -> None:
    token, extra = VARIANTS[variant]
    tokens = {"own": everybody.csrf_token, "other": sign_in("manager").csrf_token}
    form = {"_key": str(uuid4())} | {name: tokens.get(value, value) for name, value in token.items()}
    headers = {name: value for name, value in extra.items() if name != "address"}
    before = fingerprint(database)
    for rule, method in doors(app):
        if method == "GET":
            continue
        url = address(app, rule) + (f"?csrf_token={everybody.csrf_token}" if "address" in extra else "")
        assert everybody.client.post(url, data=form, headers=headers).status_code == 400, rule
    assert fingerprint(database) == before


def test_reading_everything_twice_changes_nothing(app: Flask, everybody: Visitor, database: Database) -> None:
    before = fingerprint(database)
    for rule, method in doors(app):
        if method == "GET":
            for fragment in (False, True):
                assert everybody.get(address(app, rule), fragment=fragment).status_code < 500
    assert fingerprint(database) == before
