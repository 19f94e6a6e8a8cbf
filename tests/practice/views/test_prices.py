"""Prices through the settings: what holds now, what held before, what is to come, and what is refused in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.test import TestResponse

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor

TODAY, LATER = "2026-11-23", "2027-01-01"


def prices(database: Database, of: str, thing: UUID) -> list[tuple[str, int]]:
    """Days and cents, the oldest first."""
    query = f"SELECT during::text, cents FROM {of}_price WHERE {of}_id = %s ORDER BY lower(during) NULLS FIRST"
    with database.administer() as owner:
        return [(str(days), int(cents)) for days, cents in owner.execute(query.encode(), (thing,))]


def price_today(database: Database, clinic: Clinic) -> int:
    with database.administer() as owner:
        row = owner.execute("SELECT price_cents FROM service WHERE id = %s", (clinic.service,)).fetchone()
    assert row is not None
    return int(row[0])


def send(manager: Visitor, page: str, form: dict[str, str], to: str | None = None) -> TestResponse:
    """Send the form of a page with the version that the page has."""
    found = re.search(r'name="version" value="([0-9]+)"', manager.get(page).text)
    assert found is not None
    return manager.post(to or page, {"version": found[1]} | form)


def test_a_price_to_come_leaves_the_one_of_today(manager: Visitor, database: Database, clinic: Clinic) -> None:
    address = f"/settings/services/{clinic.service}/prices"
    before = price_today(database, clinic)
    answer = send(manager, address, {"price": "$135.50", "since": LATER})
    assert (answer.status_code, answer.location) == (303, address)
    assert price_today(database, clinic) == before
    assert prices(database, "service", clinic.service) == [("(,2027-01-01)", before), ("[2027-01-01,)", 13_550)]
    page = manager.get(address).text
    assert "$135.50" in page
    assert "To come" in page
    assert "Jan 1, 2027" in page
    assert "From the beginning" in page


def test_a_price_of_today_is_the_one_that_is_booked(manager: Visitor, database: Database, clinic: Clinic) -> None:
    address = f"/settings/services/{clinic.service}/prices"
    before = price_today(database, clinic)
    send(manager, address, {"price": "99", "since": LATER})
    assert send(manager, address, {"price": "140", "since": TODAY}).status_code == 303
    assert price_today(database, clinic) == 14_000
    assert prices(database, "service", clinic.service) == [
        ("(,2026-11-23)", before),
        ("[2026-11-23,2027-01-01)", 14_000),
        ("[2027-01-01,)", 9_900),
    ]
    assert "Past" in manager.get(address).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"price": "120", "since": "2026-11-22"}, "A price begins today or later"),
        ({"price": "-1", "since": LATER}, "Enter an amount above zero"),
        ({"price": "1.005", "since": LATER}, "nothing smaller than a cent"),
        ({"price": "", "since": LATER}, "Enter an amount like 86.50"),
        ({"price": "€12", "since": LATER}, "paid in USD"),
        ({"price": "120", "since": "soon"}, "Enter the day it begins"),
        ({"price": "120", "since": LATER, "version": "77"}, "Somebody else changed this"),
    ],
)
def test_what_cannot_be_is_refused_in_place(
    manager: Visitor, database: Database, clinic: Clinic, form: dict[str, Any], sentence: str
) -> None:
    before = prices(database, "service", clinic.service)
    refused = send(manager, f"/settings/services/{clinic.service}/prices", form)
    assert refused.status_code in {409, 422}
    assert sentence in refused.text
    assert f'value="{form["price"]}"' in refused.text
    assert f'value="{form["since"]}"' in refused.text
    assert prices(database, "service", clinic.service) == before


def test_everything_wrong_is_said_at_once(manager: Visitor, clinic: Clinic) -> None:
    refused = manager.post(f"/settings/services/{clinic.service}/prices", {"price": "x", "since": "y"})
    assert "Enter an amount like 86.50." in refused.text
    assert "Enter the day it begins" in refused.text


def test_an_item_is_added_priced_and_changed(manager: Visitor, database: Database, clinic: Clinic) -> None:
    words = {"code": "90471", "label": "Vaccine administration", "category": "Vaccines"}
    made = manager.post("/settings/items/new", words)
    assert made.status_code == 303
    assert "no price yet" in manager.get(made.location).text
    assert "No price yet" in manager.get("/settings/items").text
    priced = send(manager, made.location, {"price": "32", "since": TODAY}, f"{made.location}/prices")
    assert priced.status_code == 303
    assert "$32.00" in manager.get("/settings/items").text
    changed = manager.post(made.location, words | {"label": "Giving a vaccine", "version": "2"})
    assert changed.status_code == 303
    assert "Giving a vaccine" in manager.get("/settings/items").text
    late = manager.post(made.location, words | {"version": "2"})
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert 'value="Vaccine administration"' in late.text


def test_two_items_of_one_code_are_refused(manager: Visitor, clinic: Clinic) -> None:
    words = {"code": "90471", "label": "Vaccine administration", "category": "Vaccines"}
    assert manager.post("/settings/items/new", words).status_code == 303
    refused = manager.post("/settings/items/new", words)
    assert refused.status_code == 422
    assert "Another item has this code" in refused.text
    assert 'value="90471"' in refused.text


def test_the_desk_looks_and_does_not_set(desk: Visitor, clinic: Clinic) -> None:
    address = f"/settings/services/{clinic.service}/prices"
    page = desk.get(address)
    assert page.status_code == 200
    assert "Set a price" not in page.text
    assert desk.post(address, {"price": "1", "since": TODAY}).status_code == 403
    assert desk.get(f"/settings/items/{new_id()}").status_code == 404


def test_a_service_leads_to_its_prices(manager: Visitor, database: Database, clinic: Clinic) -> None:
    assert (
        f'href="/settings/services/{clinic.service}/prices"' in manager.get(f"/settings/services/{clinic.service}").text
    )
    with database.administer() as owner:
        other = factories.service(owner, clinic.providers, [clinic.location], name="Skin check")
    assert "Prices of Skin check" in manager.get(f"/settings/services/{other}/prices").text
