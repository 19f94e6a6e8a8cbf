"""The pages that merge two records and take it back, and what everybody sees of it afterwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time, insert
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def boss(sign_in: SignIn) -> Visitor:
    return sign_in("manager", at=NOW)


@pytest.fixture
def two(database: Database, clinic: Clinic) -> tuple[UUID, UUID]:
    """Rosa with a visit and a phone, and Rosa with an alert and a visit of another hour."""
    stays, goes = clinic.patients
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=stays)
        factories.appointment(connection, clinic, clock_time(11), patient_id=goes)
        factories.phone(connection, stays, "(207) 555-0142")
        insert(connection, "patient_alert", id=new_id(), patient_id=goes, label="Call only")
        connection.execute("update patient set given = 'Rosita', given_key = 'rosita' where id = %s", (goes,))
    return stays, goes


def merged(boss: Visitor, stays: UUID, goes: UUID) -> str:
    answer = boss.post(f"/patients/{goes}/merge/{stays}", {"stays": str(stays)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_both_records_stand_side_by_side_and_what_differs_is_said(boss: Visitor, two: tuple[UUID, UUID]) -> None:
    page = boss.get(f"/patients/{two[0]}/merge/{two[1]}").text
    for words in ("Rosita", "(207) 555-0142", "Call only", "Today, Mon, Nov 23, 10:00 AM", "11:00 AM", "differs"):
        assert words in page
    assert page.count('name="stays"') == 2


def test_records_that_look_alike_are_proposed_and_any_other_can_be_found(
    boss: Visitor, two: tuple[UUID, UUID], database: Database
) -> None:
    stays, goes = two
    page = boss.get(f"/patients/{stays}/merge").text
    assert f'href="/patients/{stays}/merge/{goes}"' not in page
    with database.administer() as connection:
        connection.execute("update patient set family_key = 'jim', name_key = 'rosa jim', given_key = 'rosa'")
    assert f'href="/patients/{stays}/merge/{goes}"' in boss.get(f"/patients/{stays}/merge").text
    found = boss.post("/search", {"q": "jim", "for": "merge", "patient": str(stays)}, fragment=True).text
    assert f'href="/patients/{stays}/merge/{goes}"' in found
    assert f"/merge/{stays}" not in found
    assert "line-card" not in found


def test_the_old_record_leads_to_the_one_that_stays_and_says_so(
    boss: Visitor, desk: Visitor, two: tuple[UUID, UUID]
) -> None:
    stays, goes = two
    merged(boss, stays, goes)
    answer = desk.get(f"/patients/{goes}")
    assert answer.headers["Location"] == f"/patients/{stays}"
    page = desk.get(f"/patients/{stays}").text
    assert "That record was merged into this one." in page
    assert re.search(r"Rosita Jimenez \d+, MRN [\d ]+ is in this record since Nov 23, 2026", page)
    assert "Call only" in page
    assert page.count("Follow-up") >= 2
    assert "What came here" not in page


def test_a_merge_is_shown_and_undone_by_a_manager(boss: Visitor, two: tuple[UUID, UUID]) -> None:
    stays, goes = two
    location = merged(boss, stays, goes)
    page = boss.get(location).text
    assert "Undo this merge" in page
    assert re.search(r"<dt>Visits</dt><dd>1</dd>", page)
    assert location in boss.get(f"/patients/{stays}").text
    assert boss.post(f"{location}/undo").status_code == 303
    after = boss.get(location).text
    assert "Given back" in after
    assert "Undo this merge" not in after
    assert boss.get(f"/patients/{goes}").status_code == 200
    again = boss.post(f"{location}/undo")
    assert again.status_code == 409
    assert "undone already" in again.text


def test_two_wishes_for_the_same_are_one_and_the_page_says_which_rests(
    boss: Visitor, two: tuple[UUID, UUID], clinic: Clinic, database: Database
) -> None:
    stays, goes = two
    wishes = {who: new_id() for who in two}
    with database.administer() as connection:
        for who, wish in wishes.items():
            insert(
                connection, "waiting_wish", id=wish, patient_id=who, service_id=clinic.service, earliest=NOW.date(),
                created_at=NOW, urgency=2 if who == stays else 1,
            )  # fmt: skip
    done = merged(boss, stays, goes)
    assert "1 entry of the waiting list rests until the merge is undone" in boss.get(done).text
    assert "entry for the same waits on" in boss.get(f"/waiting/{wishes[goes]}").text
    assert boss.post(f"{done}/undo").status_code == 303
    assert "rests until" not in boss.get(done).text
    assert "This has ended already" not in boss.get(f"/waiting/{wishes[goes]}").text


def test_a_double_press_merges_once(boss: Visitor, two: tuple[UUID, UUID], database: Database) -> None:
    stays, goes = two
    key = new_id()
    answers = [boss.post(f"/patients/{stays}/merge/{goes}", {"stays": str(stays)}, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    with database.administer() as connection:
        assert connection.execute("select count(*) from patient_merge").fetchone() == (1,)


def test_visits_at_the_same_time_are_named_with_the_way_to_move_them(
    boss: Visitor, two: tuple[UUID, UUID], clinic: Clinic, database: Database
) -> None:
    stays, goes = two
    with database.administer() as connection:
        clash = factories.appointment(
            connection, clinic, clock_time(10, 10), patient_id=goes, provider_id=clinic.providers[1],
            room_id=clinic.rooms[1],
        )  # fmt: skip
    page = boss.get(f"/patients/{stays}/merge/{goes}").text
    assert f'href="/appointments/{clash}/move"' in page
    assert "disabled" in page
    answer = boss.post(f"/patients/{stays}/merge/{goes}", {"stays": str(stays)})
    assert answer.status_code == 409
    assert "Move or cancel one" in answer.text


@pytest.mark.parametrize("stays", ["", "nonsense", "018f0000-0000-7000-8000-00000000dead"])
def test_which_record_stays_has_to_be_said(boss: Visitor, two: tuple[UUID, UUID], stays: str) -> None:
    answer = boss.post(f"/patients/{two[0]}/merge/{two[1]}", {"stays": stays})
    assert answer.status_code == 422
    assert "Choose which record stays" in answer.text


def test_a_record_is_not_compared_with_itself_or_with_a_merged_one(boss: Visitor, two: tuple[UUID, UUID]) -> None:
    stays, goes = two
    assert boss.get(f"/patients/{stays}/merge/{stays}").status_code == 422
    merged(boss, stays, goes)
    assert boss.get(f"/patients/{stays}/merge/{goes}").status_code == 409
    assert boss.get(f"/patients/{goes}/merge").headers["Location"] == f"/patients/{stays}/merge"


def test_an_account_of_the_merged_record_signs_in_again_and_a_refusal_signs_nobody_out(
    app: Flask, boss: Visitor, two: tuple[UUID, UUID], sign_in: SignIn, clinic: Clinic, database: Database
) -> None:
    stays, goes = two
    person = sign_in("patient", patients=(goes,), at=NOW)
    with database.administer() as connection:
        insert(connection, "account_patient", account_id=person.account_id, patient_id=goes, relation="self")
        connection.execute("update patient set deceased_at = %s where id = %s", (NOW, goes))
    assert boss.post(f"/patients/{stays}/merge/{goes}", {"stays": str(stays)}).status_code == 409
    assert person.get("/me").status_code == 200
    with database.administer() as connection:
        connection.execute("update patient set deceased_at = null")
    merged(boss, stays, goes)
    assert person.get("/me").status_code == 303


def test_visits_that_were_at_once_and_are_over_are_listed_with_the_record(
    boss: Visitor, two: tuple[UUID, UUID], clinic: Clinic, database: Database
) -> None:
    from datetime import timedelta

    stays, goes = two
    past = clock_time(10) - timedelta(days=3)
    with database.administer() as connection:
        factories.appointment(connection, clinic, past, patient_id=stays, status="finished")
        left = factories.appointment(
            connection, clinic, past, patient_id=goes, status="finished", provider_id=clinic.providers[1],
            room_id=clinic.rooms[1],
        )  # fmt: skip
    merged(boss, stays, goes)
    assert str(left) in boss.get(f"/patients/{stays}?tab=visits").text
