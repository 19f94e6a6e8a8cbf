"""Does deeds by sending the forms that a browser would send, to a running server."""

from __future__ import annotations

import http.client
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID, uuid4

from bench.storm.deeds import Attempt, Book, Cancel, Move

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.storm.deeds import Deed

PATIENCE_SECONDS = 30.0
PRESSES = 5
SEE_OTHER, CONFLICT, UNAVAILABLE = 303, 409, 503
# What a page says when a time is taken; other conflicts are about a visit that somebody else changed.
TAKEN = (b"already has a visit at that time", b"was just taken", b"No room is free")


@dataclass(frozen=True, slots=True)
class Browser:
    """The cookie of somebody who is signed in, and the token that their forms carry."""

    cookie: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class ByWeb:
    """Through a server at a port of this machine, one keep-alive connection and one signed-in person each."""

    host: str
    port: int
    location: UUID
    browsers: tuple[Browser, ...]

    @contextmanager
    def hands(self, number: int) -> Iterator[WebHands]:
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_SECONDS)) as connection:
            yield WebHands(connection, self.browsers[number], self.location)


class WebHands:
    """One person's browser."""

    def __init__(self, connection: http.client.HTTPConnection, browser: Browser, location: UUID) -> None:
        self._connection = connection
        self._browser = browser
        self._location = location

    def attempt(self, deed: Deed) -> Attempt:
        """Send the form and read what the answer says; a booking's `own` is the visit that it made."""
        url, fields = self._form(deed)
        attempt = Attempt(deed, time.monotonic())
        if isinstance(deed, Book):
            attempt.wants = (deed.want,)
        status, location, body = self._post(url, fields)
        attempt.ended = time.monotonic()
        if status == SEE_OTHER:
            attempt.outcome = "done"
            if isinstance(deed, Book):
                attempt.own = frozenset({UUID(location.partition("?")[0].rstrip("/").rsplit("/", 1)[1])})
        elif status == CONFLICT:
            attempt.outcome = "slot_taken" if any(sign in body for sign in TAKEN) else "wrong_state"
        else:
            attempt.outcome = f"status {status}"
        return attempt

    def _form(self, deed: Deed) -> tuple[str, dict[str, object]]:
        match deed:
            case Book(want):
                fields = {"patient": want.patient, "service": want.service, "location": self._location}
                return "/book", {**fields, "provider": want.provider or "", "starts_at": _instant(want.starts)}
            case Move(visit, provider, starts):
                return f"/appointments/{visit}/move", {"provider": provider or "", "starts_at": _instant(starts)}
            case Cancel(visit):
                return f"/appointments/{visit}/cancel", {"reason": "patient"}
        raise TypeError(f"the web has no form for {deed}")

    def _post(self, url: str, fields: dict[str, object]) -> tuple[int, str, bytes]:
        guard = {"csrf_token": self._browser.csrf_token, "_key": uuid4()}
        headers = {
            "Cookie": self._browser.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
            "HX-Request-Type": "partial",
            "HX-Target": "div#dialog",
        }
        body = urlencode({**guard, **fields})
        answer = (UNAVAILABLE, "", b"")
        for _ in range(PRESSES):
            try:
                answer = self._send(url, body, headers)
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                # The server closed a connection that was idle for 5 s. The key makes it safe to send again.
                self._connection.close()
                continue
            if answer[0] != UNAVAILABLE:
                break  # else: "press the button again, it will not happen twice"
        return answer

    def _send(self, url: str, body: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        self._connection.request("POST", url, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.getheader("Location", ""), answer.read()


def _instant(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
