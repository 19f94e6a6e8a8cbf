"""Health for machines, failed jobs for managers, and what people see when a service is away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.stack.people import Visitor
from tests.stack.proxy import Proxy, Reset
from webapp import create_app
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.settings import Settings

ANYTHING = b""


@pytest.fixture
def without_postgresql(settings: Settings, database: Database) -> Iterator[Flask]:
    wire = Proxy(database.stack.postgres.port)
    wire.mode = Reset()
    app = create_app(
        replace(
            settings, database_url=settings.database_url.replace(f":{database.stack.postgres.port}/", f":{wire.port}/")
        )
    )
    yield app
    wire.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def without_dynamodb(settings: Settings) -> Iterator[Flask]:
    wire = Proxy.before(settings.aws_endpoint_url)
    wire.mode = Reset()
    app = create_app(replace(settings, aws_endpoint_url=wire.address))
    yield app
    wire.close()
    with app.app_context():
        db.engine.dispose()


def elsewhere(visitor: Visitor, app: Flask) -> Visitor:
    client = app.test_client()
    client.set_cookie("anteroom", visitor.cookie)
    return Visitor(app, client, visitor.account_id, visitor.secret)


def test_all_is_well(visitor: Visitor) -> None:
    assert visitor.get("/livez").text == "ok\n"
    assert visitor.get("/readyz").text == "ok\n"


def test_without_postgresql_it_lives_but_is_not_ready(without_postgresql: Flask) -> None:
    client = without_postgresql.test_client()
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "postgresql\n")


def test_without_dynamodb_it_stays_behind_the_balancer_to_say_so_on_its_own_pages(without_dynamodb: Flask) -> None:
    client = without_dynamodb.test_client()
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_without_postgresql_a_page_says_so_and_the_sign_in_page_is_up(
    without_postgresql: Flask, sign_in: SignIn
) -> None:
    desk = elsewhere(sign_in("receptionist"), without_postgresql)
    page = desk.get("/board")
    assert page.status_code == 503
    assert "Try again" in page.text
    change = desk.post("/patients/new", {"given": "Robin"})
    assert change.status_code == 503
    assert "nothing was saved" in change.text.lower()
    assert without_postgresql.test_client().get("/sign-in").status_code == 200


def test_without_dynamodb_nobody_is_let_in_and_the_sign_in_page_is_up(without_dynamodb: Flask, sign_in: SignIn) -> None:
    desk = elsewhere(sign_in("receptionist"), without_dynamodb)
    for answer in (desk.get("/board"), desk.get("/board", fragment=True), desk.post("/patients/new")):
        assert answer.status_code == 503
        assert "Robin" not in answer.text
    assert without_dynamodb.test_client().get("/sign-in").status_code == 200
    assert desk.get("/no-such-page").status_code in {404, 503}


def test_failed_jobs_say_task_and_attempts_and_an_auditor_cannot_retry(sign_in: SignIn, database: Database) -> None:
    with database.administer() as connection:
        connection.execute(
            "insert into jobs.procrastinate_jobs (queue_name, task_name, status, attempts, args)"
            " values ('q', 'booking.remind', 'failed', 8, '{\"appointment\": \"018f-arg\"}')"
        )
    page = sign_in("auditor").get("/jobs").text
    assert "booking.remind" in page
    assert "018f-arg" not in page
    assert "/retry" not in page
    assert "/retry" in sign_in("manager").get("/jobs").text


def test_no_failed_jobs_is_good_news(sign_in: SignIn) -> None:
    assert "No failed jobs" in sign_in("manager").get("/jobs").text


def test_a_number_that_no_job_can_have_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("manager").post(f"/jobs/{2**70}/retry").status_code == 404


def test_the_style_guide_is_not_in_production(settings: Settings, sign_in: SignIn) -> None:
    manager = sign_in("manager")
    assert manager.get("/styleguide").status_code == 200
    production = create_app(replace(settings, environment="production"))
    assert elsewhere(manager, production).get("/styleguide").status_code == 404
