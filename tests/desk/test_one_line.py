"""A line in the search books: what is settled is in the card's form, what is not is asked in place."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.factories import Clinic, clock_time

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

TUESDAY_AT_THREE = "2026-11-24T20:00Z"


@pytest.fixture
def town(database: Database) -> Clinic:
    """Dr. Osei and Dr. Nair, follow-ups and skin checks, John Smith, and Rosa Jimenez twice."""
    with database.administer() as connection:
        site = factories.location(connection)
        rooms = tuple(factories.room(connection, site) for _ in range(3))
        who = tuple(
            factories.provider(connection, family=family, given=given)
            for family, given in (("Osei", "Amara"), ("Nair", "Priya"))
        )
        for provider in who:
            for weekday in range(1, 8):
                factories.hours(connection, provider, site, weekday=weekday)
        service = factories.service(connection, who, [site], name="Follow-up", position=1)
        factories.service(connection, who[:1], [site], name="Skin check", position=2)
        people = (
            named(connection, "John", "Smith"),
            named(connection, "Rosa", "Jimenez"),
            named(connection, "Rosa", "Jimenez"),
        )
    return Clinic(site, rooms, who, service, people)


def named(connection: object, given: str, family: str) -> UUID:
    keys = {"given_key": given.lower(), "family_key": family.lower(), "name_key": f"{given} {family}".lower()}
    return factories.patient(connection, given=given, family=family, **keys)  # type: ignore[arg-type]


def look(desk: Visitor, line: str, **picked: object) -> str:
    return desk.post("/search", {"q": line, **picked}, fragment=True, headers={"HX-Target": "div#omnibox-results"}).text


def hidden(page: str) -> dict[str, str]:
    card = page[page.index("line-card") : page.index("</form>")]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', card))
    return {name: value for name, value in found.items() if name not in {"csrf_token", "_key"}}


def asked(page: str) -> set[str]:
    return set(re.findall(r'type="radio" name="(\w+)"', page))


def test_a_whole_line_is_a_form_that_books_it(desk: Visitor, town: Clinic, database: Database) -> None:
    page = look(desk, "smi, jo tue 3pm osei follow-up")
    assert "Book John Smith" in page
    assert "Tomorrow, Tue, Nov 24 · 3:00 PM · Dr. Amara Osei · Follow-up, 20 min, $120.00" in page
    assert asked(page) == set()
    form = hidden(page)
    assert form == {
        "patient": str(town.patients[0]),
        "service": str(town.service),
        "provider": str(town.providers[0]),
        "location": str(town.location),
        "starts_at": TUESDAY_AT_THREE,
    }
    assert desk.post("/book", form).status_code == 303
    with database.administer() as connection:
        row = connection.execute("select patient_id, provider_id, starts_at from appointment").fetchone()
    assert row == (town.patients[0], town.providers[0], clock_time(15) + timedelta(days=1))


def test_the_card_comes_first_and_its_button_is_the_first_option(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smi, jo tue 3pm osei follow-up")
    assert page.index("data-option") < page.index(f'href="/patients/{town.patients[0]}"')


def test_what_a_line_says_in_passing_books_nothing_before_people(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smith foll")
    assert page.index(f'href="/patients/{town.patients[0]}"') < page.index("line-card")
    assert "line-card" not in look(desk, "smith")
    assert "line-card" not in look(desk, "osei")


def test_two_people_of_one_name_are_asked_for_and_neither_is_chosen(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "rosa jim tue 3pm osei follow-up")
    assert asked(page) == {"patient"}
    assert "checked" not in page
    assert 'name="patient" value="' + str(town.patients[1]) + '" required' in page
    picked = look(desk, "rosa jim tue 3pm osei follow-up", patient=town.patients[2])
    assert f'name="patient" value="{town.patients[2]}" required checked' in picked
    assert "Book Rosa Jimenez" in picked


def test_a_missing_time_is_asked_for_with_the_first_free_ones(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smi, jo wed osei follow-up")
    assert asked(page) == {"starts_at"}
    assert 'value="2026-11-25T14:00Z"' in page
    assert "Wed, Nov 25" in page
    any_day = look(desk, "smi, jo osei follow-up")
    assert asked(any_day) == {"starts_at"}
    assert "Today, Mon, Nov 23, 9:00 AM" in any_day


def test_a_missing_day_is_asked_for_with_days_that_have_the_time(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smi, jo 3pm osei follow-up")
    assert asked(page) == {"starts_at"}
    assert "Today, Mon, Nov 23, 3:00 PM" in page
    assert "Tomorrow, Tue, Nov 24, 3:00 PM" in page


def test_a_missing_type_of_visit_is_the_last_one_and_can_be_changed(
    desk: Visitor, town: Clinic, database: Database
) -> None:
    fresh = look(desk, "smi, jo tue 3pm osei")
    assert asked(fresh) == {"service"}
    assert "checked" not in fresh
    with database.administer() as connection:
        factories.appointment(connection, town, clock_time(10) - timedelta(days=30), status="finished")
    page = look(desk, "smi, jo tue 3pm osei")
    assert f'name="service" value="{town.service}" required checked' in page
    assert hidden(page)["starts_at"] == TUESDAY_AT_THREE


def test_a_time_that_is_taken_answers_with_the_nearest_ones(desk: Visitor, town: Clinic, database: Database) -> None:
    with database.administer() as connection:
        tomorrow = clock_time(15) + timedelta(days=1)
        factories.appointment(connection, town, tomorrow, patient_id=town.patients[1])
    page = look(desk, "smi, jo tue 3pm osei follow-up")
    assert "Tomorrow, Tue, Nov 24, 3:00 PM is not free for this visit." in page
    assert asked(page) == {"starts_at"}
    assert TUESDAY_AT_THREE not in page
    assert "starts_at" in asked(look(desk, "smi, jo tue 3pm osei follow-up", starts_at="2026-11-24T20:20Z"))


def test_without_a_provider_it_is_whoever_is_free(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smi, jo tue 3pm follow-up")
    assert "whoever is free" in page
    assert "provider" not in hidden(page)
    assert asked(page) == set()


def test_a_provider_who_does_not_do_it_is_said_and_those_who_do_are_offered(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "smi, jo tue 3pm nair skin")
    assert "Dr. Priya Nair does not offer this type of visit." in page
    assert hidden(page)["provider"] == str(town.providers[0])


def test_nobody_of_that_name_books_nothing(desk: Visitor, town: Clinic) -> None:
    page = look(desk, "zzyzx tue 3pm osei follow-up")
    assert "Nobody who can be booked is called “zzyzx”." in page
    assert "data-option>" not in page.split("Actions", maxsplit=1)[0]


def test_the_dead_are_not_booked(desk: Visitor, town: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update patient set deceased_at = %s where family = 'Smith'", (factories.NOW,))
    assert "Nobody who can be booked" in look(desk, "smi, jo tue 3pm osei follow-up")


def test_a_race_that_is_lost_answers_with_the_dialog_and_other_times(
    desk: Visitor, town: Clinic, database: Database
) -> None:
    form = hidden(look(desk, "smi, jo tue 3pm osei follow-up"))
    with database.administer() as connection:
        factories.appointment(connection, town, clock_time(15) + timedelta(days=1), patient_id=town.patients[1])
    answer = desk.post("/book", form, fragment=True, headers={"HX-Target": "dialog#dialog"})
    assert answer.status_code == 409
    assert "book-sheet" in answer.text
    assert "Nearest free times" in answer.text
    assert "John Smith" in answer.text


def test_who_may_not_book_sees_no_card(sign_in: SignIn, town: Clinic) -> None:
    biller = sign_in("biller", at=factories.NOW)
    assert "line-card" not in look(biller, "smi, jo tue 3pm osei follow-up")


def test_the_search_for_one_person_only_books_nothing(desk: Visitor, town: Clinic) -> None:
    assert "line-card" not in look(desk, "smi, jo tue 3pm osei follow-up", **{"for": "book"})


def test_a_day_and_time_alone_finds_who_has_it(desk: Visitor, town: Clinic, database: Database) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, town, clock_time(10, 20))
    page = look(desk, "today 10:20")
    assert f'href="/appointments/{visit}"' in page
    assert "John Smith" in page
    assert f'href="/appointments/{visit}"' not in look(desk, "today 10:40")
    assert f'href="/appointments/{visit}"' in look(desk, "today")


def test_the_next_visits_of_a_person_stand_below_them(desk: Visitor, town: Clinic, database: Database) -> None:
    with database.administer() as connection:
        first = factories.appointment(connection, town, clock_time(10, 20))
        second = factories.appointment(connection, town, clock_time(11) + timedelta(days=7))
        third = factories.appointment(connection, town, clock_time(11) + timedelta(days=14))
    page = look(desk, "smi, jo")
    assert page.index("/patients/") < page.index(f"/appointments/{first}") < page.index(f"/appointments/{second}")
    assert "today 10:20 AM" in page
    assert "Mon, Nov 30, 11:00 AM" in page
    assert str(third) not in page


def test_without_javascript_the_whole_page_has_the_card(desk: Visitor, town: Clinic) -> None:
    page = desk.post("/search", {"q": "smi, jo tue 3pm osei follow-up"}).text
    assert "<html" in page
    assert "Book John Smith" in page


def test_before_the_type_of_visit_is_chosen_the_card_asks_for_it_and_keeps_what_is_said(
    desk: Visitor, town: Clinic
) -> None:
    page = look(desk, "smi, jo tue 3pm")
    assert asked(page) == {"service"}
    assert "Tomorrow, Tue, Nov 24 · 3:00 PM" in page
    assert page.index("data-option") < page.index(f'href="/patients/{town.patients[0]}"')
    picked = look(desk, "smi, jo tue 3pm", service=town.service)
    assert hidden(picked)["starts_at"] == TUESDAY_AT_THREE


CROWD = """
insert into occupancy (resource_id, during, owner_id, owner_kind)
select p.id, tstzrange(t, t + interval '20 minutes'), gen_random_uuid(), 'blocked_time'
from provider p, generate_series(0, 14) d, generate_series(0, 23) n,
    lateral (select timestamptz '2026-11-23T14:00Z' + d * interval '1 day' + n * interval '20 minutes' as t) as x
where mod(hashtext(p.id::text || d || '.' || n), 10) <> 0
"""
AT_THREE = """
insert into occupancy (resource_id, during, owner_id, owner_kind)
select id, tstzrange('2026-11-24T19:30Z', '2026-11-24T20:30Z'), gen_random_uuid(), 'blocked_time' from room
"""


def test_two_hundred_providers_of_one_name_are_answered_at_once(desk: Visitor, database: Database) -> None:
    with database.administer() as connection:
        site = factories.location(connection)
        for _ in range(60):
            factories.room(connection, site)
        who = [factories.provider(connection, family="Osei", given=f"Amara{n}") for n in range(200)]
        for provider in who:
            for weekday in range(1, 8):
                factories.hours(connection, provider, site, weekday=weekday)
        factories.service(connection, who, [site], name="Follow-up")
        named(connection, "John", "Smith")
        connection.execute(CROWD)
        connection.execute(AT_THREE)
        connection.execute("analyze")
    for when in ("tue 4pm osei", "tue 3pm osei", "tue osei", "osei", "4pm", ""):
        page, spent = "", []
        for _ in range(3):
            started = time.process_time()
            page = look(desk, f"smi, jo {when} follow-up")
            spent.append(time.process_time() - started)
        assert "Book John Smith" in page
        assert ("3:00 PM is not free" in page) == (when == "tue 3pm osei")
        assert min(spent) < 0.3
