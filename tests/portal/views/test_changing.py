"""What a patient does with a visit: confirm, move, cancel, arrive; within the rules, and shown first what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from webapp import clock
from webapp.booking.forms import write_instant

if TYPE_CHECKING:
    from uuid import UUID

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    """Rosa's visit at ten."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


def page(clinic: Clinic, visit: UUID, step: str = "", number: int = 0) -> str:
    return f"/me/{clinic.patients[number]}/visits/{visit}{step}"


def row(database: Database, visit: UUID, columns: str = "status") -> tuple[Any, ...]:
    with database.administer() as connection:
        found = connection.execute(f"select {columns} from appointment where id = %s".encode(), (visit,)).fetchone()
    assert found is not None
    return tuple(found)


def rule(database: Database, change: str) -> None:
    with database.administer() as connection:
        connection.execute(f"update service set {change}".encode())


def promised(database: Database) -> list[str]:
    with database.administer() as connection:
        query = b"select task_name from jobs.procrastinate_jobs where task_name like 'billing.%%' order by id"
        return [job[0] for job in connection.execute(query)]


def test_it_is_confirmed_with_one_press(rosa: Visitor, clinic: Clinic, visit: UUID, database: Database) -> None:
    assert "I will come" in rosa.get(page(clinic, visit)).text
    assert rosa.post(page(clinic, visit, "/confirm")).status_code == 303
    assert row(database, visit) == ("confirmed",)
    assert "I will come" not in rosa.get(page(clinic, visit)).text


def test_it_moves_to_a_time_that_is_free(rosa: Visitor, clinic: Clinic, visit: UUID, database: Database) -> None:
    shown = rosa.get(page(clinic, visit, "/move")).text
    eleven = write_instant(clock_time(11))
    assert f'value="{eleven}"' in shown
    assert f'value="{write_instant(clock_time(10))}"' not in shown
    sent = {"starts_at": eleven, "provider": clinic.providers[0], "location": clinic.location, "version": 1}
    answer = rosa.post(page(clinic, visit, "/move"), sent)
    assert answer.status_code == 303
    assert row(database, visit, "starts_at, version") == (clock_time(11), 2)
    again = rosa.post(page(clinic, visit, "/move"), sent)
    assert again.status_code == 409
    assert "has changed in the meantime" in again.text


def test_a_time_that_is_gone_leaves_the_visit_where_it_is(
    rosa: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(11), patient_id=clinic.patients[1])
    sent = {"starts_at": write_instant(clock_time(11)), "provider": clinic.providers[0], "version": 1}
    answer = rosa.post(page(clinic, visit, "/move"), sent)
    assert answer.status_code == 409
    assert "That time was just taken" in answer.text
    assert row(database, visit, "starts_at") == (clock_time(10),)


@pytest.mark.parametrize(
    ("change", "starts"),
    [
        ("notice_minutes = 180", clock_time(10, 30)),
        ("furthest_days = 3", clock_time(10) + timedelta(days=5)),
        ("online = false", clock_time(12)),
        ("cancel_fee_cents = 2500, cancel_notice_minutes = 1440", clock_time(12)),
    ],
)
def test_the_rules_bind_whoever_forges_the_form(
    rosa: Visitor, clinic: Clinic, visit: UUID, database: Database, change: str, starts: Any
) -> None:
    rule(database, change)
    sent = {"starts_at": write_instant(starts), "provider": clinic.providers[0], "version": 1}
    assert rosa.post(page(clinic, visit, "/move"), sent).status_code in {409, 422}
    assert row(database, visit, "starts_at, version") == (clock_time(10), 1)


def test_canceling_in_time_costs_nothing(rosa: Visitor, clinic: Clinic, visit: UUID, database: Database) -> None:
    assert "Canceling costs nothing" in rosa.get(page(clinic, visit, "/cancel")).text
    answer = rosa.post(page(clinic, visit, "/cancel"), {"version": 1, "fee": 0})
    assert answer.status_code == 303
    assert row(database, visit) == ("cancelled",)
    assert promised(database) == []
    assert "Your visit is canceled." in rosa.get(answer.headers["Location"]).text


def test_the_fee_is_shown_before_and_what_was_not_shown_is_not_taken(
    rosa: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    rule(database, "cancel_fee_cents = 2500, cancel_notice_minutes = 120")
    with clock.stopped_at(NOW):  # two hours before: its notice to the second
        assert "Canceling costs nothing" in rosa.get(page(clinic, visit, "/cancel")).text
    with clock.stopped_at(NOW + timedelta(seconds=1)):
        shown = rosa.get(page(clinic, visit, "/cancel")).text
        assert "Canceling costs $25.00" in shown
        refused = rosa.post(page(clinic, visit, "/cancel"), {"version": 1, "fee": 0})
        assert refused.status_code == 409
        assert "The terms have changed" in refused.text
        assert row(database, visit) == ("booked",)
        assert rosa.post(page(clinic, visit, "/cancel"), {"version": 1, "fee": 2500}).status_code == 303
    assert row(database, visit) == ("cancelled",)
    assert promised(database) == ["billing.settle_cancellation"]


@pytest.fixture
def soon(clinic: Clinic, database: Database) -> UUID:
    """Rosa's visit at half past nine, while everybody who signed in at eight is still signed in."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(9, 30))


def test_one_is_here_from_an_hour_before(rosa: Visitor, clinic: Clinic, soon: UUID, database: Database) -> None:
    opens = clock_time(8, 30)
    with clock.stopped_at(opens - timedelta(seconds=1)):
        assert "I am here" not in rosa.get(page(clinic, soon)).text
        refused = rosa.post(page(clinic, soon, "/arrive"))
        assert refused.status_code == 409
        assert "from one hour before" in refused.text
    with clock.stopped_at(opens):
        assert "I am here" in rosa.get(page(clinic, soon)).text
        assert rosa.post(page(clinic, soon, "/arrive")).status_code == 303
    assert row(database, soon, "status, arrived_at") == ("arrived", opens)


def test_the_desk_sees_who_has_arrived(rosa: Visitor, clinic: Clinic, soon: UUID, sign_in: SignIn) -> None:
    now, board = clock_time(8, 45), f"/board/{NOW.date()}?view=list&visit={soon}"
    with clock.stopped_at(now):
        desk = sign_in("receptionist", at=now)
        assert 's-arrived" id="row-' not in desk.get(board).text
        rosa.post(page(clinic, soon, "/arrive"))
        assert f's-arrived" id="row-{soon}"' in desk.get(board).text


def test_a_seat_moves_to_another_group(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update service set capacity = 8")
        sessions = [factories.group_session(connection, clinic, clock_time(hour)) for hour in (13, 15)]
        seat = factories.appointment(connection, clinic, clock_time(13), group_session_id=sessions[0], seat_no=1,
                                     ends_at=clock_time(14))  # fmt: skip
    assert f"group-{sessions[1]}" in rosa.get(page(clinic, seat, "/move")).text
    sent = {"starts_at": f"group-{sessions[1]}", "version": 1}
    assert rosa.post(page(clinic, seat, "/move"), sent).status_code == 303
    assert row(database, seat, "starts_at, group_session_id") == (clock_time(15), sessions[1])


STEPS = ("", "/booked", "/visit.ics", "/move", "/cancel")
PRESSES: dict[str, dict[str, Any]] = {
    "/confirm": {},
    "/arrive": {},
    "/move": {"starts_at": write_instant(clock_time(11)), "version": 1},
    "/cancel": {"version": 1, "fee": 0},
}


def test_another_patients_visit_is_on_no_page_and_in_no_form(
    luis: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    for number in (0, 1):
        for step in STEPS:
            assert luis.get(page(clinic, visit, step, number)).status_code == 404, step
        for step, sent in PRESSES.items():
            assert luis.post(page(clinic, visit, step, number), sent).status_code == 404, step
    assert row(database, visit, "status, version") == ("booked", 1)
