"""The page of the simulated terminal."""

from __future__ import annotations

import pytest

from tests import factories
from tests.stack.database import Database
from tests.stack.people import SignIn
from webapp.ids import new_id


def readers(database: Database) -> list[tuple[str, str, bool]]:
    with database.administer() as connection:
        rows = connection.execute("select name, next_tap, keeps from simulated_reader order by name").fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def put_up(database: Database, name: str = "Desk 1") -> str:
    reader = new_id()
    with database.administer() as connection:
        place = factories.location(connection)
        factories.insert(connection, "simulated_reader", id=reader, location_id=place, name=name)
    return str(reader)


def test_a_reader_is_put_up(sign_in: SignIn, database: Database) -> None:
    with database.administer() as connection:
        place = factories.location(connection, name="Harbor Street")
    desk = sign_in("receptionist")
    assert "No reader yet" in desk.get("/terminal").text
    answer = desk.post("/terminal", {"name": " Desk 1 ", "location_id": str(place)})
    assert answer.status_code == 303
    assert readers(database) == [("Desk 1", "approve", False)]
    page = desk.get("/terminal").text
    assert "Harbor Street" in page
    assert "Ready" in page


def test_the_next_card_does_what_was_chosen(sign_in: SignIn, database: Database) -> None:
    reader, desk = put_up(database), sign_in("biller")
    assert desk.post(f"/terminal/{reader}", {"next_tap": "decline", "version": "1"}).status_code == 303
    assert readers(database) == [("Desk 1", "decline", False)]
    assert "Next card only" in desk.get("/terminal").text
    form = {"next_tap": "offline", "keeps": "1", "version": "2"}
    assert desk.post(f"/terminal/{reader}", form).status_code == 303
    assert readers(database) == [("Desk 1", "offline", True)]


def test_of_two_who_choose_one_is_told(sign_in: SignIn, database: Database) -> None:
    reader, desk = put_up(database), sign_in("manager")
    desk.post(f"/terminal/{reader}", {"next_tap": "decline", "version": "1"})
    late = desk.post(f"/terminal/{reader}", {"next_tap": "expired", "version": "1"})
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert readers(database) == [("Desk 1", "decline", False)]


def test_one_press_twice_counts_once(sign_in: SignIn, database: Database) -> None:
    reader, desk = put_up(database), sign_in("manager")
    form = {"next_tap": "decline", "version": "1"}
    key = str(new_id())
    assert [desk.post(f"/terminal/{reader}", form, key=key).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "location_id": "{place}"}, "Enter a name"),
        ({"name": "x" * 61, "location_id": "{place}"}, "at most 60"),
        ({"name": "Desk 1", "location_id": "{place}"}, "already"),
        ({"name": "Desk 2", "location_id": ""}, "Choose where"),
        ({"name": "Desk 2", "location_id": "nowhere"}, "Choose where"),
    ],
)
def test_what_cannot_be_put_up_is_said(sign_in: SignIn, database: Database, form: dict[str, str], words: str) -> None:
    put_up(database)
    with database.administer() as connection:
        row = connection.execute("select location_id from simulated_reader").fetchone()
    assert row is not None
    desk = sign_in("receptionist")
    answer = desk.post("/terminal", {**form, "location_id": form["location_id"].format(place=row[0])})
    assert answer.status_code in {409, 422}
    assert words.replace("already", "There is a reader of that name") in answer.text
    assert readers(database) == [("Desk 1", "approve", False)]


@pytest.mark.parametrize("tap", ["", "explode", "approve; drop"])
def test_a_choice_that_is_none_is_refused(sign_in: SignIn, database: Database, tap: str) -> None:
    reader, desk = put_up(database), sign_in("receptionist")
    answer = desk.post(f"/terminal/{reader}", {"next_tap": tap, "version": "1"})
    assert answer.status_code == 422
    assert "Choose what happens" in answer.text
    assert readers(database) == [("Desk 1", "approve", False)]


def test_a_reader_or_a_location_that_is_not_there_is_not_found(sign_in: SignIn, database: Database) -> None:
    desk = sign_in("receptionist")
    assert desk.post(f"/terminal/{new_id()}", {"next_tap": "approve", "version": "1"}).status_code == 404
    assert desk.post("/terminal", {"name": "Desk 1", "location_id": str(new_id())}).status_code == 404
