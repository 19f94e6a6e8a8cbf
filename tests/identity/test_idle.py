"""Being away: out fourteen to fifteen minutes after the last thing somebody did, and no poll counts as that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.stack.people import FRAGMENT, SignIn, Visitor
from webapp import clock, dynamo
from webapp.identity.handle import Handle
from webapp.identity.idle import IdleLimits
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Standing
from webapp.identity.session_items import SESSION, TABLE
from webapp.identity.sessions import Sessions
from webapp.identity.tokens import Token

if TYPE_CHECKING:
    from flask import Flask

    from webapp.dynamo import Dynamo
    from webapp.settings import Settings

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = bytes(range(32))
TOKEN = Token(text="a.b.c", subject="sub", expires_at=NOW + timedelta(days=1))


@pytest.fixture
def client(app: Flask, settings: Settings) -> Dynamo:
    return dynamo.connect(settings)


@pytest.fixture
def sessions(client: Dynamo) -> Sessions:
    return Sessions(client, KEY)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def signed_in(sessions: Sessions, *roles: StaffRole, account: UUID | None = None) -> Handle:
    account = account or uuid4()
    standing = Standing(account, "Robin Example", frozenset(roles or {StaffRole.RECEPTIONIST}))
    return sessions.create(standing, token=TOKEN, epoch=sessions.epoch(account), now=NOW)


def is_in(sessions: Sessions, handle: Handle, seconds: float) -> bool:
    return sessions.resolve(str(handle), after(seconds)) is not None


def act(sessions: Sessions, handle: Handle, seconds: float) -> None:
    person = sessions.resolve(str(handle), after(seconds))
    assert person is not None
    assert sessions.touch(person, after(seconds))


@pytest.mark.parametrize(("seconds", "counts"), [(899, True), (900, False), (901, False)])
def test_staff_who_do_nothing_are_out_after_fifteen_minutes(sessions: Sessions, seconds: int, *, counts: bool) -> None:
    assert is_in(sessions, signed_in(sessions), seconds) is counts


def test_patients_have_the_whole_hour(sessions: Sessions) -> None:
    patient = signed_in(sessions, StaffRole.PATIENT)
    assert is_in(sessions, patient, 3599)
    assert not is_in(sessions, patient, 3600)


def test_who_works_here_and_is_a_patient_too_has_the_stricter_limit() -> None:
    limits = IdleLimits()
    assert limits.of({StaffRole.PATIENT, StaffRole.BILLER}) == timedelta(minutes=15)
    assert limits.of(()) == timedelta(minutes=15)


def test_the_limit_of_a_role_is_a_setting(client: Dynamo) -> None:
    sessions = Sessions(client, KEY, IdleLimits({StaffRole.CLINICIAN: timedelta(minutes=5)}))
    clinician, biller = signed_in(sessions, StaffRole.CLINICIAN), signed_in(sessions, StaffRole.BILLER)
    assert is_in(sessions, clinician, 299)
    assert not is_in(sessions, clinician, 300)
    assert is_in(sessions, biller, 300)


@pytest.mark.parametrize("last", [60, 61, 90, 119, 120, 400])
def test_the_end_comes_fourteen_to_fifteen_minutes_after_the_last_action(sessions: Sessions, last: int) -> None:
    """However the actions fall into the minute in which only one of them is written down."""
    handle = signed_in(sessions)
    for seconds in range(0, last, 7):
        act(sessions, handle, seconds)
    act(sessions, handle, last)
    assert is_in(sessions, handle, last + 14 * 60 - 0.001)
    assert not is_in(sessions, handle, last + 15 * 60)


def test_an_idle_session_that_nobody_swept_cannot_be_touched_back(sessions: Sessions, client: Dynamo) -> None:
    handle = signed_in(sessions)
    assert sessions.resolve(str(handle), after(900)) is None
    assert client.get(TABLE, {"account": str(handle.account_id), "sk": SESSION + handle.digest}) is not None
    assert sessions.of_account(handle.account_id, after(900)) == []
    assert len(sessions.of_account(handle.account_id, after(899))) == 1


@pytest.mark.parametrize("odd", [None, "now", -1, 10**30, 253_402_300_799, True])
def test_a_moment_that_somebody_wrote_into_the_table_lasts_no_longer(
    sessions: Sessions, client: Dynamo, odd: int | str | None
) -> None:
    handle = signed_in(sessions)
    key = {"account": str(handle.account_id), "sk": SESSION + handle.digest}
    client.update(TABLE, key, "SET seen_at = :odd", values={":odd": odd})
    person = sessions.resolve(str(handle), after(10))
    assert person is None or person.idle_ends_at <= after(10 + 900)


POLLS = [{"X-Poll": "1"}, {"X-Poll": "0"}, {"X-Poll": ""}, {"HX-PTag": "abc"}, {"X-Poll": "1", "HX-PTag": "abc"}]


@pytest.mark.parametrize("poll", POLLS)
@pytest.mark.parametrize("address", ["/home", "/home?X-Poll=0&touch=1&poll=false&_touches=1", "/home?touches=true"])
def test_no_parameter_makes_a_poll_count(sign_in: SignIn, address: str, poll: dict[str, str]) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)
    assert status_at(person, start, 14 * 60 + 59, address, {**FRAGMENT, **poll}) == 200
    assert status_at(person, start, 15 * 60, address, {}) == 303


def test_no_parameter_makes_an_action_a_poll(sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)
    assert status_at(person, start, 600, "/home?X-Poll=1&HX-PTag=abc&poll=1", {}) == 200
    assert status_at(person, start, 600 + 899, "/home", {}) == 200


def test_an_open_board_that_ticks_every_five_seconds_ends_like_an_empty_page(sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)
    tick = {**FRAGMENT, "HX-Target": "div#board", "X-Poll": "1", "HX-PTag": "abc"}
    answers = [status_at(person, start, seconds, "/board", tick) for seconds in range(0, 910, 5)]
    assert answers == [200] * 180 + [401] * 2


def status_at(person: Visitor, start: datetime, seconds: int, address: str, headers: dict[str, str]) -> int:
    with clock.stopped_at(start + timedelta(seconds=seconds)):
        return person.get(address, headers=headers).status_code
