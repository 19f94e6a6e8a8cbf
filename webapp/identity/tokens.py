"""Whether a JWT really is Cognito's word that this account just signed in."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

ALGORITHM = "RS256"
REFETCH_EVERY = timedelta(minutes=1)
# Cognito's clock and ours may differ by this much before a token counts as coming from the future.
SKEW = timedelta(minutes=2)


class TokenRefused(Exception):  # noqa: N818  an answer about the token, not a fault in it only
    """The token is not what a sign-in with our pool gives; `reason` is for the log and never holds the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Token:
    """A verified id token: its text, the pool's own id of the person, and its end."""

    text: str = field(repr=False)
    subject: str
    expires_at: datetime


class KeySet:
    """The pool's public keys by `kid`; `fetch` brings the JWKS document and may raise what it likes.

    An unknown kid asks again, at most once a minute, so that made-up kids cannot make us hammer Cognito.  Shared by all
    threads of a process.
    """

    def __init__(self, fetch: Callable[[], dict[str, Any]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at: datetime | None = None
        self._failed: tuple[float, Exception] | None = None
        self._lock = threading.Lock()

    def find(self, kid: str, now: datetime) -> jwt.PyJWK | None:
        """The key named kid, or None when the pool has none."""
        found = self._keys.get(kid)
        if found is not None:
            return found
        came = monotonic()
        with self._lock:
            if self._failed is not None and self._failed[0] > came:
                # Whoever waited for a fetch that failed fails with it: else a crowd would wait for one after the other.
                raise self._failed[1]
            if kid not in self._keys and (self._asked_at is None or now - self._asked_at >= REFETCH_EVERY):
                document = self._fetched()
                self._asked_at = now
                self._keys = {str(entry["kid"]): key for entry, key in _usable(document)}
            return self._keys.get(kid)

    def _fetched(self) -> dict[str, Any]:
        try:
            return self._fetch()
        except Exception as error:
            self._failed = (monotonic(), error)
            raise


def _usable(document: dict[str, Any]) -> list[tuple[dict[str, Any], jwt.PyJWK]]:
    """Only RSA keys for signatures: a symmetric key in a key set would turn a public text into a password."""
    entries = [entry for entry in document.get("keys", []) if entry.get("kty") == "RSA" and entry.get("kid")]
    return [(entry, jwt.PyJWK(entry, algorithm=ALGORITHM)) for entry in entries]


class Verifier:
    """Checks id tokens of one app client of one pool."""

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def verify(self, text: str, account_id: UUID, now: datetime) -> Token:
        """The token, when it is an unexpired RS256 id token of our pool and client for this account.

        Raises TokenRefused, or what fetching the key set raises.
        """
        claims = self._claims(text, now)
        if claims.get("token_use") != "id":
            raise TokenRefused("token_use")
        if claims.get("cognito:username") != str(account_id):
            raise TokenRefused("username")
        ends = datetime.fromtimestamp(claims["exp"], UTC)
        if now >= ends:
            raise TokenRefused("exp")
        if datetime.fromtimestamp(claims["iat"], UTC) > now + SKEW:
            raise TokenRefused("iat")
        return Token(text=text, subject=claims["sub"], expires_at=ends)

    def _claims(self, text: str, now: datetime) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(text)
            if header.get("alg") != ALGORITHM:
                raise TokenRefused("alg")
            key = self._keys.find(str(header.get("kid", "")), now)
            if key is None:
                raise TokenRefused("kid")
            claims: dict[str, Any] = jwt.decode(
                text,
                key.key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "strict_aud": True,
                    # Times are compared above with the clock that was passed in.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(type(error).__name__) from None
        if not all(type(claims[name]) is int for name in ("exp", "iat")) or not isinstance(claims["sub"], str):
            raise TokenRefused("claims")
        return claims
