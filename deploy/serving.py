"""gunicorn's threaded worker: its few threads wait for nobody's network, and it leaves without losing a request."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import selectors
import signal
import socket
import struct
import termios
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import TConn, ThreadWorker

from webapp import draining, metrics

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Any
    from wsgiref.types import WSGIApplication

WAITING_SECONDS = 10.0
"""How long a connection may take until its request is there: browsers open some in advance."""
REQUEST_SECONDS = 20.0
PARTING_SECONDS = 2.0
"""How long the other side has to hang up after the last answer, before we do (RFC 9112, section 9.6)."""
LOOK_EVERY = 0.05
ENOUGH = 64 * 1024
"""What the kernel keeps of a request in any case, in bytes; a thread reads the rest of a longer one."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


class PromptWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gives a thread to a request when it is there, and hangs up on one that is read or answered too slowly.

    gunicorn's own worker gives it to the connection, for as long as the client likes: a dozen silent ones would close
    the clinic.
    """

    def load_wsgi(self) -> None:
        """Answer at the second port with metrics, and with nothing else."""
        super().load_wsgi()
        port = os.environ.get("METRICS_PORT")
        if port:
            self.wsgi: WSGIApplication = metrics.beside(self.app.wsgi(), port)

    def init_process(self) -> None:
        self.halves: dict[TConn, int] = {}
        self.patience: dict[TConn, float] = {}
        self.parting: deque[TConn] = deque()
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        """Let a new connection wait in the poller, which costs no thread, until it has something to say."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        self._wait(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        if is_there(client):
            super().on_pending_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.halves[conn] = 0

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        if is_there(client):
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait(conn)
        self.halves[conn] = 0

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, LOOK_EVERY) if self.halves else timeout)
        for conn, known in list(self.halves.items()):
            if conn not in self.pending_conns:
                # Its time was over: it is closed.
                del self.halves[conn]
            elif (arrived := waiting_bytes(conn.sock)) != known or arrived == 0:
                self.halves[conn] = arrived
                if is_there(conn.sock):
                    del self.halves[conn]
                    self.pending_conns.remove(conn)
                    conn.data_ready = True
                    super().enqueue_req(conn)

    def handle_request(self, req: object, conn: TConn) -> object:
        self.patience[conn] = time.monotonic() + REQUEST_SECONDS
        if draining.begun():
            # From now on every answer says "Connection: close"; who was told to stay before that still may.
            self.max_keepalived = 0
        try:
            return super().handle_request(req, conn)
        finally:
            del self.patience[conn]

    def finish_request(self, conn: TConn, fs: Future[object]) -> None:
        """Part from a client in the poller: gunicorn waits for it in its main loop, and everybody with it."""
        # Who sends a second request before the first is answered may send half of one: no browser or balancer does.
        if fs.cancelled() or fs.exception() or (fs.result() and not _read_ahead(conn)):
            super().finish_request(conn, fs)
            return
        conn.timeout = time.monotonic() + PARTING_SECONDS
        self.parting.append(conn)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_parting, conn))
        except (OSError, ValueError):
            self._hang_up(conn)

    def on_parting(self, conn: TConn, client: socket.socket) -> None:
        """Read past what is still sent, so that closing does not cut off our own last words."""
        with contextlib.suppress(OSError):
            if client.recv(ENOUGH):
                return
        self._hang_up(conn)

    def murder_pending(self) -> None:
        """Runs every second: hang up on those who are out of time; their thread sees the end of the stream."""
        super().murder_pending()
        now = time.monotonic()
        while self.parting and now > self.parting[0].timeout:
            self._hang_up(self.parting[0])
        for conn, until in list(self.patience.items()):
            if now > until:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def _hang_up(self, conn: TConn) -> None:
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.parting.remove(conn)
        self.nr_conns -= 1
        conn.close()

    def _wait(self, conn: TConn) -> None:
        conn.timeout = time.monotonic() + WAITING_SECONDS
        self.pending_conns.append(conn)


def leave_in_order(arbiter: Any, seconds: float) -> None:  # noqa: ANN401 - gunicorn has no types
    """Make SIGTERM wait: until a balancer has seen `/readyz` say so, all of this instance goes on as before.

    The second SIGTERM does not wait; SIGINT and SIGQUIT never did.  Workers that are replaced (SIGHUP) are no reason to
    leave, so it is the arbiter that knows.
    """

    def told(number: int, frame: object) -> None:
        if draining.begun() or not seconds:
            arbiter.signal(number, frame)
            return
        draining.begin()
        signal.setitimer(signal.ITIMER_REAL, seconds)

    signal.signal(signal.SIGALRM, lambda _number, frame: arbiter.signal(signal.SIGTERM, frame))
    signal.signal(signal.SIGTERM, told)


def is_there(client: socket.socket) -> bool:
    """Whether a whole request (or enough of a long one) can be read at once; true also of the end of a connection."""
    try:
        seen = client.recv(ENOUGH, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    end = seen.find(b"\r\n\r\n")
    if end < 0:
        return not seen or len(seen) >= ENOUGH
    length = _LENGTH.search(seen, 0, end + 2)
    return len(seen) >= min(end + 4 + (int(length[1]) if length else 0), ENOUGH)


def waiting_bytes(client: socket.socket) -> int:
    """How much has arrived and was not read yet; 0 also when the connection has ended."""
    try:
        answer = fcntl.ioctl(client, termios.FIONREAD, struct.pack("i", 0))
    except (OSError, ValueError):
        return 0
    count: int = struct.unpack("i", answer)[0]
    return count


def _read_ahead(conn: TConn) -> bool:
    return conn.parser is not None and bool(conn.parser.unreader.buf.getvalue())
