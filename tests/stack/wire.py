"""A wire to a service that can be cut exactly at a message; no hook in the product is needed for it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal

Cut = Literal["never", "before", "after", "after and down", "every"]
COMMIT = b"COMMIT"
ACTIVITY = b"-activity"
BUFFER = 65536


class Wire:
    """A TCP proxy on a free loopback port.

    `cut = "before"` drops the connection instead of passing the message on; `"after"` passes it on, waits for the
    server's answer and drops it, so that the change is done and nobody was told.  Either happens once; `"after and
    down"` lets nobody in again either, `"every"` is `"before"` again and again.  A message is known
    by some bytes of it.
    """

    def __init__(self, port: int, message: bytes = COMMIT, host: str = "127.0.0.1") -> None:
        self.cut: Cut = "never"
        self.seen = 0
        self._message = message
        self._upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._down = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._down = True
        self._listener.close()

    def cut_off(self) -> None:
        """Let nobody through any more."""
        self._down = True

    def mend(self) -> None:
        """Let everybody through again."""
        self.cut, self._down = "never", False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._down:
                client.close()
                continue
            server = socket.create_connection(self._upstream)
            swallow = threading.Event()
            threading.Thread(target=self._forward, args=(client, server, swallow), daemon=True).start()
            threading.Thread(target=self._return, args=(server, client, swallow), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, swallow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(BUFFER):
                if self._message in data:
                    self.seen += 1
                    if self.cut == "every":
                        break
                    if self.cut == "before":
                        self.cut = "never"
                        break
                    if self.cut != "never":
                        self._down = self.cut == "after and down"
                        self.cut = "never"
                        swallow.set()
                server.sendall(data)
        _hang_up(client, server)

    @staticmethod
    def _return(server: socket.socket, client: socket.socket, swallow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := server.recv(BUFFER)) and not swallow.is_set():
                client.sendall(data)
        _hang_up(client, server)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
