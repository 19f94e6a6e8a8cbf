"""Two instances and a worker behind a balancer: no restart, no kill and no sign-out is noticed by anybody it is not for.

`ROLLING_RESTARTS` is how many restarts there are: three, and twenty with `make test-long`.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import psutil
import pytest

from deploy.local import processes
from tests.deploy.crowd import CUT, DONE, check_nothing_is_lost_or_doubled, gathered
from tests.jobs.conftest import until
from tests.stack.balancer import balancing
from tests.stack.instances import Instance, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPMessage
    from pathlib import Path

    from tests.stack.database import Database
    from tests.stack.people import SignIn

pytestmark = pytest.mark.slow

RESTARTS = int(os.environ.get("ROLLING_RESTARTS", "3"))
BOOKINGS = 10
PATIENCE_SECONDS = 30.0
DUE = "select count(*) from jobs.procrastinate_jobs where status = 'todo' and scheduled_at is null"


@dataclass
class Clinic:
    """The address that people know, and who answers there."""

    port: int
    instances: tuple[Instance, Instance]
    logs: list[Path]


@pytest.fixture
def clinic(database: Database, tmp_path: Path) -> Iterator[Clinic]:
    port = processes.free_port()
    environment = {**database.environment, "PUBLIC_URL": f"http://{processes.LOOPBACK}:{port}"}
    logs = [tmp_path / name for name in ("one", "two", "worker")]
    one, two = (Instance(environment, log) for log in logs[:2])
    with ExitStack() as opened:
        for part in (one, two, Worker(environment, logs[2])):
            opened.enter_context(part)
        opened.enter_context(balancing([one.address, two.address], port, tmp_path / "balancer"))
        yield Clinic(port, (one, two), logs)


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def status_of(url: str, cookie: str = "", **headers: str) -> tuple[int, HTTPMessage]:
    try:
        with build_opener(Stay).open(Request(url, headers={"Cookie": cookie, **headers}), timeout=30) as answer:
            return answer.status, answer.headers
    except HTTPError as refused:
        return refused.code, refused.headers


def test_rolling_restarts_under_load_drop_nothing(clinic: Clinic, database: Database, sign_in: SignIn) -> None:
    with gathered(database, sign_in, clinic.port) as crowd:
        for turn in range(RESTARTS):
            leaving = clinic.instances[turn % 2]
            assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS)
            assert leaving.leave() == 0
            leaving.start()
        assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS)
    assert set(crowd.answers) == {200, DONE}, crowd.answers
    check_nothing_is_lost_or_doubled(database, crowd)
    with database.administer() as connection:
        until(lambda: connection.execute(DUE).fetchone() == (0,))


def test_an_instance_that_is_killed_loses_no_acknowledged_booking(
    clinic: Clinic, database: Database, sign_in: SignIn
) -> None:
    one, two = clinic.instances
    with gathered(database, sign_in, clinic.port) as crowd:
        for dying in (one, two):
            assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS)
            dying.kill()
            assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS), crowd.answers
            dying.start()
    # Whoever was at the instance that died was cut off, and pressed again.
    assert set(crowd.answers) <= {200, DONE, 502, CUT}, crowd.answers
    assert crowd.answers[502] + crowd.answers[CUT] <= 4 * len(crowd.people)
    check_nothing_is_lost_or_doubled(database, crowd)


def test_a_session_works_on_both_instances_and_ends_on_both(clinic: Clinic, sign_in: SignIn) -> None:
    person = sign_in("receptionist")
    cookie = f"anteroom={person.cookie}"
    pages = [each.url("/home") for each in clinic.instances]
    assert [status_of(page, cookie)[0] for page in pages] == [200, 200]
    assert person.post("/sign-out").status_code == 303
    ended = [status_of(page, cookie) for page in pages]
    assert [status for status, _ in ended] == [303, 303]
    assert all("/sign-in" in headers["Location"] for _, headers in ended)


def test_a_client_behind_the_balancer_cannot_choose_its_address_or_host(clinic: Clinic) -> None:
    behind = f"http://{processes.LOOPBACK}:{clinic.port}/sign-in"
    assert status_of(behind)[0] == 200
    assert status_of(behind, Host="evil.example")[0] == 400
    status, headers = status_of(f"{behind}?next=/board", **{"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1"})
    assert status == 200
    assert "evil" not in str(headers)


def test_numbers_of_two_processes_are_added_up_outlive_them_and_name_nobody(
    clinic: Clinic, database: Database, sign_in: SignIn
) -> None:
    with gathered(database, sign_in, clinic.port) as crowd:
        assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS)
    booked = 'anteroom_requests_total{method="POST",route="/book",status="3xx"}'
    before = [each.metrics() for each in clinic.instances]
    assert sum(each[booked] for each in before) == crowd.answers[DONE] == crowd.done
    for each in before:
        assert each["anteroom_database_connections_in_use"] == 0
        assert each['anteroom_dynamo_seconds_count{fate="answered",operation="BatchGetItem"}'] > 0
        assert each["anteroom_dynamo_breaker_open"] == 0
    everything = " ".join(name for each in before for name in each)
    ids = [*crowd.clinic.patients, *crowd.clinic.providers, *(one for many in crowd.booked.values() for one in many)]
    assert not any(str(one) in everything for one in (*ids, *(person.account_id for person in crowd.people)))
    one = clinic.instances[0]
    assert one.process is not None
    for worker in _workers_of(one):
        worker.kill()
    until(lambda: processes.answers(one.url("/readyz")))
    assert one.metrics()[booked] == before[0][booked]
    assert status_of(one.url("/metrics"))[0] == 404
    assert status_of(f"http://{processes.LOOPBACK}:{one.metrics_port}/sign-in")[0] == 404


def test_every_line_of_every_process_is_an_object_and_quotes_nobody(
    clinic: Clinic, database: Database, sign_in: SignIn
) -> None:
    for each in clinic.instances:
        _say(each.port, b"GET /search?q=Qzanary HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nQzanary Name: x\r\n\r\n")
        _say(each.port, b"GET /" + b"q" * 5000 + b"Qzanary HTTP/1.1\r\n\r\n", b"Qzanary\r\n\r\n")
    one = clinic.instances[0]
    for worker in _workers_of(one):
        worker.kill()
    until(lambda: processes.answers(one.url("/readyz")))
    for log in clinic.logs:
        lines = log.read_text("utf-8").splitlines()
        assert lines
        assert all(json.loads(line)["event"] for line in lines)
        assert "Qzanary" not in log.read_text("utf-8")
    said = [json.loads(line)["event"] for line in clinic.logs[0].read_text("utf-8").splitlines()]
    assert "Invalid request" in said
    assert any(line.startswith("Worker (pid:") and "SIGKILL" in line for line in said)


def _workers_of(instance: Instance) -> list[psutil.Process]:
    assert instance.process is not None
    return psutil.Process(instance.process.pid).children()


def _say(port: int, *requests: bytes) -> None:
    for each in requests:
        with socket.create_connection((processes.LOOPBACK, port), timeout=10) as connection:
            connection.sendall(each)
            assert connection.recv(65536).startswith(b"HTTP/1.1 4")
