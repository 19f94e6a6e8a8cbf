"""Striking at one message of a deed, and what whoever did it could still say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit, urlunsplit

from tests.stack.proxy import Pass, Proxy, Strike
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from bench.chaos.deeds import Order

WAYS = ("cut before", "cut after", "killed before", "killed after")
PATIENCE = 20.0


class Striker:
    """A victim behind two proxies, one before PostgreSQL and one before the gateway; their messages count together."""

    def __init__(self, environment: Mapping[str, str], gateway_port: int) -> None:
        database = urlsplit(environment["DATABASE_URL"])
        self._proxies = (Proxy(database.port or 5432), Proxy(gateway_port))
        addresses = [
            _through(environment["DATABASE_URL"], self._proxies[0]),
            _through(environment["WORKER_DATABASE_URL"], self._proxies[0]),
            self._proxies[1].address,
        ]
        self._victim = subprocess.Popen(
            [sys.executable, "-m", "bench.chaos.victim", *addresses],
            cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self._hear("listening")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._victim.stdin is not None:
            self._victim.stdin.close()
        self._victim.wait(PATIENCE)
        for proxy in self._proxies:
            proxy.close()

    def strike(self, order: Order, way: str, number: int) -> tuple[bytes | None, dict[str, Any]]:
        """Have a deed done and strike at its n-th message.

        The message (None when the deed sent fewer), and what was told: nobody knows, by somebody who was killed.
        """
        sent, answer = self._do(order, way, number)
        return (sent[number - 1] if len(sent) >= number else None), answer

    def warm(self, order: Order) -> None:
        """Have a deed done by the process that makes the victims, so that they start quickly."""
        self._say({**order, "warm": True})
        self._hear()

    def rehearse(self, order: Order) -> list[bytes]:
        """Have a deed done in peace; its messages."""
        return self._do(order, "", 0)[0]

    def _do(self, order: Order, way: str, number: int) -> tuple[list[bytes], dict[str, Any]]:
        self._say(order)
        pid = int(self._hear("ready")["ready"])
        blow = (lambda: os.kill(pid, signal.SIGKILL)) if way.startswith("killed") else (lambda: None)
        strike = Strike(number, heard=way.endswith("after"), struck=blow)
        for proxy in self._proxies:
            proxy.mode = strike
        self._say({"go": True})
        answer = self._last()
        for proxy in self._proxies:
            proxy.mode = Pass()
        return strike.sent, answer

    def _last(self) -> dict[str, Any]:
        """What the victim said last before it ended."""
        answer: dict[str, Any] = {"unknown": True}
        while "ended" not in (facts := self._hear()):
            answer = facts
        return answer

    def _say(self, order: Order) -> None:
        if self._victim.stdin is None:
            raise RuntimeError("nobody listens")
        self._victim.stdin.write(json.dumps(order) + "\n")
        self._victim.stdin.flush()

    def _hear(self, expected: str | None = None) -> dict[str, Any]:
        if self._victim.stdout is None:
            raise RuntimeError("nobody speaks")
        line = self._victim.stdout.readline()
        facts: dict[str, Any] = json.loads(line or "{}")
        if not line or (expected is not None and expected not in facts):
            raise RuntimeError(f"the victim said {line!r} instead of {expected!r}")
        return facts


def _through(address: str, proxy: Proxy) -> str:
    parts = urlsplit(address)
    login, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))
