"""Two instances and a worker behind a balancer: no restart, no kill and no sign-out is noticed by anybody else.

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
    from email.message import Message
    from pathlib import Path

    from flask import Flask

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


@pytest.fixture(scope="module")
def standing_clinic(
    standing_app: Flask, standing_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    port, folder = processes.free_port(), tmp_path_factory.mktemp("instances")
    environment = {**standing_database.environment, "PUBLIC_URL": f"http://{processes.LOOPBACK}:{port}"}
    one, two = (Instance(environment, folder / name) for name in ("one", "two"))
    with ExitStack() as opened:
        opened.enter_context(one)
        opened.enter_context(two)
        opened.enter_context(balancing([one.address, two.address], port, folder / "balancer"))
        yield Clinic(port, (one, two))


@pytest.fixture
def clinic(standing_clinic: Clinic, database: Database) -> Clinic:
    """Two instances and a balancer, on an empty database."""
    return standing_clinic


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Worker]:
    """The worker beside them; what it knows of itself lies in the database, too."""
    with Worker(database.environment, tmp_path / "worker") as worker:
        yield worker


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def status_of(url: str, cookie: str = "", **headers: str) -> tuple[int, Message[str, str]]:
    try:
        with build_opener(Stay).open(Request(url, headers={"Cookie": cookie, **headers}), timeout=30) as answer:
            return answer.status, answer.headers
    except HTTPError as refused:
        return refused.code, refused.headers


def test_rolling_restarts_under_load_drop_nothing(
    clinic: Clinic, worker: Worker, database: Database, sign_in: SignIn
) -> None:
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
    told = worker.metrics()
    assert told["anteroom_database_up"] == 1
    assert told['anteroom_job_seconds_count{job="activity.project_changes",outcome="done"}'] > 0


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
    booked = 'anteroom_requests_total{method="POST",route="/book",status="3xx"}'
    known = sum(each.metrics().get(booked, 0) for each in clinic.instances)
    with gathered(database, sign_in, clinic.port) as crowd:
        assert crowd.wait_for_more(BOOKINGS, PATIENCE_SECONDS)
    before = [each.metrics() for each in clinic.instances]
    assert sum(each[booked] for each in before) - known == crowd.answers[DONE] == crowd.done
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


def test_every_line_of_every_instance_is_an_object_and_quotes_nobody(clinic: Clinic) -> None:
    for each in clinic.instances:
        _say(each.port, b"GET /search?q=Qzanary HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nQzanary Name: x\r\n\r\n")
        _say(each.port, b"GET /" + b"q" * 5000 + b"Qzanary HTTP/1.1\r\n\r\n", b"Qzanary\r\n\r\n")
    one = clinic.instances[0]
    for worker in _workers_of(one):
        worker.kill()
    until(lambda: processes.answers(one.url("/readyz")))
    said = [line["event"] for each in clinic.instances for line in lines_of(each.log)]
    assert "Invalid request" in said
    assert any(line.startswith("Worker (pid:") and "SIGKILL" in line for line in said)
    assert not any("Qzanary" in each.log.read_text("utf-8") for each in clinic.instances)


def test_a_worker_that_breaks_down_says_so_in_one_line_and_quotes_no_row(worker: Worker, database: Database) -> None:
    with database.administer() as connection:
        until(lambda: connection.execute("select 1 from jobs.procrastinate_workers").rowcount == 1)  # it has begun
        # As after a long pause, when another worker has taken it for dead.
        connection.execute("delete from jobs.procrastinate_workers")
        connection.execute("insert into jobs.procrastinate_jobs (queue_name, task_name) values ('default', 'x')")
    assert worker.process is not None
    assert worker.process.wait(timeout=PATIENCE_SECONDS) == 1
    assert "broken" in [line["event"] for line in lines_of(worker.log)]
    assert "DETAIL" not in worker.log.read_text("utf-8")


def lines_of(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def _workers_of(instance: Instance) -> list[psutil.Process]:
    assert instance.process is not None
    return psutil.Process(instance.process.pid).children()


def _say(port: int, *requests: bytes) -> None:
    for each in requests:
        with socket.create_connection((processes.LOOPBACK, port), timeout=10) as connection:
            connection.sendall(each)
            assert connection.recv(65536).startswith(b"HTTP/1.1 4")
