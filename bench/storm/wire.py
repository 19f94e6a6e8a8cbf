"""A page of somebody's browser: what it shows, and what is pressed on it."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID, uuid4

from bench.storm.deeds import Attempt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.storm.deeds import Deed

NOTHING = "nothing"
"""The outcome of a deed whose page had no such button any more."""
PRESSES = 5
SEE_OTHER, CONFLICT, UNAVAILABLE = 303, 409, 503
# What a page says when a time is taken; other conflicts are about a visit that somebody else changed.
TAKEN = (
    b"already has a visit at that time",
    b"already have a visit at that time",
    b"was just taken",
    b"No room is free",
)
_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Browser:
    """The cookie of somebody who is signed in, the token that their forms carry, and whose account it is."""

    cookie: str
    csrf_token: str
    account: UUID


class Tab:
    """A page of somebody's browser, from which they look at others and send forms."""

    def __init__(self, connection: http.client.HTTPConnection, browser: Browser) -> None:
        self._connection = connection
        self._browser = browser

    def look(self, url: str) -> str:
        """The page at an address; empty when it is not there."""
        status, _, body = self._ask("GET", url, "", {})
        return body.decode() if status == http.HTTPStatus.OK else ""

    def attempt(self, deed: Deed) -> Attempt:
        """Begin a deed that has come to nothing so far: looking before pressing takes time, so `press` begins anew."""
        now = time.monotonic()
        return Attempt(deed, now, now, NOTHING, actor=self._browser.account)

    def press(self, attempt: Attempt, url: str, fields: Mapping[str, object], *, dialog: bool = False) -> str:
        """Send a form and write down what the answer says; returns where it leads to."""
        guard = {"csrf_token": self._browser.csrf_token, "_key": uuid4()}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if dialog:
            headers |= {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#dialog"}
        attempt.began = time.monotonic()
        status, location, body = self._ask("POST", url, urlencode({**guard, **fields}), headers)
        attempt.ended = time.monotonic()
        if status == SEE_OTHER:
            attempt.outcome = "done"
        elif status == CONFLICT:
            attempt.outcome = "slot_taken" if any(sign in body for sign in TAKEN) else "wrong_state"
        else:
            attempt.outcome = f"status {status}"
        return location

    def _ask(self, method: str, url: str, body: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        answer = (UNAVAILABLE, "", b"")
        for _ in range(PRESSES):
            try:
                self._connection.request(method, url, body or None, {"Cookie": self._browser.cookie, **headers})
                got = self._connection.getresponse()
                answer = (got.status, got.getheader("Location", ""), got.read())
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                # The server closed a connection that was idle for 5 s. The key makes it safe to send again.
                self._connection.close()
                continue
            if answer[0] != UNAVAILABLE:
                break  # else: "press the button again, it will not happen twice"
        return answer


def named(address: str) -> UUID:
    """The visit that an address is about: the last that it names."""
    return UUID(_NAME.findall(address)[-1])


def instant(moment: object) -> str:
    """A time as forms send it."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"
