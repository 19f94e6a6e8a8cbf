"""Promises about sessions that only hold if they always hold: signing out under fire, and rows nobody swept."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from webapp import dynamo
from webapp.dynamo.breaker import SEATS
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Standing
from webapp.identity.session_items import SESSION, TABLE
from webapp.identity.sessions import Sessions
from webapp.identity.tokens import Token

if TYPE_CHECKING:
    from flask import Flask

    from webapp.dynamo import Dynamo
    from webapp.identity.handle import Handle
    from webapp.settings import Settings

# The present, because the table sweeps what is long over, sooner or later.
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(seconds=120)
KEY = bytes(range(32))
TOKEN = Token(text="a.b.c", subject="sub", expires_at=NOW + timedelta(days=1))
ROUNDS = int(os.environ.get("SIGN_OUT_ROUNDS", "200"))
IN_FLIGHT = 50
EXPIRED = 1000


@pytest.fixture
def client(app: Flask, settings: Settings) -> Dynamo:
    return dynamo.connect(settings)


@pytest.fixture
def sessions(client: Dynamo) -> Sessions:
    return Sessions(client, KEY)


def signed_in(sessions: Sessions) -> Handle:
    account = uuid4()
    standing = Standing(account, "Robin Example", frozenset({StaffRole.RECEPTIONIST}))
    return sessions.create(standing, token=TOKEN, epoch=sessions.epoch(account), now=NOW)


def test_no_request_in_flight_ever_revives_a_session(sessions: Sessions, client: Dynamo) -> None:
    """Requests that were let in before the sign-out touch the session while and after it ends, 50 of them a round."""
    handles = [signed_in(sessions) for _ in range(ROUNDS)]
    with ThreadPoolExecutor(SEATS) as pool:
        for number, handle in enumerate(handles):
            person = sessions.resolve(str(handle), LATER)
            assert person is not None
            flying = [pool.submit(sessions.touch, person, LATER) for _ in range(number % IN_FLIGHT)]
            out = pool.submit(sessions.end, handle)
            flying += [pool.submit(sessions.touch, person, LATER) for _ in range(IN_FLIGHT - number % IN_FLIGHT)]
            out.result()
            for touched in flying:
                touched.result()
            assert not sessions.touch(person, LATER)
            assert sessions.resolve(str(handle), LATER) is None
            assert client.get(TABLE, {"account": str(handle.account_id), "sk": SESSION + handle.digest}) is None


def test_a_thousand_expired_rows_that_nobody_swept_are_refused(sessions: Sessions, client: Dynamo) -> None:
    account = uuid4()
    standing, epoch = Standing(account, "Robin Example", frozenset({StaffRole.PATIENT})), sessions.epoch(account)
    handles = [sessions.create(standing, token=TOKEN, epoch=epoch, now=NOW) for _ in range(EXPIRED)]
    over = NOW + timedelta(hours=1)
    refused = [sessions.resolve(str(handle), over) is None for handle in handles]
    assert refused == [True] * EXPIRED
    assert sessions.of_account(account, over) == []
    assert len(client.query(TABLE, "account = :a", {":a": str(account)}).items) > 1
