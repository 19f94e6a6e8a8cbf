"""People who press "Book" as fast as the server answers, and PostgreSQL writing the same rows by itself."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).with_name("same_rows.sql")
SEE_OTHER = b"HTTP/1.1 303"
MOST_A_SECOND = 800
_TPS = re.compile(r"tps = ([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody's cookie and form token."""

    cookie: str
    csrf_token: str


@dataclass
class Presses:
    """How often it worked, how long each took in seconds, and the first answer that was not as wanted."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds


def press(
    address: tuple[str, int], browsers: list[Browser], forms: Callable[[], dict[str, str]], seconds: float
) -> Presses:
    """Let each browser send a form, wait for the answer and send the next, until the time is over.

    What is sent is written before the clock starts: the machine is the server's then, as it is PostgreSQL's beside it.
    """
    done, lock = Presses(), threading.Lock()
    each = int(seconds * MOST_A_SECOND / len(browsers))
    written = [[_request(address, browser, forms()) for _ in range(each)] for browser in browsers]
    started = monotonic()
    threads = [
        threading.Thread(target=_person, args=(address, requests, started + seconds, done, lock))
        for requests in written
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.seconds = monotonic() - started
    if done.wrong:
        raise RuntimeError(f"not as wanted: {done.wrong[0]}")
    return done


def _person(address: tuple[str, int], requests: list[bytes], until: float, done: Presses, lock: threading.Lock) -> None:
    took = []
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            if monotonic() >= until:
                break
            started = perf_counter()
            connection.sendall(request)
            answer = _answer(connection)
            took.append(perf_counter() - started)
            if not answer.startswith(SEE_OTHER):
                done.wrong.append(answer[:200].decode("latin-1"))
                break
        else:
            done.wrong.append("faster than expected: write more beforehand")
    with lock:
        done.took += took


def _request(address: tuple[str, int], browser: Browser, form: dict[str, str]) -> bytes:
    body = urlencode({"csrf_token": browser.csrf_token, "_key": str(uuid4()), **form}).encode()
    head = (
        f"POST /book HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nCookie: {browser.cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _answer(connection: socket.socket) -> bytes:
    """One whole answer; ours have a length."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head


def same_rows(pgbench: Path, floor: str, clients: int, seconds: int, first: int) -> float:
    """Transactions a second of PostgreSQL writing a booking's rows; `first` keeps the runs' times apart."""
    command = [
        str(pgbench), "--no-vacuum", f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}",
        f"--file={SCRIPT}", "--define=n=0", f"--define=first={first}", floor,
    ]  # fmt: skip
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _TPS.search(outcome.stdout)
    if outcome.returncode != 0 or found is None:
        raise RuntimeError(f"PostgreSQL alone failed: {outcome.stderr[-500:]}")
    return float(found.group(1))
