"""AWS Signature Version 4 of DynamoDB's requests: one method, one path, always the same headers.

Every page reads its session under such a signature.  botocore's takes any request there is and 60 µs for it, this one
4: the key of a day is derived once.  The tests compare the two.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from time import gmtime, strftime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.credentials import Credentials

API = "DynamoDB_20120810"
CONTENT = "application/x-amz-json-1.0"
_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """Heads of HTTP requests to one region's DynamoDB at one host, with credentials that may be refreshed."""

    def __init__(self, *, region: str, host: str, credentials: Credentials) -> None:
        self._region, self._host, self._credentials = region, host, credentials
        # What the key was made of, and the key.
        self._kept: tuple[tuple[str, str], bytes] | None = None

    def head(self, operation: str, body: bytes, at: float | None = None) -> bytes:
        """The request up to its body, signed for this very second or for `at` (seconds since the epoch)."""
        given = self._credentials.get_frozen_credentials()
        moment = strftime("%Y%m%dT%H%M%SZ", gmtime(at))
        headers = [
            ("content-type", CONTENT),
            ("host", self._host),
            ("x-amz-date", moment),
            ("x-amz-target", f"{API}.{operation}"),
        ]
        if given.token:
            headers.insert(3, ("x-amz-security-token", given.token))
        signed = ";".join([name for name, _ in headers])
        lines = [f"{name}:{value}" for name, value in headers]
        canonical = "\n".join(["POST", "/", "", *lines, "", signed, sha256(body).hexdigest()])
        scope = f"{moment[:8]}/{self._region}/dynamodb/aws4_request"
        words = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(moment[:8], str(given.secret_key)), words.encode(), "sha256").hex()
        allowed = f"Credential={given.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
        lines += [f"authorization: {_ALGORITHM} {allowed}", f"content-length: {len(body)}", "", ""]
        return "\r\n".join(["POST / HTTP/1.1", *lines]).encode()

    def _key(self, day: str, secret: str) -> bytes:
        kept = self._kept
        if kept is None or kept[0] != (day, secret):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "dynamodb", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            kept = self._kept = (day, secret), key
        return kept[1]
