"""DynamoDB as a black hole, behind gunicorn with its real number of threads: whoever needs it not is served."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from deploy.local import processes
from tests.stack.proxy import BlackHole, Proxy
from tests.stack.web import ProductionServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.settings import Settings

THREADS = 8
PROMPT_SECONDS = 0.5
BLOCKED_SECONDS = 1.2
BACK_SECONDS = 30


@pytest.fixture
def line(settings: Settings) -> Iterator[Proxy]:
    with Proxy.before(settings.aws_endpoint_url) as line:
        yield line


@pytest.fixture
def server(app: Flask, database: Database, line: Proxy, tmp_path: Path) -> Iterator[ProductionServer]:
    """A server of its own whose AWS lies behind the line."""
    port = processes.free_port()
    public = f"http://{processes.LOOPBACK}:{port}"
    environment = {**database.environment, "PUBLIC_URL": public, "AWS_ENDPOINT_URL": line.address}
    server = ProductionServer(app, port, environment, tmp_path / "log")
    server.start()
    yield server
    server.stop()


def fetch(address: str, cookie: str = "", form: dict[str, str] | None = None) -> tuple[int, float, str]:
    """Status, seconds and text of an answer."""
    body = None if form is None else urlencode(form).encode()
    started = perf_counter()
    try:
        with urlopen(Request(address, data=body, headers={"Cookie": cookie}), timeout=30) as answer:
            return answer.status, perf_counter() - started, answer.read().decode()
    except HTTPError as refused:
        return refused.code, perf_counter() - started, refused.read().decode()


def test_a_crowd_that_waits_for_dynamo_leaves_threads_for_others(
    server: ProductionServer, line: Proxy, sign_in: SignIn
) -> None:
    cookie = f"anteroom={sign_in('receptionist').cookie}"
    script = re.search(r'src="(/static/[^"]+)"', fetch(server.url("/sign-in"))[2])
    assert script
    assert fetch(server.url("/home"), cookie)[0] == 200
    asked = line.sent
    with ThreadPoolExecutor(THREADS) as crowd, line.being(BlackHole()):
        waiting = [crowd.submit(fetch, server.url("/home"), cookie) for _ in range(THREADS)]
        until = perf_counter() + 5
        while line.sent == asked and perf_counter() < until:
            threading.Event().wait(0.005)
        others = [fetch(server.url(path)) for _ in range(10) for path in ("/livez", script[1])]
        crowded = [each.result() for each in waiting]
    assert {status for status, _, _ in crowded} == {503}
    assert max(seconds for _, seconds, _ in crowded) > 0.9  # they did wait, so there was a crowd
    assert max(seconds for _, seconds, _ in crowded) < BLOCKED_SECONDS + PROMPT_SECONDS  # and the way there
    assert {status for status, _, _ in others} == {200}
    assert max(seconds for _, seconds, _ in others) < PROMPT_SECONDS
    started = perf_counter()
    while fetch(server.url("/home"), cookie)[0] != 200 and perf_counter() - started < BACK_SECONDS:
        threading.Event().wait(0.1)
    assert perf_counter() - started < BACK_SECONDS
