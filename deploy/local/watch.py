"""The two processes of the application, started together, watched, and stopped in the reverse order."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from deploy.local import processes
from deploy.local.problem import Problem
from deploy.local.steps import say

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from types import TracebackType

REPOSITORY = Path(__file__).resolve().parents[2]
LOOK_EVERY = 0.5  # seconds
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
PATIENCE = 25.0  # a worker may end the job it is in


@dataclass
class Watched:
    """One process, and when it may be started again."""

    command: Sequence[str]
    restart: bool
    process: subprocess.Popen[bytes]
    pause: float = SHORTEST_PAUSE
    due: float | None = None


@dataclass
class Watch:
    """Starts processes with one environment, each with a log of its own in one folder."""

    logs: Path
    environment: Mapping[str, str]
    _watched: dict[str, Watched] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask all to stop, then wait for each."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second signal must not interrupt the saving
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        running = [watched.process for watched in self._watched.values() if watched.process.poll() is None]
        for process in running:
            process.terminate()
        for process in running:
            processes.stop(process, patience=PATIENCE)

    def start(self, name: str, command: Sequence[str], *, restart: bool = False) -> None:
        """Start a process; one with `restart` is started again when it ends, after a growing pause."""
        self._watched[name] = Watched(command, restart, self._launch(name, command))

    def raise_if_ended(self, name: str) -> None:
        """Raise Problem with the end of its log when a process is not running."""
        status = self._watched[name].process.poll()
        if status is not None:
            end = processes.last_lines(self._log(name), 8)
            raise Problem(f"The {name} ended with status {status}; {self._log(name)} ends:\n{end}")

    def until_interrupted(self, services: Mapping[str, subprocess.Popen[bytes] | None]) -> None:
        """Watch until Ctrl-C or SIGTERM; raises Problem when what cannot be restarted has ended."""
        try:
            while True:
                for name, service in services.items():
                    if service is not None and service.poll() is not None:
                        raise Problem(f"{name} ended unexpectedly; its log in {self.logs} says why. Start again.")
                for name, watched in self._watched.items():
                    self._look_after(name, watched)
                time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            return

    def _look_after(self, name: str, watched: Watched) -> None:
        if watched.process.poll() is None:
            return
        if not watched.restart:
            self.raise_if_ended(name)
        now = time.monotonic()
        if watched.due is None:
            watched.due = now + watched.pause
            say(f"The {name} ended; it starts again in {watched.pause:.0f} s.")
        elif now >= watched.due:
            watched.process, watched.due = self._launch(name, watched.command), None
            watched.pause = min(watched.pause * 2, LONGEST_PAUSE)

    def _launch(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return processes.start(command, log=self._log(name), env=self.environment, cwd=REPOSITORY)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"
