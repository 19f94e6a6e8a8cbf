"""How an instance leaves: the balancer is told first, everybody who still comes is answered, and then it ends."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from deploy.local import processes
from tests.jobs.conftest import until
from tests.stack.instances import DRAIN_SECONDS, LEAVE_SECONDS, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.stack.database import Database


@pytest.fixture
def instance(app: Flask, database: Database, tmp_path: Path) -> Iterator[Instance]:
    patient = {**database.environment, "KEEP_ALIVE_SECONDS": "60"}  # a busy machine may be quiet for long
    with Instance(patient, tmp_path / "log") as instance:
        yield instance


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, str | None]:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("Connection")


def test_it_says_so_goes_on_and_then_ends(instance: Instance) -> None:
    assert instance.process is not None
    kept, quiet = (http.client.HTTPConnection(processes.LOOPBACK, instance.port, timeout=10) for _ in range(2))
    assert ask(kept, "/livez") == (200, "keep-alive")
    assert ask(quiet, "/livez") == (200, "keep-alive")
    told = time.monotonic()
    instance.process.send_signal(signal.SIGTERM)
    until(lambda: not processes.answers(instance.url("/readyz")))
    fresh = http.client.HTTPConnection(processes.LOOPBACK, instance.port, timeout=10)
    assert ask(fresh, "/readyz") == (503, "close")
    assert ask(kept, "/sign-in") == (200, "close")
    assert ask(fresh, "/livez") == (200, "close")  # connected anew
    assert time.monotonic() - told < DRAIN_SECONDS, "too slow a machine to see anything"
    until(lambda: refuses(instance.port))
    assert time.monotonic() - told >= DRAIN_SECONDS
    assert instance.process.wait(timeout=LEAVE_SECONDS) == 0


def test_whoever_was_quiet_is_answered_even_when_nobody_new_is_let_in(instance: Instance) -> None:
    assert instance.process is not None
    quiet = http.client.HTTPConnection(processes.LOOPBACK, instance.port, timeout=10)
    assert ask(quiet, "/livez") == (200, "keep-alive")
    instance.process.send_signal(signal.SIGTERM)
    instance.process.send_signal(signal.SIGTERM)  # nobody waits any more
    until(lambda: b"draining" in said(instance.port) or refuses(instance.port))
    assert ask(quiet, "/livez") == (200, "close")
    assert instance.process.wait(timeout=LEAVE_SECONDS) == 0


def test_workers_that_are_replaced_are_no_reason_to_leave(instance: Instance) -> None:
    assert instance.process is not None
    before = {worker.pid for worker in psutil.Process(instance.process.pid).children()}
    instance.process.send_signal(signal.SIGHUP)
    for _ in range(50):
        assert processes.answers(instance.url("/readyz"))
    assert processes.answers(f"http://{processes.LOOPBACK}:{instance.metrics_port}/metrics")
    until(lambda: not before & {worker.pid for worker in psutil.Process(instance.process.pid).children()})  # type: ignore[union-attr]
    assert processes.answers(instance.url("/readyz"))


def refuses(port: int) -> bool:
    try:
        socket.create_connection((processes.LOOPBACK, port), timeout=5).close()
    except OSError:
        return True
    return False


def said(port: int) -> bytes:
    with contextlib.suppress(OSError), socket.create_connection((processes.LOOPBACK, port), timeout=5) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(65536)
    return b""
