"""Signed requests to DynamoDB over kept-alive connections, with a hard end."""

from __future__ import annotations

import select
import ssl
from collections import deque
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from botocore.credentials import Credentials

API = "DynamoDB_20120810"
CONNECTIONS = 32
LEAST_SECONDS = 0.001


class Broken(Exception):  # noqa: N818  the line is broken; that is no mistake of the caller
    """No answer came; `sent` tells whether the request may have had its effect, `late` that time ran out."""

    def __init__(self, *, sent: bool, late: bool) -> None:
        super().__init__("DynamoDB did not answer in time." if late else "The connection to DynamoDB broke.")
        self.sent = sent
        self.late = late


class Channel:
    """One pool of connections to one region's DynamoDB, signing with credentials that may be refreshed.

    Signing is botocore's; its client is not used, because a GetItem through boto3 costs 3 to 4 times the CPU and its
    time-outs are per attempt, not per request of ours (figures in `webapp.dynamo`).  Every page reads its session
    here, so the standard library speaks HTTP: urllib3 takes half as much again.
    """

    def __init__(self, *, region: str, endpoint: str, credentials: Credentials) -> None:
        self._url = endpoint.rstrip("/") + "/"
        self._region = region
        self._credentials = credentials
        address = urlsplit(self._url)
        self._host = address.netloc
        self._trust = ssl.create_default_context(cafile=get_cert_path(True)) if address.scheme == "https" else None
        # The one that rested least is taken first: others are closed by DynamoDB and found so.
        self._resting: deque[HTTPConnection] = deque(maxlen=CONNECTIONS)

    def send(self, operation: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """The status and body of the answer, or Broken when there is none within `seconds`."""
        ends = monotonic() + seconds
        connection = self._connected(seconds)
        try:
            _grant(connection, ends)
            connection.request("POST", "/", body, self._headers(operation, body))
            answer = connection.getresponse()
            # The time-out is per read: what is left of the whole is set anew before the body.
            _grant(connection, ends)
            content = answer.read()
        except (HTTPException, OSError) as error:
            connection.close()
            raise Broken(sent=True, late=isinstance(error, TimeoutError)) from None
        if connection.sock is not None:
            self._resting.append(connection)
        return answer.status, content

    def _connected(self, seconds: float) -> HTTPConnection:
        while self._resting:
            try:
                connection = self._resting.pop()
            except IndexError:
                break  # somebody else's by now
            if _is_alive(connection):
                return connection
            connection.close()
        if self._trust is None:
            connection = HTTPConnection(self._host, timeout=seconds)
        else:
            connection = HTTPSConnection(self._host, timeout=seconds, context=self._trust)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise Broken(sent=False, late=isinstance(error, TimeoutError)) from None
        return connection

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{API}.{operation}"}
        request = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        SigV4Auth(self._credentials.get_frozen_credentials(), "dynamodb", self._region).add_auth(request)
        return dict(request.headers.items())


def _grant(connection: HTTPConnection, ends: float) -> None:
    if connection.sock is not None:
        connection.sock.settimeout(max(ends - monotonic(), LEAST_SECONDS))


def _is_alive(connection: HTTPConnection) -> bool:
    """Nothing is there to be read from a connection at rest, unless the other side has hung up."""
    if connection.sock is None:
        return False
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return not waiting.poll(0)
