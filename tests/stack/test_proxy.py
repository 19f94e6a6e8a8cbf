"""The proxy's modes, in front of a server that repeats what it hears."""

from __future__ import annotations

import socket
import socketserver
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.stack.proxy import Answer, BlackHole, CutAfter, CutAt, Latency, Mode, Pass, Proxy, Reset, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 5.0
SHORT = 0.2
REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"


class Echo(socketserver.BaseRequestHandler):
    heard = b""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            Echo.heard += data
            self.request.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    Echo.heard = b""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        with Proxy(server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client:
        yield client


def says(client: socket.socket, words: bytes) -> bytes:
    """What comes back, until as much has come as was said or the connection ends."""
    client.sendall(words)
    back = b""
    while len(back) < len(words) and (data := client.recv(65536)):
        back += data
    return back


def test_everything_goes_through_and_is_counted(proxy: Proxy, client: socket.socket) -> None:
    words = b"hello" * 50_000
    assert says(client, words) == words
    assert (proxy.connections, proxy.sent, proxy.returned) == (1, len(words), len(words))


@pytest.mark.parametrize("first", [b"", b"hello"], ids=["new", "in use"])
def test_a_reset_throws_out_who_is_in_and_lets_nobody_in(proxy: Proxy, client: socket.socket, first: bytes) -> None:
    if first:
        assert says(client, first) == first
    proxy.mode = Reset()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert not is_let_in(proxy)
    proxy.mode = Pass()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as another:
        assert says(another, b"again") == b"again"


def test_a_black_hole_swallows_everything_and_hangs_up_at_its_end(proxy: Proxy, client: socket.socket) -> None:
    assert says(client, b"hello") == b"hello"
    with proxy.being(BlackHole()):
        client.sendall(b"lost")
        client.settimeout(SHORT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE)
    assert client.recv(1) == b""
    assert Echo.heard == b"hello"


def test_latency_makes_each_message_wait(proxy: Proxy, client: socket.socket) -> None:
    proxy.mode = Latency(SHORT)
    for _ in range(2):
        started = monotonic()
        assert says(client, b"hello") == b"hello"
        assert SHORT <= monotonic() - started < PATIENCE


def test_the_end_of_a_mode_ends_its_waits(proxy: Proxy, client: socket.socket) -> None:
    proxy.mode = Latency(3600)
    client.sendall(b"hello")
    client.settimeout(SHORT)
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.mode = Pass()
    client.settimeout(PATIENCE)
    assert client.recv(5) == b"hello"


def test_answers_are_cut_after_so_many_bytes(proxy: Proxy, client: socket.socket) -> None:
    proxy.mode = CutAfter(7)
    assert says(client, b"hello") == b"hello"
    with pytest.raises(ConnectionResetError):
        says(client, b"hello")
    assert proxy.returned == 7


@pytest.mark.parametrize(("heard", "last"), [(False, b"one"), (True, b"onetwo!")], ids=["before", "after"])
def test_a_message_is_cut_before_or_after_it_is_heard(
    proxy: Proxy, client: socket.socket, last: bytes, *, heard: bool
) -> None:
    proxy.mode = CutAt(b"two", heard=heard)
    assert says(client, b"one") == b"one"
    assert says(client, b"two!") == b""
    assert Echo.heard == last
    assert isinstance(proxy.mode, Pass)


@pytest.mark.parametrize("after", [Reset(), None], ids=["down", "again and again"])
def test_after_a_cut_nobody_gets_through(proxy: Proxy, client: socket.socket, after: Reset | None) -> None:
    proxy.mode = CutAt(b"two", after=after)
    assert not is_answered(client)
    assert not is_let_in(proxy)
    assert Echo.heard == b""


def is_let_in(proxy: Proxy) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as another:
            return is_answered(another)
    except ConnectionError:
        return False


def is_answered(client: socket.socket) -> bool:
    try:
        return says(client, b"two!") == b"two!"
    except ConnectionError:
        return False


def test_a_given_answer_follows_each_whole_request_and_nobody_else_is_asked(
    proxy: Proxy, client: socket.socket
) -> None:
    given = answer("500 Internal Server Error", b"{}")
    proxy.mode = given
    client.sendall(REQUEST[:-2])
    client.settimeout(SHORT)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(PATIENCE)
    client.sendall(REQUEST[-2:] + REQUEST)
    with client.makefile("rb") as stream:
        assert stream.read(2 * len(given.content)) == 2 * given.content
    assert Echo.heard == b""
    proxy.mode = Pass()
    assert says(client, b"hello") == b"hello"


@pytest.mark.parametrize("mode", [BlackHole(), Latency(3600), Answer(b"x")])
def test_closing_ends_what_waits(proxy: Proxy, client: socket.socket, mode: Mode) -> None:
    proxy.mode = mode
    client.sendall(b"hello")
    proxy.close()
    with pytest.raises(OSError, match="reset"):
        client.recv(1)
