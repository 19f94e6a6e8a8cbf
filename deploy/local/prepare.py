"""Brings a fresh clone to where its commands can run; needs only Python's standard library, make and a network."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.problem import DISK_FULL, Problem, check_room, is_full_disk, told_in_one_sentence
from deploy.local.steps import say, step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLDEST = (3, 11)
REPOSITORY = Path(__file__).resolve().parents[2]
VAR = REPOSITORY / "var"
LOG = VAR / "log" / "setup.log"
ROOM_TO_INSTALL = 1_500_000_000  # bytes
ROOM_TO_RUN = 100_000_000
OFFLINE = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "nodename nor servname",
    "NewConnectionError",
    "Network is unreachable",
    "No matching distribution found",
    "ConnectTimeoutError",
    "ProxyError",
    "ReadTimeoutError",
)
MADE = ".made"
COMMANDS = {
    "run": "deploy.local.serve",
    "test": "deploy.local.check",
    "test-long": "deploy.local.check",
    "lint": "deploy.local.check",
    "storm": "bench.storm",
    "chaos": "bench.chaos",
    "bench": "bench",
}


def prepare(*, development: bool) -> None:
    """Install what is missing or out of date, build assets, compile languages; what is done already is skipped."""
    VAR.mkdir(exist_ok=True)
    VAR.chmod(0o755)  # PostgreSQL's user passes through when we are root
    LOG.parent.mkdir(mode=0o700, exist_ok=True)
    with _one_at_a_time():
        done = (REPOSITORY / ".venv" / ".installed-requirements").exists()
        check_room(REPOSITORY, ROOM_TO_RUN if done else ROOM_TO_INSTALL)
        lists = ["requirements.txt"] + (["requirements-dev.txt"] if development else [])
        with step("Application packages"):
            _install(REPOSITORY / ".venv", lists)
        with step("Local AWS"):
            _install(REPOSITORY / ".venv-aws", ["requirements-aws.txt"])
        with step("Styles, scripts, icons"):
            if shutil.which("npm") is None:
                _install(REPOSITORY / ".venv", ["requirements-node.txt"])
            _log([_python(REPOSITORY / ".venv"), "deploy/assets.py"], "build the styles and scripts")
        with step("Languages"):
            _log([_python(REPOSITORY / ".venv"), "deploy/catalogs.py"], "compile the translations")


def _install(home: Path, lists: Sequence[str]) -> None:
    """Make the virtual environment and install those of the lists that its stamps do not name."""
    if not _works(home):
        shutil.rmtree(home, ignore_errors=True)
        _make(home)
    missing = [name for name in lists if _stamp(home, name).read_text("utf-8") != _digest(name)]
    if not missing:
        return
    command = [_python(home), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    for name in lists:
        command += ["-r", name]
    _log(command, "install the packages")
    for name in lists:
        _stamp(home, name).write_text(_digest(name), "utf-8")


def _make(home: Path) -> None:
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(home)
        (home / MADE).write_text(_maker(home), "utf-8")
    except (subprocess.CalledProcessError, SystemExit, ImportError):
        shutil.rmtree(home, ignore_errors=True)
        raise Problem(
            "This Python has no ensurepip, so it cannot make a virtual environment: "
            "install it (Debian, Ubuntu: apt install python3-venv) and run the same command again."
        ) from None


def _works(home: Path) -> bool:
    """Whether it was made to the end, by this version of Python, and has not been moved or copied here."""
    made = home / MADE
    return made.exists() and made.read_text("utf-8") == _maker(home) and Path(_python(home)).exists()


def _maker(home: Path) -> str:
    return f"{sys.version} at {home}"


def _log(command: Sequence[str], purpose: str) -> None:
    """Run a command with its output in the set-up log; raises Problem with the reason when it fails."""
    with LOG.open("ab") as log:
        started = log.tell()
        outcome = subprocess.run(
            [str(part) for part in command],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if outcome.returncode == 0:
        return
    written = LOG.read_bytes()[started:].decode("utf-8", "replace")
    if is_full_disk(written):
        raise Problem(DISK_FULL.format(room=ROOM_TO_INSTALL / 1e9))
    if any(sign in written for sign in OFFLINE) or "npm could not fetch" in written:
        raise Problem(f"Anteroom could not {purpose}: check the network and run the same command again ({LOG}).")
    lines = written.strip().splitlines()
    raise Problem(f"Anteroom could not {purpose}: {lines[-1] if lines else 'no reason given'} ({LOG})")


def _python(home: Path) -> str:
    return str(home / "bin" / "python")


def _stamp(home: Path, name: str) -> Path:
    stamp = home / f".installed-{name.removesuffix('.txt')}"
    if not stamp.exists():
        stamp.touch()
    return stamp


def _digest(name: str) -> str:
    return hashlib.sha256((REPOSITORY / name).read_bytes() + sys.version.encode()).hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (VAR / "prepare.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  Another command is preparing this folder; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str]) -> None:
    """Prepare, then become the command that was asked for: one of COMMANDS, or only `prepare`."""
    if sys.version_info[:2] < OLDEST:
        raise Problem("Anteroom needs Python 3.11 or newer: install it, or name it with `make run PYTHON=…`.")
    name, *rest = arguments
    prepare(development=name != "run")
    if name in COMMANDS:
        os.chdir(REPOSITORY)
        os.execv(_python(REPOSITORY / ".venv"), [_python(REPOSITORY / ".venv"), "-m", COMMANDS[name], name, *rest])


if __name__ == "__main__":
    with told_in_one_sentence():
        main(sys.argv[1:] or ["prepare"])
