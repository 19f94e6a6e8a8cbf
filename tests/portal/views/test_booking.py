"""From the reason to the reference: find, hold, check, book; once, within the rules, and never somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from webapp import clock
from webapp.booking.forms import write_instant

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import Visitor


def me(clinic: Clinic, number: int = 0) -> str:
    return f"/me/{clinic.patients[number]}"


def wanted(clinic: Clinic, starts: datetime, **other: object) -> dict[str, object]:
    return {"service": clinic.service, "location": clinic.location, "provider": "any",
            "starts_at": write_instant(starts), **other}  # fmt: skip


def hold(who: Visitor, clinic: Clinic, starts: datetime, number: int = 0, **other: object) -> str:
    answer = who.post(f"{me(clinic, number)}/book", wanted(clinic, starts, **other))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def press(who: Visitor, page: str, **other: object) -> TestResponse:
    return who.post(page, {"fee": 0, "notice": 0, "note": "", **other})


def statuses(database: Database) -> list[str]:
    with database.administer() as connection:
        return [row[0] for row in connection.execute("select status from appointment order by booked_at, id")]


def test_the_reason_comes_first_and_is_one_of_those_booked_online(
    rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        for name, online, audience in (
            ("Only by telephone", False, "any"),
            ("For the new", True, "new"),
            ("For the returning", True, "returning"),
        ):
            factories.service(
                connection, clinic.providers, [clinic.location], name=name, online=online, audience=audience
            )
    page = rosa.get(f"{me(clinic)}/book").text
    assert "For the new" in page
    assert "For the returning" not in page
    assert "Only by telephone" not in page
    with database.administer() as connection:
        factories.appointment(
            connection, clinic, clock_time(9) - timedelta(days=30), status="finished", arrived_at=NOW,
            started_at=NOW, finished_at=NOW,
        )  # fmt: skip
    page = rosa.get(f"{me(clinic)}/book").text
    assert "For the new" not in page
    assert "For the returning" in page


def test_a_time_is_found_held_checked_and_booked(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    page = rosa.get(f"{me(clinic)}/book?service={clinic.service}").text
    assert f'value="{write_instant(clock_time(10))}"' in page
    assert re.search(r"\d+ left", page)
    check = hold(rosa, clinic, clock_time(10))
    page = rosa.get(check).text
    assert "We are holding 10:00 AM for you until 8:05 AM." in page.replace("\u00a0", " ")
    assert 'data-countdown="300"' in page
    answer = press(rosa, check, note="Step-free access, please")
    assert answer.status_code == 303
    done = rosa.get(answer.headers["Location"]).text
    assert "Your visit is booked" in done
    assert re.search(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", done)
    with database.administer() as connection:
        row = connection.execute("select status, via, note, booked_by from appointment").fetchone()
    assert row == ("booked", "portal", "Step-free access, please", rosa.account_id)


def test_reload_back_and_the_same_press_book_once(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    check, key = hold(rosa, clinic, clock_time(10)), uuid4()
    first = rosa.post(check, {"fee": 0, "notice": 0, "note": ""}, key=key)
    again = rosa.post(check, {"fee": 0, "notice": 0, "note": ""}, key=key)
    assert first.headers["Location"] == again.headers["Location"]
    back = rosa.get(check)
    assert back.status_code == 303
    assert back.headers["Location"] == first.headers["Location"]
    other = press(rosa, check)
    assert other.status_code in {303, 409}
    assert statuses(database) == ["booked"]


def test_a_hold_ends_after_five_minutes_says_so_and_offers_the_time_again(
    rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    check = hold(rosa, clinic, clock_time(10))
    with clock.stopped_at(NOW + timedelta(seconds=299)):
        assert 'data-countdown="1"' in rosa.get(check).text
    with clock.stopped_at(NOW + timedelta(minutes=5)):
        answer = press(rosa, check, note="Keep this")
        assert answer.status_code == 409
        assert "We no longer hold this time" in answer.text
        assert "is still free" in answer.text
        assert 'value="Keep this"' in answer.text
        again = rosa.get(hold(rosa, clinic, clock_time(10), note="Keep this"))
        assert "Keep this" in again.text
        assert 'data-countdown="300"' in again.text
    assert sorted(statuses(database)) == ["held", "lapsed"]


def test_the_lapsed_hold_of_one_patient_is_taken_by_another(
    rosa: Visitor, luis: Visitor, clinic: Clinic, database: Database
) -> None:
    provider = clinic.providers[0]
    check = hold(rosa, clinic, clock_time(10), provider=provider)
    refused = luis.post(f"{me(clinic, 1)}/book", wanted(clinic, clock_time(10), provider=provider))
    assert refused.status_code == 409
    assert "That time was just taken" in refused.text
    with clock.stopped_at(NOW + timedelta(minutes=5)):
        theirs = hold(luis, clinic, clock_time(10), 1, provider=provider)
        assert press(luis, theirs).status_code == 303
        page = rosa.get(check).text
        assert "is not free any more" in page.replace("\u00a0", " ")
        assert press(rosa, check).status_code == 409
    assert sorted(statuses(database)) == ["booked", "lapsed"]


def test_a_second_hold_takes_the_place_of_the_first(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    first = hold(rosa, clinic, clock_time(10))
    hold(rosa, clinic, clock_time(11))
    assert sorted(statuses(database)) == ["held", "lapsed"]
    assert "We no longer hold this time" in rosa.get(first).text


def test_a_time_is_let_go(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    check = hold(rosa, clinic, clock_time(10))
    answer = rosa.post(f"{check}/let-go")
    assert answer.status_code == 303
    assert f"/book?service={clinic.service}" in answer.headers["Location"]
    assert statuses(database) == ["lapsed"]


RULES = {
    "online = false": (clock_time(10), 422),
    "audience = 'returning'": (clock_time(10), 422),
    "notice_minutes = 180": (clock_time(10), 422),
    "furthest_days = 2": (clock_time(10) + timedelta(days=3), 422),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_of_the_service_bind_whoever_forges_the_form(
    rosa: Visitor, clinic: Clinic, database: Database, rule: str
) -> None:
    starts, status = RULES[rule]
    with database.administer() as connection:
        connection.execute(f"update service set {rule} where id = %s".encode(), (clinic.service,))
    answer = rosa.post(f"{me(clinic)}/book", wanted(clinic, starts))
    assert answer.status_code == status
    assert statuses(database) == []


def test_only_days_that_can_be_booked_are_shown(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update service set notice_minutes = 1440, furthest_days = 3")
    page = rosa.get(f"{me(clinic)}/book?service={clinic.service}").text
    assert "November 24 to 26" in page
    assert ">Later<" not in page
    assert "Full" not in page


def test_a_closed_day_says_so_and_a_taken_one_is_full(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    tuesday, wednesday = NOW.date() + timedelta(days=1), NOW.date() + timedelta(days=2)
    with database.administer() as connection:
        factories.closure(connection, clinic.location, clock_time(0, day=tuesday), clock_time(23, day=tuesday))
        for provider in clinic.providers:
            factories.leave(connection, provider, clock_time(0, day=wednesday), clock_time(23, day=wednesday))
    page = rosa.get(f"{me(clinic)}/book?service={clinic.service}").text
    assert page.count("<small>Closed</small>") == 1
    assert page.count("<small>Full</small>") == 1


def test_a_rule_that_changed_meanwhile_is_read_before_it_is_agreed_to(
    rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    check = hold(rosa, clinic, clock_time(10))
    with database.administer() as connection:
        connection.execute("update service set cancel_fee_cents = 2500, cancel_notice_minutes = 60")
    answer = press(rosa, check)
    assert answer.status_code == 409
    assert "The terms have changed" in answer.text
    assert "$25.00" in answer.text
    assert press(rosa, check, fee=2500, notice=60).status_code == 303
    assert statuses(database) == ["booked"]


def test_what_is_paid_for_before_is_not_booked_without(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update service set deposit_cents = 4000")
    check = hold(rosa, clinic, clock_time(10))
    assert "$40.00" in rosa.get(check).text
    assert press(rosa, check).status_code == 422
    assert statuses(database) == ["held"]


def test_a_patient_who_has_a_visit_then_is_told_so(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    check = hold(rosa, clinic, clock_time(10), provider=clinic.providers[0])
    with database.administer() as connection:
        room = factories.room(connection, clinic.location)
        factories.appointment(connection, clinic, clock_time(10), provider_id=clinic.providers[1], room_id=room)
    answer = press(rosa, check)
    assert answer.status_code == 409
    assert "You already have a visit at that time" in answer.text


def test_a_seat_is_taken_until_the_group_is_full(
    rosa: Visitor, luis: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        connection.execute("update service set capacity = 8")
        session = factories.group_session(connection, clinic, clock_time(15), capacity=2)
        other = factories.patient(connection)
        factories.appointment(connection, clinic, clock_time(15), patient_id=other, group_session_id=session,
                              seat_no=1, ends_at=clock_time(16))  # fmt: skip
    page = rosa.get(f"{me(clinic)}/book?service={clinic.service}").text
    assert "1 left" in page
    chosen = rosa.get(f"{me(clinic)}/book/seat?service={clinic.service}&starts_at=group-{session}")
    assert chosen.headers["Location"].endswith(f"/groups/{session}")
    assert press(rosa, chosen.headers["Location"]).status_code == 303
    assert "Full" in luis.get(f"{me(clinic, 1)}/book?service={clinic.service}").text
    late = press(luis, f"{me(clinic, 1)}/groups/{session}")
    assert late.status_code == 409
    assert "The last place was just taken" in late.text


@pytest.mark.parametrize("page", ["held/{}", "visits/{}", "visits/{}/booked", "visits/{}/visit.ics", "groups/{}"])
def test_another_patients_visit_is_not_there(rosa: Visitor, clinic: Clinic, database: Database, page: str) -> None:
    with database.administer() as connection:
        theirs = factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])
    for patient in clinic.patients:
        assert rosa.get(f"/me/{patient}/{page.format(theirs)}").status_code == 404
