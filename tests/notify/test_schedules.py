"""Managers say when people are reminded; what they change counts from then on, and nobody undoes a colleague's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.factories import NOW
from tests.morning import eight_in_the_morning
from tests.notify.postman import messages, prefers
from tests.notify.test_reminding import DAY, HOUR, IN_A_WEEK, booked, reminded, swept
from webapp import clock

if TYPE_CHECKING:
    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.notify.postman import Postman
    from tests.stack.people import SignIn, Visitor

__all__ = ["eight_in_the_morning"]

USUAL = "/settings/reminders/all"
THREE_DAYS = {"seen": "", "count_1": "3", "unit_1": "days", "count_2": "", "unit_2": "days"}


@pytest.fixture
def manager(sign_in: SignIn) -> Visitor:
    return sign_in("manager", at=NOW)


def rules(owner: Owner) -> set[tuple[bool, int]]:
    """Minutes, and whether they are a service's own."""
    found = owner.execute("SELECT service_id IS NOT NULL AS own, minutes FROM reminder_rule").fetchall()
    return {(row["own"], row["minutes"]) for row in found}


def test_a_schedule_is_added_changed_and_removed_and_the_next_reminders_follow(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, manager: Visitor
) -> None:
    assert "2 days and 2 h before" in manager.get("/settings/reminders").text
    assert manager.post(USUAL, THREE_DAYS).status_code == 303
    own = f"/settings/reminders/{clinic.service}"
    assert manager.post(own, {"seen": "", "count_1": "90", "unit_1": "minutes"}).status_code == 303
    assert rules(owner) == {(False, 3 * 24 * 60), (True, 90)}
    page = manager.get("/settings/reminders").text
    assert "3 days before" in page
    assert "1 h 30 min before" in page
    assert manager.post(own, {"seen": "90"}).status_code == 303, "the button Remove"
    assert rules(owner) == {(False, 3 * 24 * 60)}
    visit = booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - 3 * DAY, IN_A_WEEK - 2 * DAY, IN_A_WEEK - 2 * HOUR)
    assert reminded(owner) == [(visit, IN_A_WEEK - 3 * DAY)]


def test_nobody_is_reminded_late_because_a_schedule_has_changed(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, sign_in: SignIn
) -> None:
    booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - DAY)
    assert len(reminded(owner)) == 1
    manager = sign_in("manager", at=postman.now)
    with clock.stopped_at(postman.now):
        assert manager.post(USUAL, {**THREE_DAYS, "count_2": "4", "unit_2": "hours"}).status_code == 303
    swept(postman, postman.now + HOUR)
    assert len(reminded(owner)) == 1, "three days before has passed"
    swept(postman, IN_A_WEEK - 4 * HOUR)
    assert len(reminded(owner)) == 2


def test_what_stays_in_a_schedule_keeps_its_beginning(owner: Owner, manager: Visitor) -> None:
    manager.post(USUAL, THREE_DAYS)
    owner.execute("UPDATE reminder_rule SET since = %s", (NOW - timedelta(days=30),))
    manager.post(USUAL, {**THREE_DAYS, "seen": "4320", "count_2": "1"})
    old = owner.execute("SELECT minutes FROM reminder_rule WHERE since < %s", (NOW - timedelta(days=29),)).fetchall()
    assert old == [{"minutes": 4_320}]
    assert rules(owner) == {(False, 4_320), (False, 1_440)}


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ({"count_1": "soon"}, 422, "Enter a whole number"),
        ({"count_1": "-1"}, 422, "Enter a whole number"),
        ({"count_1": "14", "unit_1": "minutes"}, 422, "Choose between 15 minutes and 30 days"),
        ({"count_1": "31"}, 422, "Choose between 15 minutes and 30 days"),
        ({"count_1": "1", "count_2": "24", "unit_2": "hours"}, 422, "This is the same as one above"),
        ({"count_1": "1", "unit_1": "moons"}, 422, "Enter a whole number"),
        ({"count_1": "1", "seen": "x"}, 400, "out of date"),
        ({"count_1": "1", "seen": "120"}, 409, "Somebody else changed this"),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    owner: Owner, manager: Visitor, sent: dict[str, Any], status: int, sentence: str
) -> None:
    answer = manager.post(USUAL, sent)
    assert answer.status_code == status
    assert sentence in answer.text
    assert rules(owner) == set()
    if status == 422:
        assert f'value="{sent["count_1"]}"' in answer.text, "what was typed stays"


def test_the_desk_may_look_and_only_managers_change(clinic: Clinic, sign_in: SignIn, owner: Owner) -> None:
    front = sign_in("receptionist", at=NOW)
    page = front.get("/settings/reminders")
    assert page.status_code == 200
    assert USUAL not in page.text
    assert front.post(USUAL, THREE_DAYS).status_code == 403
    assert rules(owner) == set()


SWITCH = "/settings/reminders/switch"


def test_with_reminders_switched_off_nobody_is_reminded_and_back_on_only_of_what_is_to_come(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, sign_in: SignIn
) -> None:
    visit = booked(desk, postman, clinic)
    prefers(owner, clinic.patients[1], reminder_minutes=[60])
    booked(desk, postman, clinic, IN_A_WEEK + HOUR, patient_id=clinic.patients[1])

    def pressed(sends: str) -> str:
        manager = sign_in("manager", at=postman.now)
        with clock.stopped_at(postman.now):
            assert manager.post(SWITCH, {"sends": sends}).status_code == 303
            assert manager.post(SWITCH, {"sends": sends}).status_code == 303
            return manager.get("/settings/reminders").text

    assert "Nobody has been reminded since Nov 23, 2026" in pressed("0")
    swept(postman, IN_A_WEEK - 2 * DAY, IN_A_WEEK - DAY)
    assert not [each for each in messages(owner, "%") if each["kind"] == "reminder"]
    assert "Reminders are switched off" not in pressed("1")
    swept(postman, IN_A_WEEK - 20 * HOUR)
    assert reminded(owner) == [], "two days before has passed meanwhile"
    swept(postman, IN_A_WEEK - 2 * HOUR, IN_A_WEEK)
    assert reminded(owner)[0] == (visit, IN_A_WEEK - 2 * HOUR)
    assert len(reminded(owner)) == 2
    assert owner.execute("SELECT sends FROM reminder_switch ORDER BY since").fetchall() == [
        {"sends": False},
        {"sends": True},
    ]


def test_a_reminder_that_waits_to_be_sent_is_not_sent_any_more(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, sign_in: SignIn
) -> None:
    booked(desk, postman, clinic)
    postman.works(IN_A_WEEK - 2 * DAY)
    postman.sweeps()
    manager = sign_in("manager", at=postman.now)
    with clock.stopped_at(postman.now):
        manager.post(SWITCH, {"sends": "0"})
    postman.works(IN_A_WEEK - DAY)
    kinds = [(each["state"], each["reason"]) for each in messages(owner, "%") if each["kind"] == "reminder"]
    assert kinds == [("skipped", "no_reminders")]
    with clock.stopped_at(postman.now):
        manager = sign_in("manager", at=postman.now)
        assert "reminders are switched off" in manager.get(f"/patients/{clinic.patients[0]}/messages").text


def test_who_only_looks_is_offered_no_switch(sign_in: SignIn, manager: Visitor, owner: Owner) -> None:
    front = sign_in("receptionist", at=NOW)
    assert SWITCH not in front.get("/settings/reminders").text
    assert front.post(SWITCH, {"sends": "0"}).status_code == 403
    assert SWITCH in manager.get("/settings/reminders").text
    assert manager.post(SWITCH, {"sends": "maybe"}).status_code == 400
    assert owner.execute("SELECT count(*) AS n FROM reminder_switch").fetchone() == {"n": 0}
