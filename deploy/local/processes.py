"""Child processes that stop when asked, and that never outlive the program that started them."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOOPBACK = "127.0.0.1"
PR_SET_PDEATHSIG = 1
LINUX = platform.system() == "Linux"
_LIBC = ctypes.CDLL(None) if LINUX else None  # loaded before any fork


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The user of the operating system that a child runs as."""

    uid: int
    gid: int


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    user: SystemUser | None = None,
    parent_death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output appended to `log`.

    A session of its own keeps the terminal's Ctrl-C away from it: the launcher stops its children in order.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=str(cwd) if cwd is not None else None,
            start_new_session=True,
            preexec_fn=_dies_with(os.getpid(), parent_death),  # noqa: PLW1509  one libc call, loaded beforehand
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


def surroundings(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child of ours: this one and the settings, without a person's own AWS account or proxy."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**inherited, "NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK, **settings}


def answers(address: str) -> bool:
    """Whether a server of ours answers a GET of this address with success, asked without any proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=2):
            return True
    except OSError:  # URLError is one
        return False


def _dies_with(parent: int, parent_death: signal.Signals) -> Callable[[], None]:
    def ask_for_the_signal() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, int(parent_death))
        if os.getppid() != parent:  # the parent died before the request
            os._exit(1)

    return ask_for_the_signal


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> bool:
    """Ask a child to stop and wait for it; True when it went by itself, False when it had to be killed."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def command_of(pid: int) -> str:
    """The command line of a running process, or an empty text when there is none."""
    if LINUX:
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_taken(port: int) -> bool:
    """Whether somebody listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def last_lines(log: Path, count: int = 4) -> str:
    """The end of a log, to show beside the sentence that says what failed."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:])
