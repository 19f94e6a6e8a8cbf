"""Whether a balancer should send people here: PostgreSQL within a second, the same time, and no wish to leave."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.stack.proxy import BlackHole, Proxy
from webapp import clock, draining
from webapp.dynamo import Budget
from webapp.dynamo.budget import ENVIRON_KEY
from webapp.ops.readiness import MOST_SKEW, PATIENCE_SECONDS

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.people import SignIn, Visitor

LOOKS = 4
BACK_SECONDS = 10.0


def test_a_look_at_life_touches_no_service(app: Flask, sign_in: SignIn) -> None:
    person, budget, connections = sign_in("receptionist"), Budget(), []

    def count(*_: object) -> None:
        connections.append(1)

    event.listen(Pool, "checkout", count)
    try:
        answer = person.get("/livez", environ_overrides={ENVIRON_KEY: budget})
    finally:
        event.remove(Pool, "checkout", count)
    assert answer.status_code == 200
    assert budget.calls == []
    assert connections == []


def test_a_black_hole_costs_a_look_one_second_and_is_noticed_when_it_ends(wired: Flask, wire: Proxy) -> None:
    client = wired.test_client()
    assert client.get("/readyz").status_code == 200
    with wire.being(BlackHole()):
        for _ in range(LOOKS):
            started = perf_counter()
            answer = client.get("/readyz")
            assert (answer.status_code, answer.text) == (503, "postgresql\n")
            assert perf_counter() - started < PATIENCE_SECONDS + 0.3
    started = perf_counter()
    while client.get("/readyz").status_code != 200:
        assert perf_counter() - started < BACK_SECONDS


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_that_is_not_the_databases_is_no_clock_to_work_by(visitor: Visitor, sign: int) -> None:
    real = clock.now
    for ahead, expected in ((MOST_SKEW / 2, (200, "ok\n")), (MOST_SKEW + timedelta(seconds=1), (503, "clock\n"))):
        began, source = real(), perf_counter()
        with clock.running(lambda: began + sign * ahead + timedelta(seconds=perf_counter() - source)):  # noqa: B023
            answer = visitor.get("/readyz")
        assert (answer.status_code, answer.text) == expected


def test_who_leaves_says_so_and_answers_everything_else(visitor: Visitor) -> None:
    draining.begin()
    try:
        assert (visitor.get("/readyz").status_code, visitor.get("/readyz").text) == (503, "draining\n")
        assert visitor.get("/livez").status_code == 200
        assert visitor.get("/sign-in").status_code == 200
    finally:
        draining.end()
    assert visitor.get("/readyz").status_code == 200
