"""Processes of their own, each with the whole application, that answer one request at a time when told to."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

PATIENCE = 60.0


def serve(environment: dict[str, str], line: Connection) -> None:
    """Be one process of the application: method, address, cookie and form in, status and Location out."""
    import os

    from webapp import create_app
    from webapp.settings import Settings

    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    app = create_app(Settings.from_environment(environment))
    line.send(os.getpid())
    while (asked := line.recv()) is not None:
        method, url, cookie, form = asked
        client = app.test_client()
        client.set_cookie("anteroom", cookie)
        answer = client.open(url, method=method, data=form)
        line.send((answer.status_code, answer.headers.get("Location", "")))


@dataclass(frozen=True, slots=True)
class Process:
    """The near end of one process."""

    pid: int
    line: Connection

    def send(self, method: str, url: str, cookie: str, form: dict[str, str] | None = None) -> None:
        """Ask without waiting, so that all processes can be asked at once."""
        self.line.send((method, url, cookie, form))

    def answer(self) -> tuple[int, str]:
        """Status and Location."""
        assert self.line.poll(PATIENCE)
        found: tuple[int, str] = self.line.recv()
        return found


@contextmanager
def processes(environment: dict[str, str], number: int) -> Iterator[list[Process]]:
    """Start so many processes on the same tables and database, and end them."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["webapp", "webapp.identity.views", "webapp.ops.views", "boto3"])
    started, lines = [], []
    for _ in range(number):
        near, far = context.Pipe()
        process = context.Process(target=serve, args=(environment, far), daemon=True)
        process.start()
        started.append(process)
        lines.append(near)
    try:
        for line in lines:
            assert line.poll(PATIENCE)
        yield [Process(line.recv(), line) for line in lines]
    finally:
        for process, line in zip(started, lines, strict=True):
            line.send(None)
            process.join(PATIENCE)
