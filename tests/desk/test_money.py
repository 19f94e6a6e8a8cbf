"""The manager's figures of money: pictures and tables say the same, files too, safely, and nobody is named."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, Clinic
from tests.full_record import an_account_settled
from webapp.activity.queries import of_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import Visitor

TODAY = {"first": "2026-11-23", "last": "2026-11-23"}
PERIOD = "?first=2026-11-23&last=2026-11-23"


@pytest.fixture
def manager(sign_in: Callable[..., Visitor]) -> Visitor:
    return sign_in("manager", at=NOW)


@pytest.fixture
def settled(database: Database, clinic: Clinic) -> Clinic:
    """An invoice of $120.00, paid by card, of which $5.00 went back; its service has a dangerous name."""
    with database.administer() as owner:
        visit = factories.appointment(owner, clinic, NOW, status="finished")
        owner.execute("UPDATE service SET name = '=HYPERLINK(\"x\")'")
        with owner.transaction():
            an_account_settled(owner, clinic, clinic.patients[0], visit)
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE invoice_line SET service_id = %s", (clinic.service,))
    return clinic


def test_pictures_and_tables_say_what_came_of_it(manager: Visitor, settled: Clinic) -> None:
    page = manager.get(f"/figures/money{PERIOD}")
    assert page.status_code == 200
    for title in ("Owed for how long", "Charged by provider", "Charged by service", "Received by method"):
        assert f"<h2>{title}</h2>" in page.text
    assert "0 to 30 days" in page.text
    assert "$120.00" in page.text
    assert "$115.00" in page.text
    assert page.text.count('class="chart"') == 4
    assert "Rosa" not in page.text


def test_a_file_has_the_numbers_and_no_formula(app: Flask, manager: Visitor, settled: Clinic) -> None:
    answer = manager.post("/figures/money/export", {"table": "revenue_by_service", **TODAY})
    assert answer.mimetype == "text/csv"
    assert "revenue-by-service-2026-11-23-2026-11-23.csv" in answer.headers["Content-Disposition"]
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["Service or item", "Lines", "Charged"],
        ['\'=HYPERLINK("x")', "1", "120.0"],
    ]
    methods = manager.post("/figures/money/export", {"table": "revenue_by_method", **TODAY})
    assert list(csv.reader(io.StringIO(methods.text)))[1] == ["Card reader", "1", "120.0", "-5.0", "115.0"]
    assert manager.account_id is not None
    with app.app_context():
        details = {item.detail for item in of_actor(manager.account_id) if item.action == "exported"}
    assert details == {"figures.revenue_by_service", "figures.revenue_by_method"}


@pytest.mark.parametrize("period", ["first=2026-11-24&last=2026-11-23", "first=x&last=y"])
def test_a_period_that_is_none_is_said_in_place(manager: Visitor, clinic: Clinic, period: str) -> None:
    refused = manager.get(f"/figures/money?{period}")
    assert refused.status_code == 422
    assert "There is a problem" in refused.text


@pytest.mark.parametrize("table", ["", "patients", "aging; drop"])
def test_a_file_of_nothing_we_have_is_refused(manager: Visitor, clinic: Clinic, table: str) -> None:
    assert manager.post("/figures/money/export", {"table": table, **TODAY}).status_code == 422


def test_a_quiet_period_says_so(manager: Visitor, clinic: Clinic) -> None:
    page = manager.get("/figures/money")
    assert page.status_code == 200
    assert page.text.count("Nothing to count in this period.") == 4


def test_only_managers_see_them(desk: Visitor, clinic: Clinic) -> None:
    assert desk.get("/figures/money").status_code == 403
    assert desk.post("/figures/money/export", {"table": "aging", **TODAY}).status_code == 403
