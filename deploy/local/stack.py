"""PostgreSQL and the local AWS together: what `make run` and the tests stand on."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from deploy.local import databases
from deploy.local.aws import CREDENTIALS, REGION, Aws, Deployed
from deploy.local.postgres import Postgres
from deploy.local.problem import Problem
from deploy.local.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

LOGIN_ROLES = ("anteroom_migrator", "anteroom_app", "anteroom_worker", "anteroom_backup")
DATABASE = "anteroom"


@dataclass
class Stack:
    """Both services with all their state in one folder; a second copy on the same folder is refused.

    Ports of 0 mean any free one. `durable=False` is for tests: quick, and not made to survive a crash.
    """

    folder: Path
    postgres_port: int = 0
    aws_port: int = 0
    durable: bool = True
    postgres: Postgres = field(init=False)
    aws: Aws = field(init=False)
    deployed: Deployed = field(init=False)
    _open: ExitStack = field(init=False, default_factory=ExitStack)
    _secrets: dict[str, str] = field(init=False, default_factory=dict)

    def __enter__(self) -> Self:
        """Start and set up both; what was started is stopped again when the other fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            opened.enter_context(only_copy(self.folder / "lock"))
            self._secrets = secrets_of(self.folder)
            logs = self.folder / "log"
            logs.mkdir(mode=0o700, exist_ok=True)
            self.postgres = opened.enter_context(
                Postgres(
                    self.folder / "postgres",
                    logs / "postgres.log",
                    self._secrets["postgres"],
                    self.postgres_port,
                    durable=self.durable,
                )
            )
            databases.prepare(self.postgres, DATABASE, self.passwords)
            self.aws = opened.enter_context(Aws(self.folder / "aws", logs / "aws.log", self.aws_port))
            self.deployed = self.aws.deploy()
            self._open = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @classmethod
    def attached(cls, folder: Path, postgres_port: int, aws_port: int) -> Self:
        """A view of a stack that another process runs; it starts and stops nothing."""
        stack = cls(folder, postgres_port, aws_port, durable=False)
        stack._secrets = secrets_of(folder)
        logs = folder / "log"
        stack.postgres = Postgres(folder / "postgres", logs / "postgres.log", stack._secrets["postgres"], postgres_port)
        stack.aws = Aws(folder / "aws", logs / "aws.log", aws_port)
        stack.deployed = stack.aws.deploy()
        return stack

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords of the login roles."""
        return {role: self._secrets[role] for role in LOGIN_ROLES}

    def environment(
        self, *, kind: str = "local", web_port: int = 8000, database: str = DATABASE, deployed: Deployed | None = None
    ) -> dict[str, str]:
        """The variables of the application's settings for one database and one deployed stack."""
        stack = deployed or self.deployed

        def address(role: str) -> str:
            return self.postgres.address(database, role, self._secrets[role])

        return {
            "ANTEROOM_ENV": kind,
            "DATABASE_URL": address("anteroom_app"),
            "WORKER_DATABASE_URL": address("anteroom_worker"),
            "MIGRATION_DATABASE_URL": address("anteroom_migrator"),
            "SECRET_KEY": self._secrets["SECRET_KEY"],
            "SESSION_KEY": self._secrets["SESSION_KEY"],
            "PUBLIC_URL": f"http://{LOOPBACK}:{web_port}",
            "ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws.address,
            **CREDENTIALS,
            "DYNAMO_PREFIX": stack.prefix,
            "COGNITO_POOL_ID": stack.pool_id,
            "COGNITO_CLIENT_ID": stack.client_id,
            "COGNITO_CLIENT_SECRET": stack.client_secret,
            "SHOW_DEMO_ACCOUNTS": "1",
            "REQUIRE_SECOND_FACTOR": "0",
            "DAY_SHEETS": str(self.folder / "day-sheets"),
            "CARD_GATEWAY": "simulated",
        }


@contextlib.contextmanager
def only_copy(lock: Path) -> Iterator[None]:
    """Hold a lock file for as long as this process lives; raises Problem when another process holds it."""
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Problem(
                f"Another copy of Anteroom is running from this folder (process {holder}): stop it with Ctrl-C first."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def secrets_of(folder: Path) -> dict[str, str]:
    """Read the generated secrets of this folder; make them at the first start."""
    path = folder / "secrets.json"
    if path.exists():
        known: dict[str, str] = json.loads(path.read_text("utf-8"))
        return known
    made = {name: secrets.token_urlsafe(32) for name in ("postgres", *LOGIN_ROLES, "SECRET_KEY")}
    made["SESSION_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
    half = path.with_suffix(".new")
    half.touch(mode=0o600)
    half.write_text(json.dumps(made), "utf-8")
    half.rename(path)
    return made
