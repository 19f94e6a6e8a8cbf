"""A clinic opened in a process of its own, as `make run` opens it, so that a test can kill it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

OPEN = re.compile(r"Anteroom is open at (http://\S+)")
PATIENCE_SECONDS = 120.0


@dataclass
class Clinic:
    """The launcher with all its children, and what it printed."""

    launcher: subprocess.Popen[bytes]
    output: Path

    def address(self) -> str:
        """Wait until it says where it is open, and return the address."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := OPEN.search(self.printed())) is None:
            if self.launcher.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.printed())
            time.sleep(0.05)
        return found[1]

    def printed(self) -> str:
        return self.output.read_text("utf-8")

    def processes(self) -> list[psutil.Process]:
        root = psutil.Process(self.launcher.pid)
        return [root, *root.children(recursive=True)]

    def kill(self) -> None:
        """End every process of it at once with SIGKILL, the launcher first, as a power cut would."""
        everyone = self.processes()
        for process in everyone:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.launcher.wait()
        psutil.wait_procs(everyone, timeout=10)

    def stop(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self.launcher.send_signal(signal.SIGINT)
        return self.launcher.wait(timeout=60)


def open_clinic(data: Path, port: int, output: Path) -> Clinic:
    """Start `make run` (the part after its set-up) on a data folder and a port."""
    command = [sys.executable, "-m", "deploy.local.serve", "run", "--port", str(port), "--data", str(data)]
    with output.open("wb") as file:
        launcher = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    return Clinic(launcher, output)
