"""Signed out in one process is signed out in all, from the next request on: eight real ones on the same tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.identity.eight_processes import Process, processes
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

EIGHT = 8
OUT = (303, "/sign-in?next=%2Fhome")
IN = (200, "")


@pytest.fixture(scope="module")
def eight(standing_database: Database) -> Iterator[list[Process]]:
    with processes(standing_database.environment, EIGHT) as started:
        yield started


def at_home(eight: list[Process], cookies: list[str]) -> list[tuple[int, str]]:
    """What all processes answer, asked at once."""
    for process, cookie in zip(eight, cookies, strict=True):
        process.send("GET", "/home", cookie)
    return [process.answer() for process in eight]


def press(process: Process, person: Visitor, url: str) -> tuple[int, str]:
    process.send("POST", url, person.cookie, {"csrf_token": person.csrf_token, "_key": str(uuid4())})
    return process.answer()


def test_they_are_eight_processes(eight: list[Process]) -> None:
    assert len({process.pid for process in eight}) == EIGHT


@pytest.mark.parametrize("where", range(EIGHT))
def test_a_session_signed_out_in_one_process_is_over_in_all(eight: list[Process], sign_in: SignIn, where: int) -> None:
    person, other = sign_in("receptionist"), sign_in("receptionist")
    assert at_home(eight, [person.cookie] * EIGHT) == [IN] * EIGHT
    assert press(eight[where], person, "/sign-out") == (303, "/sign-in")
    assert at_home(eight, [person.cookie] * EIGHT) == [OUT] * EIGHT
    assert at_home(eight, [other.cookie] * EIGHT) == [IN] * EIGHT


@pytest.mark.parametrize("what", ["end-sessions", "disable"])
def test_what_a_manager_ends_in_one_process_is_over_in_all(eight: list[Process], sign_in: SignIn, what: str) -> None:
    people, manager = [sign_in("receptionist") for _ in range(EIGHT)], sign_in(StaffRole.MANAGER)
    cookies = [person.cookie for person in people]
    assert at_home(eight, cookies) == [IN] * EIGHT
    for number, person in enumerate(people):
        assert press(eight[-1 - number], manager, f"/accounts/{person.account_id}/{what}")[0] == 303
        left = EIGHT - 1 - number
        assert at_home(eight, cookies) == [OUT] * (EIGHT - left) + [IN] * left


def test_a_request_of_any_process_that_was_let_in_before_revives_nothing(eight: list[Process], sign_in: SignIn) -> None:
    """All processes work for the session while one of them ends it: whatever they answer, afterwards it is over."""
    for where in range(EIGHT):
        person = sign_in("receptionist")
        for process in eight:
            process.send("GET", "/home", person.cookie)
        eight[where].send("POST", "/sign-out", person.cookie, {"csrf_token": person.csrf_token, "_key": str(uuid4())})
        assert {process.answer() for process in eight} <= {IN, OUT}
        assert eight[where].answer() == (303, "/sign-in")
        assert at_home(eight, [person.cookie] * EIGHT) == [OUT] * EIGHT
