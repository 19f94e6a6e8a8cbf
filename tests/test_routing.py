"""No view without a door, no door open by accident, and days in addresses."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from flask import Blueprint, Flask

from webapp import create_app, routing
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.routing import Door, check_doors, door_of, public, requires

if TYPE_CHECKING:
    from webapp.settings import Settings


@pytest.fixture
def bare() -> Flask:
    return Flask("bare", static_folder=None)


def test_a_view_without_a_door_keeps_the_application_from_starting(bare: Flask) -> None:
    bare.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(RuntimeError, match="open has no door"):
        check_doors(bare)


def test_a_public_view_that_is_not_on_the_closed_list_keeps_it_from_starting(bare: Flask) -> None:
    bare.add_url_rule("/open", "open", public(lambda: ""))
    with pytest.raises(RuntimeError, match="not on the closed list"):
        check_doors(bare)


def test_a_view_with_a_permission_starts(bare: Flask) -> None:
    bare.add_url_rule("/board", "board", requires(Permission.BOARD_VIEW, role=Role.DESK)(lambda: ""))
    check_doors(bare)
    assert door_of(bare, "board") == Door(Permission.BOARD_VIEW, Role.DESK)


def test_the_application_serves_no_files_of_its_own(settings: Settings) -> None:
    app = create_app(settings)
    assert "static" not in app.view_functions
    assert all(door_of(app, endpoint) for endpoint in app.view_functions)


@pytest.mark.parametrize(
    ("door", "opens"),
    [
        (Door(Permission.BOARD_VIEW, Role.DESK), True),
        (Door(Permission.BOARD_VIEW, Role.DESK, gateway=True), False),
        (Door(Permission.HOME_VIEW), False),
        (Door(None), False),
    ],
)
def test_a_door_says_whether_it_opens_a_transaction(door: Door, opens: bool) -> None:  # noqa: FBT001 - an example
    assert door.opens_transaction is opens


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2026-11-22", date(2026, 11, 22)),
        ("/2024-02-29", date(2024, 2, 29)),
        ("/9999-12-31", date(9999, 12, 31)),
        ("/2026-02-29", None),
        ("/0000-01-01", None),
        ("/2026-1-2", None),
        ("/٢٠٢٦-11-22", None),
        ("/2026-11-22x", None),
    ],
)
def test_a_day_in_an_address_is_a_date_or_no_page(bare: Flask, path: str, day: date | None) -> None:
    routing.init_app(bare)
    days = Blueprint("days", __name__)
    seen: list[date] = []

    @days.get("/<day:day>")
    def show(day: date) -> str:
        seen.append(day)
        return ""

    bare.register_blueprint(days)
    status = bare.test_client().get(path).status_code
    assert (status, seen) == ((200, [day]) if day else (404, []))
