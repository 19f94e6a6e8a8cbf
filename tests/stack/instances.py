"""Instances of the application as in production: a process of their own each, started, told to leave, or killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.request import urlopen

import pytest

from deploy.local import processes
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

START_SECONDS = 30.0
DRAIN_SECONDS = 1.5
LEAVE_SECONDS = 20.0


@dataclass
class Instance:
    """gunicorn with two workers on a port of its own, and metrics on a second one."""

    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=processes.free_port)
    metrics_port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        return f"{processes.LOOPBACK}:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        own = {
            "BIND": self.address,
            "METRICS_PORT": str(self.metrics_port),
            "WEB_CONCURRENCY": "2",
            "PROXY_HOPS": "1",
            "DRAIN_SECONDS": str(DRAIN_SECONDS),
            "TMPDIR": str(self.log.parent),
        }
        self.process = processes.start(
            [sys.executable, "-m", "gunicorn", "wsgi:app"],
            log=self.log,
            env=processes.surroundings({**self.environment, **own}),
            cwd=REPOSITORY,
        )
        wait_for(self.url("/readyz"), self.process, self.log)

    def leave(self) -> int:
        """Send SIGTERM and wait for the end; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=LEAVE_SECONDS)

    def kill(self) -> None:
        """End every process of it at once with SIGKILL, as when its machine is gone."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def metrics(self) -> dict[str, float]:
        """What Prometheus reads, by name and labels as written."""
        return read_metrics(self.metrics_port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


@dataclass
class Worker:
    """The worker process beside the instances."""

    environment: Mapping[str, str]
    log: Path
    metrics_port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def metrics(self) -> dict[str, float]:
        return read_metrics(self.metrics_port)

    def __enter__(self) -> Self:
        own = {"WORKER_METRICS_PORT": str(self.metrics_port)}
        self.process = processes.start(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
            log=self.log,
            env=processes.surroundings({**self.environment, **own}),
            cwd=REPOSITORY,
        )
        wait_for(f"http://{processes.LOOPBACK}:{self.metrics_port}/metrics", self.process, self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        processes.stop(self.process, patience=LEAVE_SECONDS)


def read_metrics(port: int) -> dict[str, float]:
    with urlopen(f"http://{processes.LOOPBACK}:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a process answers; its log is the failure when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while not processes.answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{address} does not answer:\n{processes.last_lines(log, 30)}")
        threading.Event().wait(0.05)
