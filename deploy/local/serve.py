"""What `make run` becomes: services, database, demo clinic, web server and worker, watched until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from deploy.local import databases, processes
from deploy.local.problem import DISK_FULL, Problem, check_room, is_full_disk, told_in_one_sentence
from deploy.local.processes import LOOPBACK
from deploy.local.stack import DATABASE, Stack
from deploy.local.steps import say, step
from deploy.local.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
VAR = REPOSITORY / "var"
START_SECONDS = 30.0
ROOM_TO_OPEN = 300e6  # bytes; a demo clinic takes half of it
PYTHON = sys.executable


def main(arguments: Sequence[str]) -> None:
    """Serve until a signal asks to stop; raises Problem when something cannot start."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, default=VAR, help="the folder that keeps everything the clinic knows")
    options = parser.parse_args(arguments)
    port, data = options.port, options.data.resolve()
    for ending in (signal.SIGTERM, signal.SIGINT):  # a shell may have told us to ignore Ctrl-C
        signal.signal(ending, _interrupt)
    started = time.monotonic()
    with contextlib.ExitStack() as opened:
        stack = _services(opened, data, port)
        _write_environment(data, stack.environment(web_port=port))
        environment = processes.surroundings({**stack.environment(web_port=port), "BIND": f"{LOOPBACK}:{port}"})
        with step("Database schema"):
            if not databases.is_migrated(stack.postgres, DATABASE):
                _flask(data, environment, "db", "upgrade")
        watch = opened.enter_context(Watch(data / "log", environment))
        # Both take a second to start, and nobody knows their address yet: the demo clinic is filled meanwhile.
        watch.start("web server", [PYTHON, "-m", "gunicorn", "wsgi:app"])
        watch.start("worker", [PYTHON, "-m", "flask", "--app", "wsgi", "worker"], restart=True)
        with step("Demo clinic"):
            accounts = _flask(data, environment, "demo", "load")
        with step("Web server and worker"):
            _wait_for_answer(f"http://{LOOPBACK}:{port}/livez", data, watch)
        _announce(port, accounts, time.monotonic() - started)
        if "flask demo bill" in accounts:
            _beside(opened, data, environment, "demo", "bill")
        watch.until_interrupted({"PostgreSQL": stack.postgres.process, "local AWS": stack.aws.process})
        say("\nStopping …")
    say("Stopped; everything is saved.")


def _services(opened: contextlib.ExitStack, data: Path, port: int) -> Stack:
    data.mkdir(parents=True, exist_ok=True)
    with step("PostgreSQL and local AWS"):
        check_room(data, ROOM_TO_OPEN)
        stack = opened.enter_context(Stack(data))  # refuses a second copy before it can complain about the port
        if processes.port_is_taken(port):
            raise Problem(
                f"Port {port} is taken by another program: choose a free one with `make run PORT={port + 1}`."
            )
    return stack


def _flask(data: Path, environment: Mapping[str, str], *command: str) -> str:
    """Run one of the application's commands to its end and return what it printed."""
    log = data / "log" / f"{command[0]}.log"
    log.unlink(missing_ok=True)
    child = processes.start(
        [PYTHON, "-m", "flask", "--app", "wsgi", *command], log=log, env=environment, cwd=REPOSITORY
    )
    try:
        status = child.wait()
    except BaseException:
        processes.stop(child)
        raise
    printed = log.read_text("utf-8", "replace")
    if status != 0 and is_full_disk(printed):
        raise Problem(DISK_FULL.format(room=1.0))
    if status != 0:
        raise Problem(f"`flask {' '.join(command)}` failed; {log} ends:\n{processes.last_lines(log, 8)}")
    return printed


def _beside(opened: contextlib.ExitStack, data: Path, environment: Mapping[str, str], *command: str) -> None:
    """Run one of the application's commands while people work; stopped in between, it goes on at the next start."""
    log = data / "log" / f"{'-'.join(command)}.log"
    child = processes.start(
        [PYTHON, "-m", "flask", "--app", "wsgi", *command], log=log, env=environment, cwd=REPOSITORY
    )
    opened.callback(processes.stop, child)


def _wait_for_answer(address: str, data: Path, watch: Watch) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        watch.raise_if_ended("web server")
        if processes.answers(address):
            return
        time.sleep(0.05)
    raise Problem(f"The web server does not answer; {data / 'log' / 'web-server.log'} says why.")


def _write_environment(data: Path, environment: Mapping[str, str]) -> None:
    """Leave the settings for `flask` commands in another terminal: set -a; . var/environment."""
    path = data / "environment"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}='{value}'\n" for name, value in environment.items()), "utf-8")


def _announce(port: int, accounts: str, seconds: float) -> None:
    say(f"\nAnteroom is open at http://{LOOPBACK}:{port}  (ready after {seconds:.1f} s; Ctrl-C stops it)\n")
    say(accounts[max(accounts.find("Demo accounts"), 0) :].strip() + "\n")


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    with told_in_one_sentence():
        main(sys.argv[1:])
