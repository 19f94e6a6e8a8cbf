"""A mail server on this machine that says what a test wants it to say, and keeps what it was given."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"


@dataclass
class Books:
    """What came in, and the answers to each command (a code and a word), 250 unless a test says otherwise."""

    letters: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        for line in iter(self.rfile.readline, b""):
            command = line.decode().strip().partition(" ")[0].upper()
            if command == "DATA":
                self._say(self._answer(command, "354 go on"))
                if not self._answer(command, "354").startswith("354"):
                    continue
                self.server.books.letters.append("".join(self._until_the_dot()))
                self._say(self._answer("END", "250 taken"))
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say(self._answer(command, "250 ok"))

    def _answer(self, command: str, usual: str) -> str:
        return self.server.books.answers.get(command, usual)

    def _until_the_dot(self) -> Iterator[str]:
        for line in iter(self.rfile.readline, b".\r\n"):
            yield line.decode()

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """One server on a free port, until it is closed."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Talk)
        self.books = Books()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()
