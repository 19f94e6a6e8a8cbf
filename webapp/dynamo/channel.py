"""Signed requests to DynamoDB over kept-alive connections, with a hard end."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

if TYPE_CHECKING:
    from botocore.credentials import Credentials

API = "DynamoDB_20120810"
CONNECTIONS = 32


class Broken(Exception):  # noqa: N818  the line is broken; that is no mistake of the caller
    """No answer came; `sent` tells whether the request may have had its effect, `late` that time ran out."""

    def __init__(self, *, sent: bool, late: bool) -> None:
        super().__init__("DynamoDB did not answer in time." if late else "The connection to DynamoDB broke.")
        self.sent = sent
        self.late = late


class Channel:
    """One pool of connections to one region's DynamoDB, signing with credentials that may be refreshed.

    Signing is botocore's; its client is not used, because a GetItem through boto3 costs 3 to 4 times the CPU and its
    time-outs are per attempt, not per request of ours (figures in `webapp.dynamo`).
    """

    def __init__(self, *, region: str, endpoint: str, credentials: Credentials) -> None:
        self._url = endpoint.rstrip("/") + "/"
        self._region = region
        self._credentials = credentials
        secure = {"ca_certs": get_cert_path(True)} if self._url.startswith("https:") else {}
        self._pool = urllib3.connection_from_url(self._url, maxsize=CONNECTIONS, block=False, retries=False, **secure)

    def send(self, operation: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """The status and body of the answer, or Broken when there is none within `seconds`."""
        ends = monotonic() + seconds
        try:
            response = self._pool.urlopen(
                "POST",
                "/",
                body=body,
                headers=self._headers(operation, body),
                timeout=urllib3.Timeout(total=seconds),
                preload_content=False,
            )
            # The pool's time-out is per read: what is left of the whole is set anew before the body.
            sock = getattr(response.connection, "sock", None)
            if sock is not None:
                sock.settimeout(max(ends - monotonic(), 0.001))
            answer = response.read()
            response.release_conn()
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise Broken(sent=False, late=isinstance(error, ConnectTimeoutError)) from None
        except (HTTPError, OSError) as error:
            raise Broken(sent=True, late="timed out" in str(error)) from None
        return response.status, answer

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{API}.{operation}"}
        request = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        SigV4Auth(self._credentials.get_frozen_credentials(), "dynamodb", self._region).add_auth(request)
        return dict(request.headers.items())
