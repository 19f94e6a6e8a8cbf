"""What stands in front of the instances: HAProxy where this machine has it, else a plain balancer of our own.

Both look at `/readyz`, send nobody to who is not ready, and send a request again only when no instance has heard it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Self

import pytest

from deploy.local import processes
from tests.stack.instances import wait_for
from tests.stack.proxy import BUFFER, first_request
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

CONFIGURATION = REPOSITORY / "deploy" / "haproxy.cfg"
LOOK_EVERY = 0.2
PATIENCE_SECONDS = 35
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CUT = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextlib.contextmanager
def balancing(instances: list[str], port: int, log: Path) -> Iterator[str]:
    """Balance the instances' addresses on a port as long as the block runs; which program does it (`BALANCER=own`)."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None or os.environ.get("BALANCER") == "own":
        if os.environ.get("REQUIRE_BALANCER") == "1":
            pytest.fail("REQUIRE_BALANCER=1, but no HAProxy was found")
        with PlainBalancer(instances, port):
            yield "our own"
        return
    one, two = instances
    environment = {"LISTEN": f"{processes.LOOPBACK}:{port}", "SCHEME": "http", "ONE": one, "TWO": two}
    haproxy = processes.start([program, "-db", "-f", CONFIGURATION], log=log, env={**os.environ, **environment})
    try:
        wait_for(f"http://{processes.LOOPBACK}:{port}/livez", haproxy, log)
        yield "HAProxy"
    finally:
        processes.stop(haproxy)


class PlainBalancer:
    """One request a connection on both sides, in turn to whoever was ready at the last look."""

    def __init__(self, instances: list[str], port: int) -> None:
        self._instances = [(host, int(number)) for host, _, number in (each.partition(":") for each in instances)]
        self._ready: list[tuple[str, int]] = []
        self._turn, self._over = 0, threading.Event()
        self._look()
        self._listener = socket.create_server((processes.LOOPBACK, port), backlog=128)
        for task in (self._accept, self._look_again):
            threading.Thread(target=task, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _look(self) -> None:
        self._ready = [each for each in self._instances if processes.answers(f"http://{each[0]}:{each[1]}/readyz")]

    def _look_again(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            self._look()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.settimeout(PATIENCE_SECONDS)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with closing(client), contextlib.suppress(OSError):
            said = b""
            while (end := first_request(said)) is None:
                if not (data := client.recv(BUFFER)):
                    return
                said += data
            client.sendall(self._answer(_alone(said[:end])))

    def _answer(self, request: bytes) -> bytes:
        for server in self._next():
            try:
                upstream = socket.create_connection(server, timeout=2)
            except OSError:
                continue
            upstream.settimeout(PATIENCE_SECONDS)
            with closing(upstream):
                return _whole(upstream, request)
        return NOBODY

    def _next(self) -> list[tuple[str, int]]:
        ready, self._turn = self._ready, self._turn + 1
        first = self._turn % max(len(ready), 1)
        return ready[first:] + ready[:first]


def _alone(request: bytes) -> bytes:
    """The only request of its connection, from whom it came."""
    line, _, rest = request.partition(b"\r\n")
    return line + b"\r\nConnection: close\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" + rest


def _whole(upstream: socket.socket, request: bytes) -> bytes:
    """The answer up to the end of its connection; one that is cut off counts as none."""
    answer = b""
    try:
        upstream.sendall(request)
        while data := upstream.recv(BUFFER):
            answer += data
    except OSError:
        return CUT
    return answer or CUT
