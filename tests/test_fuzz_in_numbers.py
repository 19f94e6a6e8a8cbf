"""Ten thousand requests of a hostile client over the whole URL map; a hundred thousand with `make test-long`.

Every door is knocked at equally often, with what our own pages would send or with nothing, and then with one to three
things wrong: a field, an id in the address, the body, the method, the headers, the cookie.  None is our error, and
none that is refused, or only reads, changes a row.  The seed is in the failure message; with it the run is the same.
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests import factories
from tests.access_rows import address, doors
from tests.factories import NOW, Clinic, clock_time
from tests.morning import clinic, eight_in_the_morning
from tests.stack.people import FRAGMENT
from tests.test_fuzz import (
    ABSENT,
    BODIES,
    EXTRA,
    HEADERS,
    NASTY,
    NOBODY,
    Sending,
    failed_job,
    gets,
    log,
    posts,
    sendable,
)
from webapp.dynamo.budget import ENVIRON_KEY, Budget
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask
    from psycopg import Connection

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "eight_in_the_morning"]

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "7"))
# So many requests of one person, then of another: some sign themselves out, and one account may search only so often.
EACH = 100
# So many requests, then new visits to confirm, move and cancel: the old ones are in states that refuse everything.
FRESH = 1000
WELL_MADE, AS_FRAGMENT = 0.9, 0.6
PATIENCE, BATCH = 20.0, 25
METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "GET", "POST")
# What a body of another kind would be refused for; too large a one only so often, it costs as much as ten others.
SMALL_BODIES = tuple(body for body in BODIES if len(body[1]) < 100_000)
LARGE_BODIES = tuple(body for body in BODIES if len(body[1]) >= 100_000)
LARGE_EVERY = 501
TABLES = """
select format('(select count(*) from %I.%I)', schemaname, tablename) from pg_tables
where schemaname in ('public', 'jobs') and tablename <> 'alembic_version'
"""
VERSIONS = ("(select sum(version) from resource)", "(select sum(version) from appointment)")
COOKIES = ("", "x", "=", "\x7f" * 50, "a" * 5000, "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb", ".eJw=.x.y", NOBODY)


@dataclass
class Shot:
    """One request, well made before it is spoilt."""

    method: str
    path: str
    fields: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    body: tuple[str, bytes] | None = None
    cookie: str | None = None

    def fired(self, person: Visitor) -> int:
        options: dict[str, Any] = {"method": self.method, "headers": {"X-CSRFToken": person.csrf_token, **self.headers}}
        client = person.client
        if self.cookie is not None:
            client = person.app.test_client()
            options["headers"]["Cookie"] = f"anteroom={self.cookie}"
        form = {name: sendable(value) for name, value in self.fields.items() if value is not ABSENT}
        if self.body is not None:
            options |= {"content_type": self.body[0], "data": self.body[1]}
        elif self.method in {"GET", "HEAD", "OPTIONS"}:
            options["query_string"] = form
        else:
            options["data"] = {"_key": str(new_id()), **form}
        # Time enough for a DynamoDB that shares two cores with everything else: this is about input, not about outages.
        options["environ_overrides"] = {ENVIRON_KEY: Budget(limit=PATIENCE)}
        return client.open(self.path, **options).status_code

    def __str__(self) -> str:
        fields = {name: str(value)[:60] for name, value in self.fields.items()}
        return f"{self.method} {self.path[:120]!a} {fields!a} {self.headers} {self.body and self.body[0]} {self.cookie}"


Spoil = Callable[[Shot, random.Random], Shot]


def a_field(shot: Shot, chance: random.Random) -> Shot:
    name = chance.choice([*shot.fields, *EXTRA, "_key", "csrf_token", "q", "next", "page", "before", "tab", "back"])
    return replace(shot, fields={**shot.fields, name: chance.choice(NASTY)})


def a_field_twice(shot: Shot, chance: random.Random) -> Shot:
    name = chance.choice([*shot.fields, "_key", "role"])
    first = shot.fields.get(name, ABSENT)
    twice = ["1" if first is ABSENT or isinstance(first, list) else first, chance.choice(("2", "", NOBODY))]
    return replace(shot, fields={**shot.fields, name: twice})


def an_id(shot: Shot, chance: random.Random) -> Shot:
    parts = shot.path.split("/")
    places = [n for n, part in enumerate(parts) if len(part) > 30 or part.isdigit() or part.startswith("20")]
    value = chance.choice([text for text in NASTY if isinstance(text, str) and text])
    if places:
        parts[chance.choice(places)] = quote(value[:300], safe="", errors="surrogatepass")
    return replace(shot, path="/".join(parts))


def a_body(shot: Shot, chance: random.Random) -> Shot:
    return replace(shot, body=chance.choice(SMALL_BODIES))


def a_method(shot: Shot, chance: random.Random) -> Shot:
    return replace(shot, method=chance.choice(METHODS))


def headers(shot: Shot, chance: random.Random) -> Shot:
    return replace(shot, headers=chance.choice(HEADERS))


def a_target(shot: Shot, chance: random.Random) -> Shot:
    ids = ("board", "drawer", "dialog", "main", "panel", "omnibox-results", "search-results", "x", "", "💊")
    return replace(shot, headers={**FRAGMENT, "HX-Target": quote(f"div#{chance.choice(ids)}", safe="#")})


def a_cookie(shot: Shot, chance: random.Random) -> Shot:
    return replace(shot, cookie=quote(chance.choice(COOKIES), safe="=."))


SPOILT: tuple[tuple[Spoil, int], ...] = (
    (a_field, 8), (a_field_twice, 2), (an_id, 3), (a_body, 1), (a_method, 1), (headers, 3), (a_target, 3),
    (a_cookie, 1),
)  # fmt: skip


@dataclass
class Ammunition:
    """For every door what our own pages send through it, made anew from time to time; nothing where we know nothing."""

    app: Flask
    clinic: Clinic
    connection: Connection[Any]
    days: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    slots: Iterator[Any] = field(default_factory=lambda: iter(()))

    def visit(self) -> UUID:
        slot = next(self.slots, None)
        if slot is None:
            day = (NOW + timedelta(days=next(self.days))).date()
            self.slots = iter([clock_time(9 + n // 3, n % 3 * 20, day=day) for n in range(20)])
            slot = next(self.slots)
        return factories.appointment(self.connection, self.clinic, slot)

    def doors(self) -> list[tuple[str, list[Sending]]]:
        known: dict[tuple[str, str], list[Sending]] = {}
        router = self.app.url_map.bind("localhost")
        made = [*log(self.clinic), *posts(self.clinic, self.visit, failed_job(self.connection))]
        for sending in (*made, *gets(self.clinic, self.visit())):
            endpoint, _ = router.match(sending.path, method=sending.method)
            known.setdefault((endpoint, sending.method), []).append(sending)
        return [
            (
                f"{rule.endpoint} {method}",
                [*known.get((rule.endpoint, method), []), Sending(method, address(self.app, rule), {})],
            )
            for rule, method in doors(self.app)
        ]


def shots(ammunition: Ammunition, chance: random.Random) -> Iterator[tuple[str, Shot]]:
    """Requests without end, door by door; FRESH is a multiple of EACH, so new visits are nobody's doing."""
    weights, at = [weight for _, weight in SPOILT], ammunition.doors()
    for number in itertools.count():
        if number and number % FRESH == 0:
            at = ammunition.doors()
        door, sendings = at[number % len(at)]
        # The last of a list has neither fields nor an id that anything has.
        sending = chance.choice(sendings[:-1] or sendings) if chance.random() < WELL_MADE else sendings[-1]
        as_htmx = FRAGMENT if chance.random() < AS_FRAGMENT else {}
        shot = Shot(sending.method, sending.path, dict(sending.fields), as_htmx)
        for spoil, _ in chance.choices(SPOILT, weights, k=chance.randint(1, 3)):
            shot = spoil(shot, chance)
        if number % LARGE_EVERY == LARGE_EVERY - 1:
            shot = replace(shot, method="POST", body=chance.choice(LARGE_BODIES))
        yield door, shot


@pytest.fixture
def counting(database: Database) -> Iterator[Callable[[], tuple[Any, ...]]]:
    """Count the rows of all tables, by one statement on one connection."""
    with database.administer() as connection:
        counts = [row[0] for row in connection.execute(TABLES.encode()).fetchall()]
        statement = f"select {', '.join((*counts, *VERSIONS))}".encode()
        yield lambda: connection.execute(statement).fetchone() or ()


def forget_activity(database: Database) -> None:
    """Empty the activity log: all of this happens on one day, and its page reads all of the day to find a few."""
    client, table = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"] + "activity"
    for page in client.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk"):
        deletes = [{"DeleteRequest": {"Key": item}} for item in page["Items"]]
        for first in range(0, len(deletes), BATCH):
            client.batch_write_item(RequestItems={table: deletes[first : first + BATCH]})


def test_no_request_is_our_error_and_none_that_is_refused_changes_a_row(
    app: Flask,
    sign_in: SignIn,
    database: Database,
    clinic: Clinic,
    counting: Callable[[], tuple[Any, ...]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    chance, statuses, at_doors = random.Random(SEED), Counter[int](), Counter[str]()
    person, before = sign_in(at=NOW), counting()
    with database.administer() as connection:
        for number, (door, shot) in enumerate(shots(Ammunition(app, clinic, connection), chance)):
            if number >= REQUESTS:
                break
            if number % FRESH == 0:
                forget_activity(database)
            if number % EACH == 0:
                person, before = sign_in(*StaffRole, patients=clinic.patients, at=NOW), counting()
                caplog.clear()
            status, after = shot.fired(person), counting()
            changed, before = after != before, after
            refused = status >= 400 or shot.method in {"GET", "HEAD", "OPTIONS"}
            # Its clock stands still here, and an instance without the database's time is not ready.
            assert status < 500 or "/readyz" in str(shot), f"seed {SEED}, request {number}: {status} {shot}"
            assert not (changed and refused), f"seed {SEED}, request {number}: rows changed, {status} {shot}"
            statuses[status] += 1
            at_doors[door] += 1
    assert statuses.total() == REQUESTS
    assert at_doors.keys() == {f"{rule.endpoint} {method}" for rule, method in doors(app)}
    assert min(at_doors.values()) >= REQUESTS // len(at_doors)
    # They got everywhere: nothing of this is the same answer ten thousand times.
    assert {200, 303, 400, 401, 404, 405, 409, 413, 422} <= statuses.keys(), f"seed {SEED}: {statuses}"
    assert statuses[200] > REQUESTS // 20, f"seed {SEED}: {statuses}"
