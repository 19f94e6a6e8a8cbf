"""A demo clinic of its own for as long as pictures are taken, where it is half past ten in the morning."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.local import databases, processes
from deploy.local.stack import DATABASE, Stack
from deploy.local.watch import Watch
from tests.browser.conftest import zone_at_half_past_ten
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
# The demo's own commands, in another time zone than its own.
LOAD = """
import sys
from webapp.interop.demo import clinic
clinic.TIME_ZONE = sys.argv[1]
from flask.cli import main
sys.argv[1:] = ["--app", "wsgi", "demo", sys.argv[2]]
main()
"""


@contextlib.contextmanager
def open_clinic(folder: Path) -> Iterator[str]:
    """Open a clinic in an empty folder, with server and worker; yields its address."""
    port = processes.free_port()
    with Stack(folder, durable=False) as stack:
        address = f"http://{processes.LOOPBACK}:{port}"
        settings = {**stack.environment(web_port=port), "BIND": f"{processes.LOOPBACK}:{port}"}
        environment = processes.surroundings(settings)
        if not databases.is_migrated(stack.postgres, DATABASE):
            _run(environment, "-m", "flask", "--app", "wsgi", "db", "upgrade")
        for command in ("load", "bill"):
            _run(environment, "-c", LOAD, zone_at_half_past_ten(datetime.now(UTC)), command)
        with Watch(folder / "log", environment) as watch:
            watch.start("web server", [sys.executable, "-m", "gunicorn", "wsgi:app"])
            watch.start("worker", [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], restart=True)
            deadline = time.monotonic() + PATIENCE
            while not processes.answers(f"{address}/livez"):
                watch.raise_if_ended("web server")
                if time.monotonic() > deadline:
                    raise TimeoutError("the clinic does not answer")
                time.sleep(0.1)
            yield address


def _run(environment: dict[str, str], *command: str) -> None:
    subprocess.run([sys.executable, *command], env=environment, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
