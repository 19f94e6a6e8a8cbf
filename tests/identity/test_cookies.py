"""Ten thousand cookies that are not ours, or ours and wrong: nobody is let in, and none is an error of ours."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flask.sessions import SecureCookieSessionInterface

from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    import pytest
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

COOKIES = 10_000
SEED = int(os.environ.get("FUZZ_SEED", "7"))
OUT = {303, 400, 431}
"""To the sign-in page; a header that no server would take."""

Maker = Callable[[random.Random], bytes]


def signed(app: Flask, content: dict[str, Any]) -> bytes:
    """A cookie with our own signature: what somebody would write who had the key."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    text: str = serializer.dumps(content)
    return text.encode()


def makers(app: Flask, person: Visitor, dump: list[str]) -> dict[str, Maker]:
    own = person.cookie.encode()
    handles: tuple[Callable[[random.Random], Any], ...] = (
        lambda _: f"{uuid4()}.{'A' * 43}",
        lambda chance: f"{person.account_id}.{chance.randbytes(32).hex()[:43]}",
        lambda chance: chance.randbytes(40).decode("latin-1"),
        lambda chance: chance.choice([None, 0, True, [], {}, ["a"], {"a": 1}, 1e300, "", "\0", "💊" * 500]),
        lambda chance: chance.choice(dump),
    )

    def cut(chance: random.Random) -> bytes:
        at = chance.randrange(len(own) - 1)
        return chance.choice([own[:at], own[:at] + bytes([own[at] ^ 1]) + own[at + 1 :], own[at:], own[:at] * 2])

    return {
        "unknown": lambda chance: signed(app, {"_user_id": chance.choice(handles)(chance), "_fresh": True}),
        "oversized": lambda chance: chance.choice([b"a", own, b"=", b".e"]) * chance.randrange(100, 4000),
        "binary": lambda chance: bytes(each for each in chance.randbytes(60) if each not in b"\r\n\0"),
        "not whole": cut,
        "a dump of the table": lambda chance: chance.choice(dump).encode("latin-1", "replace"),
        "other contents": lambda chance: signed(app, {chance.choice(["challenge", "held", "csrf_token"]): dump[0]}),
    }


def dumped(database: Database) -> list[str]:
    """Every value of the sessions table, as somebody who read it would have it."""
    client, prefix = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"]
    items = client.scan(TableName=prefix + "sessions")["Items"]
    values = [str(next(iter(value.values()))) for item in items for value in item.values()]
    pairs = [f"{item['account']['S']}.{item['sk']['S'].rpartition('#')[2]}" for item in items]
    return [*values, *pairs, *(f"{item['account']['S']}.{value}" for item in items for value in values[:20])]


def test_no_cookie_that_is_not_a_living_session_lets_anybody_in(
    app: Flask, sign_in: SignIn, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    people = [sign_in(*StaffRole) for _ in range(3)]
    chance, made = random.Random(SEED), makers(app, people[0], dumped(database))
    client, statuses = app.test_client(use_cookies=False), Counter[tuple[str, int]]()
    assert client.get("/session", headers={"Cookie": f"anteroom={people[0].cookie}"}).status_code == 204
    for number in range(COOKIES):
        name = chance.choice(list(made))
        cookie = made[name](chance)
        environ = {"HTTP_COOKIE": f"anteroom={cookie.decode('latin-1')}"}
        status = client.get("/session", environ_overrides=environ).status_code
        assert status in OUT, f"seed {SEED}, cookie {number}, {name}: {status} {cookie[:80]!r}"
        statuses[name, status] += 1
        if number % 1000 == 0:
            caplog.clear()
    assert statuses.total() == COOKIES
    assert {name for name, _ in statuses} == made.keys()
    assert all(count > COOKIES // 10 for (_, status), count in statuses.items() if status == 303)
