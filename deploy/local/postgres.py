"""PostgreSQL 18 as a child of the launcher: created once, started on a loopback port, stopped in order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import psycopg

from deploy.local import postgres_files, processes
from deploy.local.problem import Problem
from deploy.local.processes import LOOPBACK, SystemUser

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

START_SECONDS = 30.0
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # Two test processes, each with crowds of fifty and servers of its own beside it, share one cluster.
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # A refused statement and the row it met can hold a patient's data: neither is written to the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # for tests: nothing must survive


@dataclass
class Postgres:
    """One cluster in one folder. `durable=False` trades safety for speed, for the throw-away clusters of tests."""

    folder: Path
    log: Path
    superuser_password: str
    port: int = 0
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _user: SystemUser | None = field(default=None, init=False)
    _programs: Path = field(init=False)
    _data: Path = field(init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Create the cluster if there is none, and start it; returns when it accepts connections."""
        self.port = self.port or processes.free_port()
        self._user = postgres_files.system_user()
        self._programs = postgres_files.programs(self._user)
        self._data = postgres_files.data_folder(self.folder, self._user) / "data"
        if not (self._data / "PG_VERSION").exists():
            self._create()
        deadline = time.monotonic() + START_SECONDS
        while not self._start(deadline):
            time.sleep(0.2)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, a checkpoint is written."""
        if self.process is not None:
            processes.stop(self.process, how=signal.SIGINT, patience=60.0)

    def address(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """The connection address of a role, with its password."""
        return f"postgresql://{user}:{password or self.superuser_password}@{LOOPBACK}:{self.port}/{database}"

    def _create(self) -> None:
        half = self._data.with_name("data.new")  # a folder with the final name is a finished cluster
        shutil.rmtree(half, ignore_errors=True)
        password = self._data.with_name("password.new")
        try:
            self._write_for_user(password, self.superuser_password)
            self._initdb(half, password)
        finally:
            password.unlink(missing_ok=True)
        half.rename(self._data)

    def _initdb(self, folder: Path, password: Path) -> None:
        command = [
            str(self._programs / "initdb"),
            f"--pgdata={folder}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",  # the same order of names on every operating system
            "--data-checksums",
            "--no-instructions",
        ]
        child = processes.start(
            command if self.durable else [*command, "--no-sync"], log=self.log, cwd="/", user=self._user
        )
        if child.wait() != 0:
            raise Problem(f"PostgreSQL could not create its database files; {self.log} ends:\n{self._log_end()}")

    def _write_for_user(self, path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
        if self._user is not None:
            os.chown(path, self._user.uid, self._user.gid)

    def _start(self, deadline: float) -> bool:
        """Start the server and wait for it; False when a process of an earlier run still holds the folder."""
        self._end_leftover()
        settings = {**SETTINGS, "port": str(self.port), **({} if self.durable else FORGETFUL), **self.settings}
        command: list[str | Path] = [self._programs / "postgres", "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = processes.start(command, log=self.log, cwd="/", user=self._user, parent_death=signal.SIGINT)
        while self.process.poll() is None:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.03)
            else:
                return True
        if time.monotonic() < deadline and "still in use" in self._log_end():
            return False
        self.stop()
        raise Problem(f"PostgreSQL did not start; {self.log} ends:\n{self._log_end()}")

    def _end_leftover(self) -> None:
        """Stop the server of a launcher that was killed, and forget a process id that belongs to somebody else now."""
        note = self._data / "postmaster.pid"
        if not note.exists():
            return
        pid = int(note.read_text("utf-8").split("\n", 1)[0])
        if str(self._data) not in processes.command_of(pid):
            note.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + START_SECONDS
        while str(self._data) in processes.command_of(pid):
            if time.monotonic() > deadline:
                raise Problem(f"An earlier PostgreSQL does not stop: end process {pid} and run the same command again.")
            time.sleep(0.05)

    def _log_end(self) -> str:
        return processes.last_lines(self.log)
