"""Slow, silent and clinging clients: the server gives them none of its threads."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from deploy.serving import ENOUGH, is_there, waiting_bytes

if TYPE_CHECKING:
    from tests.stack.web import ProductionServer

MANY = 40
"""More than the threads of a process."""
PROMPT_SECONDS = 1.5
HEAD = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n"

Connect = Callable[[bytes], socket.socket]


@pytest.fixture
def connect(live_server: ProductionServer) -> Iterator[Connect]:
    """Open a connection that says this, and nothing more."""
    address = urlsplit(live_server.url())
    made: list[socket.socket] = []

    def opened(said: bytes) -> socket.socket:
        made.append(socket.create_connection((address.hostname or "", address.port or 0), timeout=10))
        made[-1].sendall(said)
        return made[-1]

    yield opened
    for each in made:
        each.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        HEAD + b"a=",
        b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /livez HTTP/1.1\r\nHost:",
        b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    ],
    ids=["silent", "half a head", "half a body", "half a second request", "never hangs up"],
)
def test_others_are_answered_at_once(live_server: ProductionServer, connect: Connect, said: bytes) -> None:
    for _ in range(MANY):
        connect(said)
    for _ in range(3):
        started = perf_counter()
        with urlopen(live_server.url("/livez"), timeout=30) as answer:
            assert answer.status == 200
        assert perf_counter() - started < PROMPT_SECONDS


def test_a_request_in_pieces_is_answered_when_it_is_whole(connect: Connect) -> None:
    client = connect(b"GET /livez HTTP/1.1\r\nHo")
    client.sendall(b"st: 127.0.0.1\r\n")
    client.sendall(b"Connection: close\r\n\r\n")
    with closing(client.makefile("rb")) as answer:
        assert answer.read().endswith(b"\r\n\r\nok\n")


def test_two_requests_on_one_connection_are_both_answered(connect: Connect) -> None:
    client = connect(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 200")
    client.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: clo")
    client.sendall(b"se\r\n\r\n")
    with closing(client.makefile("rb")) as answer:
        assert answer.read().count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    ("said", "there"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (HEAD + b"123456789", False),
        (HEAD + b"1234567890", True),
        (HEAD.lower() + b"1234567890", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n" + b"x" * ENOUGH, True),
        (b"x" * ENOUGH, True),
    ],
)
def test_a_request_is_there_when_all_of_it_is_or_enough(said: bytes, *, there: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        assert is_there(ours) is there
        assert waiting_bytes(ours) == len(said)


def test_the_end_of_a_connection_is_for_a_thread_to_see() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        assert is_there(ours)
        assert waiting_bytes(ours) == 0
    assert is_there(ours)
    assert waiting_bytes(ours) == 0
