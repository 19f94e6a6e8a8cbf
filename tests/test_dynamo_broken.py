"""The DynamoDB client against a broken interface: its deadline, its breaker, and answers that are none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader
from time import monotonic

import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from flask import Flask

from webapp import dynamo
from webapp.dynamo import Dynamo, DynamoUnavailable
from webapp.dynamo.breaker import Breaker
from webapp.dynamo.channel import Channel

KEY: dynamo.Item = {"account": "a", "sk": "1"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
THROTTLING = b'{"__type":"com.amazonaws.dynamodb#ThrottlingException"}'
THROTTLED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(THROTTLING), THROTTLING)
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[socket.socket, int], None]


def read_request(stream: BufferedReader) -> bool:
    """Take one request off the line; False at its end."""
    length = 0
    for line in stream:
        if line == b"\r\n":
            return bool(stream.read(length))
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return False


@contextmanager
def listening(serve: Serve) -> Iterator[tuple[Dynamo, list[int]]]:
    """A client of a server that treats each of its connections as `serve` says; the list counts requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[int] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as stream:
            while read_request(stream):
                requests.append(1)
                serve(connection, len(requests))

    threading.Thread(target=accept, daemon=True).start()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    channel = Channel(region="us-east-1", endpoint=endpoint, credentials=Credentials("key", "secret"))
    try:
        yield Dynamo(channel, prefix="t-", breaker=Breaker(opens_after=3, rest_seconds=0.2)), requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(connection: socket.socket, _: int) -> None:
    connection.sendall(OK)


def reset(connection: socket.socket, _: int) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    raise ConnectionAbortedError


def black_hole(connection: socket.socket, _: int) -> None:
    connection.recv(1)


def slow_body(connection: socket.socket, _: int) -> None:
    connection.sendall(OK[:-1])
    connection.recv(1)


def garbage(connection: socket.socket, _: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ok>")


@pytest.mark.parametrize("serve", [black_hole, slow_body], ids=["black hole", "half an answer"])
def test_a_request_waits_a_second_for_all_its_calls_together(serve: Serve) -> None:
    with listening(serve) as (client, _), Flask(__name__).test_request_context():
        started = monotonic()
        for _ in range(3):
            with pytest.raises(DynamoUnavailable):
                client.get("sessions", KEY)
        assert 0.9 < monotonic() - started < 1.2
        assert dynamo.spent().calls == [("GetItem", "sessions")] * 3


def test_two_requests_do_not_share_their_second() -> None:
    with listening(black_hole) as (client, _):
        app = Flask(__name__)
        for _ in range(2):
            with app.test_request_context():
                started = monotonic()
                with pytest.raises(DynamoUnavailable):
                    client.get("sessions", KEY)
                assert monotonic() - started > 0.9


@pytest.mark.parametrize(
    "first",
    [reset, lambda c, _: c.sendall(THROTTLED), lambda c, _: c.sendall(FAILED), garbage],
    ids=["reset", "throttle", "error", "garbage"],
)
def test_one_quick_repeat_hides_a_single_hiccup(first: Serve) -> None:
    def serve(connection: socket.socket, number: int) -> None:
        (first if number == 1 else answer)(connection, number)

    with listening(serve) as (client, requests):
        assert client.get("sessions", KEY) is None
        assert len(requests) == 2


def test_a_second_hiccup_is_an_outage() -> None:
    with listening(reset) as (client, requests):
        with pytest.raises(DynamoUnavailable):
            client.get("sessions", KEY)
        assert len(requests) == 2


def test_a_count_whose_answer_was_lost_is_not_counted_again() -> None:
    with listening(reset) as (client, requests):
        with pytest.raises(DynamoUnavailable):
            client.update("counters", {"pk": "x"}, "ADD n :one", values={":one": 1})
        assert len(requests) == 1


def test_an_open_breaker_answers_at_once_and_closes_when_the_probe_succeeds() -> None:
    broken = True

    def serve(connection: socket.socket, _: int) -> None:
        (reset if broken else answer)(connection, 0)

    with listening(serve) as (client, requests):
        for _ in range(2):
            with pytest.raises(DynamoUnavailable):
                client.get("sessions", KEY)
        asked = len(requests)
        with pytest.raises(DynamoUnavailable, match="left alone"):
            client.get("sessions", KEY)
        assert len(requests) == asked
        broken = False
        ends = monotonic() + 5
        while client.breaker.is_open and monotonic() < ends:
            try_once(client)
        assert client.get("sessions", KEY) is None


def try_once(client: Dynamo) -> None:
    try:
        client.get("sessions", KEY)
    except DynamoUnavailable:
        return


def test_an_answer_may_come_in_pieces_and_ends_its_connection_when_it_says_so() -> None:
    connections = set()

    def in_chunks(connection: socket.socket, _: int) -> None:
        connections.add(connection.getpeername())
        for part in (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n}\r\n", b"0\r\n\r\n"):
            connection.sendall(part)

    def for_the_last_time(connection: socket.socket, _: int) -> None:
        connections.add(connection.getpeername())
        connection.sendall(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    for serve, needed in ((in_chunks, 1), (for_the_last_time, 3)):
        connections.clear()
        with listening(serve) as (client, requests):
            assert [client.get("sessions", KEY) for _ in range(3)] == [None] * 3
            assert (len(connections), len(requests)) == (needed, 3)


def interim(connection: socket.socket, _: int) -> None:
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def switching(connection: socket.socket, _: int) -> None:
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")


def twice(connection: socket.socket, _: int) -> None:
    connection.sendall(OK + OK)


@pytest.mark.parametrize("serve", [interim, switching, twice])
def test_what_would_be_taken_for_the_next_answer_ends_its_connection(serve: Serve) -> None:
    with listening(serve) as (client, _requests):
        with pytest.raises(DynamoUnavailable):
            client.get("sessions", KEY)
        assert not client._channel._resting


def test_credentials_that_nobody_renews_are_an_outage() -> None:
    with listening(answer) as (client, requests):
        client._channel._signer._credentials = RefreshableCredentials(
            "key", "secret", "token", datetime.now(UTC), dict, "test", time_fetcher=lambda: datetime.now(UTC)
        )
        with pytest.raises(DynamoUnavailable):
            client.get("sessions", KEY)
        assert requests == []


def test_nobody_listening_is_an_outage_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    channel = Channel(region="us-east-1", endpoint=f"http://127.0.0.1:{port}", credentials=Credentials("key", "secret"))
    started = monotonic()
    with pytest.raises(DynamoUnavailable):
        Dynamo(channel, prefix="t-").get("sessions", KEY)
    assert monotonic() - started < 0.5


def test_a_probe_is_one_request_not_a_rush() -> None:
    breaker = Breaker(opens_after=1, rest_seconds=60)
    breaker.failed()
    breaker._rests_until = 0
    assert breaker.allows()
    assert not breaker.allows()
