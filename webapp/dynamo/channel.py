"""Signed requests to DynamoDB over kept-alive connections, with a hard end."""

from __future__ import annotations

import select
import socket
import ssl
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError
from botocore.httpsession import get_cert_path
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from webapp.dynamo.answers import OK
from webapp.dynamo.signing import Signer

if TYPE_CHECKING:
    from botocore.credentials import Credentials

CONNECTIONS = 32
LEAST_SECONDS = 0.001
_PORTS = {"http": 80, "https": 443}
_ENOUGH = 65536


class Broken(Exception):  # noqa: N818  the line is broken; that is no mistake of the caller
    """No answer came; `sent` tells whether the request may have had its effect, `late` that time ran out."""

    def __init__(self, *, sent: bool, late: bool) -> None:
        super().__init__("DynamoDB did not answer in time." if late else "The connection to DynamoDB broke.")
        self.sent = sent
        self.late = late


class _Answer:
    """What the parser hears of one answer."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.whole, self.last = False, False

    def on_message_begin(self) -> None:
        if self.whole:
            raise ValueError("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        # The parser forgets it as soon as the answer is whole.
        if name.lower() == b"connection" and b"close" in value.lower():
            self.last = True

    def on_body(self, part: bytes) -> None:
        self.parts.append(part)

    def on_message_complete(self) -> None:
        self.whole = True


class Channel:
    """One pool of connections to one region's DynamoDB, signing with credentials that may be refreshed.

    Every page reads its session here, so what lies between is thin: a request whose head hardly varies, and a parser
    in C for the answer.  boto3's client costs fourteen times the CPU, and its time-outs are per attempt, not per
    request of ours (figures in `webapp.dynamo`).
    """

    def __init__(self, *, region: str, endpoint: str, credentials: Credentials) -> None:
        address = urlsplit(endpoint)
        usual = _PORTS[address.scheme]
        self._name, self._port = address.hostname or "", address.port or usual
        host = address.netloc.rpartition("@")[2]
        if address.port == usual:
            host = host.removesuffix(f":{usual}")
        self._signer = Signer(region=region, host=host, credentials=credentials)
        self._trust = ssl.create_default_context(cafile=get_cert_path(True)) if address.scheme == "https" else None
        # The one that rested least is taken first: others are closed by DynamoDB and found so.
        self._resting: deque[socket.socket] = deque(maxlen=CONNECTIONS)

    def send(self, operation: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """The status and body of the answer, or Broken when there is none within `seconds`."""
        ends = monotonic() + seconds
        # Before there is a connection to lose: credentials may have to be fetched anew.
        head = self._head(operation, body)
        connection = self._connected(ends)
        try:
            status, content, last = _exchanged(connection, head + body, ends)
        except (HttpParserError, HttpParserUpgrade, OSError) as error:
            connection.close()
            raise Broken(sent=True, late=isinstance(error, TimeoutError)) from None
        if last:
            connection.close()
        else:
            self._resting.append(connection)
        return status, content

    def _head(self, operation: str, body: bytes) -> bytes:
        try:
            return self._signer.head(operation, body)
        except (BotoCoreError, RuntimeError):
            # Credentials ran out, and nobody gives new ones.
            raise Broken(sent=False, late=True) from None

    def _connected(self, ends: float) -> socket.socket:
        while self._resting:
            try:
                connection = self._resting.pop()
            except IndexError:
                break  # somebody else's by now
            if _is_alive(connection):
                return connection
            connection.close()
        return self._connect(ends)

    def _connect(self, ends: float) -> socket.socket:
        made = None
        try:
            made = socket.create_connection((self._name, self._port), timeout=_left(ends))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._trust is not None:
                made.settimeout(_left(ends))
                made = self._trust.wrap_socket(made, server_hostname=self._name)
            if monotonic() >= ends:
                raise TimeoutError
        except OSError as error:
            if made is not None:
                made.close()
            raise Broken(sent=False, late=isinstance(error, TimeoutError)) from None
        return made


def _exchanged(connection: socket.socket, request: bytes, ends: float) -> tuple[int, bytes, bool]:
    """Status and body of the answer to a request, and whether it was the connection's last."""
    answer = _Answer()
    parser = HttpResponseParser(answer)
    connection.settimeout(_left(ends))
    connection.sendall(request)
    while not answer.whole:
        # The time-out is per read: what is left of the whole is set anew before each.
        connection.settimeout(_left(ends))
        received = connection.recv(_ENOUGH)
        if not received:
            raise ConnectionResetError
        parser.feed_data(received)
    status = parser.get_status_code()
    if status < OK:
        # Something is still to come, which the next request would take for its own.
        raise ConnectionResetError
    return status, b"".join(answer.parts), answer.last


def _left(ends: float) -> float:
    return max(ends - monotonic(), LEAST_SECONDS)


def _is_alive(connection: socket.socket) -> bool:
    """Nothing is there to be read from a connection at rest, unless the other side has hung up."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return not waiting.poll(0)
