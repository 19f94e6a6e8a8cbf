"""Does deeds by sending the forms that a browser would send, to a running server."""

from __future__ import annotations

import http.client
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from bench.storm.deeds import (
    Answer,
    Book,
    BookHeld,
    BookOver,
    Cancel,
    CancelSome,
    EditHours,
    Hold,
    Move,
    MoveSome,
    OwnCancel,
    OwnMove,
    Wait,
)
from bench.storm.portal import Portal
from bench.storm.staff import Staff
from bench.storm.wire import Browser, Tab

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.storm.deeds import Attempt, Deed

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Family:
    """Somebody on the portal, and for whom they act."""

    browser: Browser
    patients: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ByWeb:
    """Through a server at a port of this machine, one keep-alive connection and two signed-in browsers each.

    `environment` are the settings the server runs with: for a worker beside it, and for who looks afterwards.
    """

    host: str
    port: int
    location: UUID
    staff: tuple[Browser, ...]
    families: tuple[Family, ...]
    environment: Mapping[str, str]

    @contextmanager
    def hands(self, number: int) -> Iterator[WebHands]:
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_SECONDS)) as connection:
            desk, telephone = Tab(connection, self.staff[number]), Tab(connection, self.families[number].browser)
            yield WebHands(desk, telephone, self.location)


class WebHands:
    """One person at one connection: at the desk, and with a telephone on the portal."""

    def __init__(self, desk: Tab, telephone: Tab, location: UUID) -> None:
        self._staff = Staff(desk, location)
        self._portal = Portal(telephone, location)

    def attempt(self, deed: Deed) -> Attempt:
        """Look at the page, send its form, and read what the answer says."""
        match deed:
            case Book() | BookOver() | Move() | Cancel() | MoveSome() | CancelSome() | EditHours():
                return self._staff.attempt(deed)
            case Hold() | BookHeld() | OwnMove() | OwnCancel() | Wait() | Answer():
                return self._portal.attempt(deed)
        raise TypeError(f"the web has no form for {deed}")
