"""`make run`, opened for real: where it listens, what survives a kill, and what it says when it cannot open."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from deploy.local import processes
from tests.deploy.clinic import Clinic, open_clinic

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

LOOPBACK = {"127.0.0.1", "::1"}
WARM_SECONDS = 16.0  # the promise is 8 on an idle machine; other tests run beside this one


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with a space in its path, in a place that PostgreSQL's user can reach."""
    outer = Path(tempfile.mkdtemp(prefix="anteroom run "))
    outer.chmod(0o711)
    yield outer / "my clinic"
    shutil.rmtree(outer)


@pytest.fixture(scope="module")
def clinic(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic that was opened for the first time, killed in every process, and opened again."""
    folder = tmp_path_factory.mktemp("clinic")
    first = open_clinic(data, processes.free_port(), folder / "first")
    first.address()
    with psycopg.connect(_superuser(data, first), autocommit=True) as connection:
        connection.execute("CREATE TABLE acknowledged AS SELECT generate_series(1, 1000) AS id")
    first.kill()
    second = open_clinic(data, processes.free_port(), folder / "second")
    second.address()
    yield second
    if second.launcher.poll() is None:
        second.kill()


def _superuser(data: Path, clinic: Clinic) -> str:
    password = json.loads((data / "secrets.json").read_text("utf-8"))["postgres"]
    environment = (data / "environment").read_text("utf-8")
    found = re.search(r"127\.0\.0\.1:(\d+)/anteroom", environment)
    assert found, clinic.printed()
    return f"postgresql://postgres:{password}@127.0.0.1:{found[1]}/anteroom"


def test_old_visits_are_billed_beside_the_open_clinic_and_a_kill_only_delays_it(clinic: Clinic, data: Path) -> None:
    to_bill = (
        "SELECT count(*) FROM appointment WHERE status = 'finished' AND starts_at < current_date - 1 AND id NOT IN"
        " (SELECT appointment_id FROM invoice WHERE status = 'issued' AND appointment_id IS NOT NULL)"
    )
    deadline = time.monotonic() + 120
    with psycopg.connect(_superuser(data, clinic), autocommit=True) as connection:
        while connection.execute(to_bill).fetchone() != (0,) or "demo bill" in _commands(clinic):
            assert time.monotonic() < deadline, clinic.printed()
            time.sleep(0.2)


def _commands(clinic: Clinic) -> str:
    """What the processes of the clinic are called with, of those that are still there."""
    found = ""
    for process in clinic.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += " ".join(process.cmdline()) + "\n"
    return found


def test_every_socket_listens_on_the_loopback_address_only(clinic: Clinic) -> None:
    listening = [
        (process.name(), connection.laddr)
        for process in clinic.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    ]
    assert len(listening) >= 3, "PostgreSQL, the local AWS and the web server listen"
    assert {address.ip for _, address in listening} <= LOOPBACK, listening


def test_no_acknowledged_write_is_missing_after_a_kill(clinic: Clinic, data: Path) -> None:
    with psycopg.connect(_superuser(data, clinic)) as connection:
        assert connection.execute("SELECT count(*) FROM acknowledged").fetchone() == (1000,)


def test_the_demo_accounts_sign_in_after_a_kill(clinic: Clinic) -> None:
    for role in ("receptionist", "patient"):
        assert sign_in(clinic.address(), f"{role}@anteroom.example", "Anteroom-demo-1"), clinic.printed()
    assert not sign_in(clinic.address(), "receptionist@anteroom.example", "another-password")


def sign_in(address: str, email: str, password: str) -> bool:
    """Fill in the sign-in form as a browser without JavaScript does; True when it leads away from the form."""
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    page = browser.open(f"{address}/sign-in").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, page
    fields = {"csrf_token": token[1], "email": email, "password": password, "next": "/"}
    request = urllib.request.Request(f"{address}/sign-in", urllib.parse.urlencode(fields).encode())
    request.add_header("Origin", address)
    try:
        answer = browser.open(request)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    return "/sign-in" not in answer.url


def test_nobody_but_this_user_reads_the_secrets(clinic: Clinic, data: Path) -> None:
    for name in ("secrets.json", "environment"):
        assert (data / name).stat().st_mode & 0o077 == 0, name
    assert (data / "aws").stat().st_mode & 0o077 == 0


def test_a_second_copy_is_refused_in_one_sentence(clinic: Clinic, data: Path, tmp_path: Path) -> None:
    second = open_clinic(data, processes.free_port(), tmp_path / "output")
    assert second.launcher.wait(timeout=30) == 1
    assert "Another copy of Anteroom is running from this folder" in second.printed()
    assert "Traceback" not in second.printed()


def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other, tempfile.TemporaryDirectory(prefix="anteroom-") as folder:
        Path(folder).chmod(0o711)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = open_clinic(Path(folder), port, tmp_path / "output")
        assert refused.launcher.wait(timeout=30) == 1
    assert f"Port {port} is taken by another program: choose a free one with `make run PORT=" in refused.printed()
    assert "Traceback" not in refused.printed()


def test_a_worker_that_ends_is_started_again(clinic: Clinic) -> None:
    def worker() -> psutil.Process | None:
        for child in clinic.processes():
            # One may end between being listed and being asked: the launcher's short-lived commands do.
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE and child.cmdline()[-1:] == ["worker"]:
                    return child
        return None

    first = worker()
    assert first is not None
    first.kill()
    deadline = time.monotonic() + 20
    while (again := worker()) is None or again.pid == first.pid:
        assert time.monotonic() < deadline, clinic.printed()
        time.sleep(0.1)


def test_ctrl_c_stops_in_order_and_the_next_start_is_warm(clinic: Clinic, data: Path, tmp_path: Path) -> None:
    everyone = clinic.processes()
    assert clinic.stop() == 0
    assert "Stopped; everything is saved." in clinic.printed()
    assert not [process for process in everyone if process.is_running()]

    started = time.monotonic()
    warm = open_clinic(data, processes.free_port(), tmp_path / "warm")
    try:
        warm.address()
        seconds = time.monotonic() - started
    finally:
        warm.stop()
    assert seconds <= WARM_SECONDS, warm.printed()
