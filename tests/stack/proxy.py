"""A TCP proxy in front of any service, which can be slow, silent, torn or gone; the product needs no hook for it."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from tests.stack.proxy_modes import (
    Answer,
    BlackHole,
    CutAfter,
    CutAt,
    Latency,
    Mode,
    Pass,
    Reset,
    SilentAt,
    Strike,
    answer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = [
    "ACTIVITY",
    "Answer",
    "BlackHole",
    "CutAfter",
    "CutAt",
    "Latency",
    "Mode",
    "Pass",
    "Proxy",
    "Reset",
    "SilentAt",
    "Strike",
    "answer",
]

ACTIVITY = b"-activity"
"""Stands in every message to DynamoDB about the activity log."""
BUFFER = 65536
CONNECT_SECONDS = 5
RESETS = struct.pack("ii", 1, 0)
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class _Era:
    """One mode from its beginning to its end; `over` ends every wait of it."""

    mode: Mode
    over: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a free loopback port (`port`) for a service; counts connections and bytes each way.

    A change of mode counts at once, for open connections too.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.connections = self.sent = self.returned = 0
        self.upstream = (host, port)
        self._era = _Era(Pass())
        self._lines: set[_Line] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def before(cls, address: str | None) -> Self:
        """A proxy in front of what an http address leads to."""
        parts = urlsplit(address or "")
        return cls(parts.port or 80, parts.hostname or "127.0.0.1")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def era(self) -> _Era:
        return self._era

    @property
    def mode(self) -> Mode:
        return self._era.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        with self._lock:
            before, self._era = self._era, _Era(mode)
            lines = list(self._lines)
        before.over.set()
        if isinstance(mode, Reset):
            for line in lines:
                line.wake()

    @contextlib.contextmanager
    def being(self, mode: Mode) -> Iterator[None]:
        """Be like this inside, and pass everything on afterwards."""
        self.mode = mode
        try:
            yield
        finally:
            self.mode = Pass()

    def close(self) -> None:
        """Let nobody in any more, and end what is open and what waits."""
        self.mode = Reset()
        # Closing alone would leave the thread in its accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def count(self, *, connections: int = 0, sent: int = 0, returned: int = 0) -> None:
        with self._lock:
            self.connections += connections
            self.sent += sent
            self.returned += returned

    def forget(self, line: _Line) -> None:
        with self._lock:
            self._lines.discard(line)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.count(connections=1)
            line = _Line(self, client)
            with self._lock:
                self._lines.add(line)
            threading.Thread(target=line.run, daemon=True).start()


class _Line:
    """One connection.  The thread that reads from the client owns both ends; the other one only returns answers."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server: socket.socket | None = None
        self._unanswered = b""
        self._resets = False
        self._has_waited = False
        self._cut: CutAt | Strike | None = None

    def wake(self) -> None:
        """Make the reading thread look at the mode; nothing is sent by it."""
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RD)

    def run(self) -> None:
        with contextlib.suppress(OSError):
            if isinstance(self._proxy.mode, Pass | Latency | CutAfter | CutAt | SilentAt | Strike):
                self._call()  # some services speak first
            while self._may_go_on() and (data := self._client.recv(BUFFER)) and self._may_go_on():
                self._proxy.count(sent=len(data))
                if not self._forward(data):
                    break
        self._may_go_on()
        self._hang_up()

    def _may_go_on(self) -> bool:
        self._resets = self._resets or isinstance(self._proxy.mode, Reset)
        return not self._resets

    def _forward(self, data: bytes) -> bool:
        """Treat what the client said as the mode asks for; False ends the connection."""
        era = self._fall_silent(data)
        mode = era.mode
        if isinstance(mode, BlackHole):
            era.over.wait()
            return False
        if isinstance(mode, Answer):
            return self._answer(data, mode)
        if isinstance(mode, CutAt) and mode.message in data:
            if mode.after is not None:
                self._proxy.mode = mode.after
            if not mode.heard:
                return False
            self._cut = mode
        if isinstance(mode, Strike) and mode.at(data):
            if not mode.heard:
                return False
            self._cut = mode
        if isinstance(mode, Latency) and not self._has_waited:
            era.over.wait(mode.seconds)
            self._has_waited = True
        self._call().sendall(self._unanswered + data)
        self._unanswered = b""
        return self._cut is not None or self._may_go_on()

    def _fall_silent(self, data: bytes) -> _Era:
        """What the proxy is like for this message, of which a silence may begin."""
        mode = self._proxy.mode
        if isinstance(mode, SilentAt) and mode.message in data:
            self._proxy.mode = BlackHole()
            if mode.heard:
                self._call().sendall(data)
        return self._proxy.era

    def _answer(self, data: bytes, mode: Answer) -> bool:
        self._unanswered += data
        while (whole := first_request(self._unanswered)) is not None:
            self._unanswered = self._unanswered[whole:]
            self._client.sendall(mode.content)
            self._proxy.count(returned=len(mode.content))
        return True

    def _call(self) -> socket.socket:
        if self._server is None:
            self._server = socket.create_connection(self._proxy.upstream, timeout=CONNECT_SECONDS)
            self._server.settimeout(None)
            threading.Thread(target=self._return, args=(self._server,), daemon=True).start()
        return self._server

    def _return(self, server: socket.socket) -> None:
        returned = 0
        with contextlib.suppress(OSError):
            while (data := server.recv(BUFFER)) and self._cut is None:
                era = self._proxy.era
                if isinstance(era.mode, BlackHole):
                    era.over.wait()
                    break
                if isinstance(era.mode, CutAfter) and returned + len(data) >= era.mode.count:
                    data = data[: era.mode.count - returned] if returned < era.mode.count else b""
                    self._resets = True
                self._has_waited = False
                # Counted first: whoever has read it finds it counted.
                returned += len(data)
                self._proxy.count(returned=len(data))
                self._client.sendall(data)
                if self._resets:
                    break
        if isinstance(self._cut, Strike):
            self._cut.struck()
        self.wake()

    def _hang_up(self) -> None:
        self._proxy.forget(self)
        with contextlib.suppress(OSError):
            if self._resets:
                self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
            else:
                self._client.shutdown(socket.SHUT_RDWR)
        self._client.close()
        if self._server is not None:
            with contextlib.suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()


def first_request(said: bytes) -> int | None:
    """How many bytes the first HTTP request of a stream takes; None while it is not all there."""
    end = said.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = LENGTH.search(said, 0, end + 2)
    whole = end + 4 + (int(length[1]) if length else 0)
    return whole if len(said) >= whole else None
