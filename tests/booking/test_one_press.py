"""The booking form pressed many times: one effect, and everybody learns the same outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests.booking.wishes import TEN, Owner, count
from tests.factories import NOW, Clinic, clock_time
from tests.stack.people import Visitor
from webapp import clock

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

HANDS, PRESSES = 10, 50


@pytest.fixture(autouse=True)
def eight_in_the_morning() -> Iterator[None]:
    with clock.stopped_at(NOW):
        yield


@pytest.fixture
def receptionist(sign_in: Callable[..., Visitor]) -> Visitor:
    return sign_in("receptionist", at=NOW)


def form(clinic: Clinic, starts: datetime = TEN, patient: int = 0, provider: int | None = 0) -> dict[str, object]:
    return {
        "patient": clinic.patients[patient],
        "service": clinic.service,
        "location": clinic.location,
        "provider": "" if provider is None else clinic.providers[provider],
        "starts_at": f"{starts:%Y-%m-%dT%H:%MZ}",
        "note": "",
    }


def at_once(app: Flask, person: Visitor, press: Callable[[Visitor], TestResponse]) -> list[TestResponse]:
    """Press in ten browsers with the same cookie, all at the same moment, fifty times in all."""
    start = threading.Barrier(HANDS)

    def pressed(_number: int) -> TestResponse:
        twin = Visitor(app, app.test_client(), person.account_id, person.secret)
        twin.client.set_cookie("anteroom", person.cookie)
        start.wait()
        return press(twin)

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(pressed, range(PRESSES)))


@pytest.mark.parametrize("provider", [0, None], ids=["by name", "anybody"])
def test_fifty_presses_at_once_book_once_and_answer_the_same(
    app: Flask, receptionist: Visitor, clinic: Clinic, owner: Owner, provider: int | None
) -> None:
    key = uuid4()
    answers = at_once(app, receptionist, lambda twin: twin.post("/book", form(clinic, provider=provider), key=key))
    (outcome,) = {(answer.status_code, answer.headers["Location"]) for answer in answers}
    row = owner.execute("SELECT id FROM appointment").fetchone()
    assert row is not None
    assert outcome == (303, f"/appointments/{row['id']}")
    assert [count(owner, table) for table in ("appointment", "appointment_history", "idempotency")] == [1, 1, 1]
    assert count(owner, "occupancy") == 3


def test_fifty_people_at_once_get_one_time_once(
    app: Flask, receptionist: Visitor, clinic: Clinic, owner: Owner
) -> None:
    answers = at_once(app, receptionist, lambda twin: twin.post("/book", form(clinic), key=uuid4()))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [303] + [409] * (PRESSES - 1)
    assert count(owner, "appointment") == 1


def test_after_a_refusal_the_same_form_books_another_time(receptionist: Visitor, clinic: Clinic, owner: Owner) -> None:
    assert receptionist.post("/book", form(clinic, patient=1)).status_code == 303
    key: UUID = uuid4()
    assert receptionist.post("/book", form(clinic), key=key).status_code == 409
    assert receptionist.post("/book", form(clinic, clock_time(11)), key=key).status_code == 303
    assert receptionist.post("/book", form(clinic, clock_time(11)), key=key).status_code == 303
    assert count(owner, "appointment") == 2


def test_a_form_that_booked_is_refused_with_other_content(receptionist: Visitor, clinic: Clinic, owner: Owner) -> None:
    key = uuid4()
    assert receptionist.post("/book", form(clinic), key=key).status_code == 303
    assert receptionist.post("/book", form(clinic, clock_time(11)), key=key).status_code == 409
    assert count(owner, "appointment") == 1
