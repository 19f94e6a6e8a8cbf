"""The manager's figures: pictures and tables say the same, files too, and nobody is named in them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from webapp.activity import queries as log_of
from webapp.desk.views import charts

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from flask import Flask

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor

LAST_MONDAY = NOW.date() - timedelta(days=7)
WEEK = {"first": str(LAST_MONDAY), "last": str(LAST_MONDAY + timedelta(days=6))}


@pytest.fixture
def manager(sign_in: Callable[..., Visitor]) -> Visitor:
    return sign_in("manager", at=NOW)


@pytest.fixture
def last_week(database: Database, clinic: Clinic) -> UUID:
    """Monday of last week: two visits that took place, one nobody came to, one canceled late with words of its own."""
    with database.administer() as connection:
        patient = factories.patient(connection, family="Secretname")

        def visit(hour: int, **columns: Any) -> None:
            starts = clock_time(hour, day=LAST_MONDAY)
            booked = {"booked_at": starts - timedelta(days=5), "ends_at": starts + timedelta(hours=1)}
            factories.appointment(connection, clinic, starts, patient_id=patient, **{**booked, **columns})

        for hour, wait in ((9, 4), (10, 40)):
            arrived = clock_time(hour, day=LAST_MONDAY) - timedelta(minutes=10)
            visit(hour, status="finished", arrived_at=arrived, started_at=arrived + timedelta(minutes=wait))
        visit(11, status="noshow")
        gone = clock_time(11, day=LAST_MONDAY)
        visit(12, status="cancelled", cancel_reason="Secretname moved to Maine", cancelled_at=gone)
    return patient


def figures(manager: Visitor, **query: str) -> str:
    answer = manager.get("/figures", query_string=query)
    assert answer.status_code == 200
    return answer.text


def export(manager: Visitor, table: str, **form: str) -> list[list[str]]:
    answer = manager.post("/figures/export", {"table": table, **WEEK, **form})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


def test_the_page_says_how_a_week_went_and_names_nobody(manager: Visitor, last_week: UUID) -> None:
    page = figures(manager, **WEEK)
    for fact in (
        "25%",
        "22 min",
        "33.3%",
        "5 days",
        "Another reason",
        "3 to 7 days",
        "November 16 to November 22, 2026",
    ):
        assert fact in page
    for secret in ("Secretname", "Maine", str(last_week)):
        assert secret not in page


def test_every_number_of_the_heat_map_stands_in_its_table(manager: Visitor, last_week: UUID) -> None:
    page = figures(manager, **WEEK)
    panel = page[page.index('id="chart-utilization-title"') :]
    drawn = re.findall(r'class="heat-text on-\w+"[^>]*>([^<]+)<', panel)
    table = panel[panel.index("<table") : panel.index("</table>")]
    told = [
        cell
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
        for cell in re.findall(r"<td[^>]*>([^<]+)<", row)[:7]
    ]
    assert [cell.replace("Not in", "–") for cell in drawn] == told
    assert "25%" in drawn


def test_charts_are_named_described_and_free_of_styles(manager: Visitor, last_week: UUID) -> None:
    page = figures(manager, **WEEK)
    pictures = re.findall(r"<svg class=\"chart.*?</table>", page, re.DOTALL)
    assert len(pictures) == 5
    for picture in pictures:
        labels = re.search(r'role="img"[^>]*aria-labelledby="([\w-]+) ([\w-]+)"', picture)
        assert labels is not None
        assert f'<title id="{labels[1]}">' in picture
        assert f'<desc id="{labels[2]}">' in picture
        assert "style=" not in picture


def test_a_file_has_the_numbers_of_its_table(manager: Visitor, last_week: UUID, clinic: Clinic) -> None:
    header, first, *_others = export(manager, "utilization")
    assert header == [
        "Provider",
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
        "Open hours",
        "Booked hours",
        "Booked",
    ]
    assert first[1:] == ["25.0", "0.0", "0.0", "0.0", "0.0", "0.0", "0.0", "56.0", "2.0", "3.6"]
    assert export(manager, "waiting")[1] == [str(LAST_MONDAY), "2", "22.0", "36.4", "1"]
    assert export(manager, "no_shows")[1][1:] == ["3", "1", "33.3"]
    assert export(manager, "lead_time")[3] == ["3 to 7 days", "3", "100.0", "1", "33.3"]
    assert export(manager, "cancellations")[1] == ["Another reason", "1", "1", "100.0"]
    assert export(manager, "locations")[1][1:] == ["112.0", "2.0", "1.8"]


@pytest.mark.parametrize("evil", ["=cmd()", "+1", "-1", "@x", "\t=1", "|x", "  =2"])
def test_no_name_in_a_file_is_a_formula(manager: Visitor, last_week: UUID, database: Database, evil: str) -> None:
    with database.administer() as connection:
        connection.execute("update service set name = %s", (evil,))
        connection.execute("update location set name = %s", (evil,))
    assert export(manager, "no_shows")[1][0] == f"'{evil}"
    assert export(manager, "locations")[1][0] == f"'{evil}"


def test_a_file_is_recorded_without_anybody_and_the_page_is_not(app: Flask, manager: Visitor, last_week: UUID) -> None:
    figures(manager, **WEEK)
    export(manager, "no_shows")
    assert manager.account_id is not None
    with app.app_context():
        (record,) = log_of.of_actor(manager.account_id)
        assert log_of.of_patient(last_week) == []
    assert (record.action, record.detail, record.listed) == ("exported", "figures.no_shows", frozenset())


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("x", "2026-01-01", "Enter a day"),
        ("2026-01-01", "", "Enter a day"),
        ("0001-01-01", "2026-01-01", "Enter a day"),
        ("2026-02-01", "2026-01-01", "on or after the first one"),
        ("2020-01-01", "2026-01-01", "two years at most"),
    ],
)
def test_a_period_that_is_none_is_explained(
    manager: Visitor, clinic: Clinic, first: str, last: str, sentence: str
) -> None:
    answer = manager.get("/figures", query_string={"first": first, "last": last})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert manager.post("/figures/export", {"table": "waiting", "first": first, "last": last}).status_code == 422
    assert manager.post("/figures/export", {"table": "x", **WEEK}).status_code == 422


def test_the_usual_period_is_four_whole_weeks(manager: Visitor, clinic: Clinic) -> None:
    assert "October 26 to November 22, 2026" in figures(manager)
    assert "November 16 to November 22, 2026" in figures(manager, period="week")
    assert "November 24, 2025 to November 22, 2026" in figures(manager, period="year")


def test_a_clinic_without_anything_has_a_page(manager: Visitor) -> None:
    assert "Nothing to count" in figures(manager)


def test_one_location_is_counted_alone(manager: Visitor, last_week: UUID, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        other = factories.branch(connection, clinic, name="Mill Road")
    assert "bar-stripes" in figures(manager, **WEEK)
    alone = figures(manager, **WEEK, location=str(other.location))
    assert "33.3%" not in alone
    assert "Location by location" not in alone


def test_leave_makes_a_day_fuller(manager: Visitor, last_week: UUID, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        starts, ends = (clock_time(hour, day=LAST_MONDAY) for hour in (11, 17))
        factories.leave(connection, clinic.providers[0], starts, ends)
    assert export(manager, "utilization")[1][1] == "100.0"


@pytest.mark.parametrize(
    ("used", "opened", "shade"),
    [
        (0, 0, "0"),
        (0, 60, "1"),
        (15, 60, "1"),
        (16, 60, "2"),
        (51, 60, "4"),
        (60, 60, "5"),
        (61, 60, "over"),
        (5, 0, "over"),
    ],
)
def test_shades(used: int, opened: int, shade: str) -> None:
    assert charts.level(used, opened) == shade
