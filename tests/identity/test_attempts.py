"""Attempts on the real DynamoDB interface, with the clock in the test's hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from webapp import dynamo
from webapp.dynamo.breaker import SEATS
from webapp.identity.attempts import ACCOUNT, ADDRESS, LONGEST_WAIT, TABLE, Attempts, TooManyAttempts, network_of
from webapp.identity.gateways.cognito import SignInUnavailable, WrongPassword
from webapp.settings import Settings

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = bytes(range(32))


@pytest.fixture
def attempts(app: Flask, settings: Settings) -> Attempts:
    return Attempts(dynamo.connect(settings), KEY)


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@anteroom.example"


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def any_address() -> str:
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def fail(attempts: Attempts, email: str, address: str = "", at: datetime = NOW) -> bool:
    """One wrong password; whether a wait begins with it."""
    with pytest.raises(WrongPassword) as wrong, attempts.trying("password", email, address or any_address(), at):
        raise WrongPassword
    return wrong.value.locks


def waits(attempts: Attempts, email: str, at: datetime, address: str = "") -> float:
    with (
        pytest.raises(TooManyAttempts) as many,
        attempts.trying("password", email, address or any_address(), at),
    ):
        pytest.fail("an attempt was judged although it had to wait")
    return many.value.wait.total_seconds()


def test_five_failures_cost_nothing_and_the_sixth_attempt_waits_half_a_minute(attempts: Attempts, email: str) -> None:
    assert [fail(attempts, email) for _ in range(5)] == [False] * 4 + [True]
    assert waits(attempts, email, NOW) == 30
    assert waits(attempts, email, after(29)) == 1


def test_waits_double_up_to_a_quarter_of_an_hour(attempts: Attempts, email: str) -> None:
    at, seen = NOW, list[float]()
    for _ in range(12):
        fail(attempts, email, at=at)
        wait = ACCOUNT.wait_after(len(seen) + 1)
        seen.append(wait.total_seconds())
        at += wait
    assert seen == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_the_right_password_after_the_wait_starts_anew(attempts: Attempts, email: str) -> None:
    for _ in range(5):
        fail(attempts, email)
    with attempts.trying("password", email, any_address(), after(30)):
        pass
    assert [fail(attempts, email, at=after(31)) for _ in range(4)] == [False] * 4


def test_failures_are_forgotten_an_hour_after_the_last_without_any_sweeping(attempts: Attempts, email: str) -> None:
    for _ in range(4):
        fail(attempts, email)
    assert fail(attempts, email, at=after(3601)) is False
    assert fail(attempts, email, at=after(3602)) is False


def test_the_hour_is_counted_from_the_last_failure(attempts: Attempts, email: str) -> None:
    for _ in range(4):
        fail(attempts, email)
    assert fail(attempts, email, at=after(3599)) is True


def test_an_outage_is_nobodys_failure(attempts: Attempts, email: str) -> None:
    address = any_address()
    for _ in range(20):
        with pytest.raises(SignInUnavailable), attempts.trying("password", email, address, NOW):
            raise SignInUnavailable
    assert fail(attempts, email, address) is False


def test_guesses_sent_at_once_are_no_more_than_guesses_one_by_one(attempts: Attempts, email: str) -> None:
    judged = []

    def guess(number: int) -> None:
        try:
            with attempts.trying("password", email, f"10.0.{number}.1", NOW):
                judged.append(number)
                raise WrongPassword  # noqa: TRY301
        except (WrongPassword, TooManyAttempts):
            pass

    with ThreadPoolExecutor(SEATS) as pool:
        list(pool.map(guess, range(64)))
    assert 1 <= len(judged) <= 5


def test_an_address_that_tries_many_accounts_waits_too(attempts: Attempts) -> None:
    address = any_address()
    for number in range(ADDRESS.free):
        fail(attempts, f"{number}-{address}", address)
    assert waits(attempts, "somebody else", NOW, address) == 30
    assert fail(attempts, f"somebody else {address}") is False


def test_a_right_password_takes_only_its_own_attempt_from_the_address(attempts: Attempts) -> None:
    address = any_address()
    for number in range(ADDRESS.free - 1):
        fail(attempts, f"{number}-{address}", address)
        with attempts.trying("password", f"mine-{address}", address, NOW):
            pass
    fail(attempts, f"last-{address}", address)
    assert waits(attempts, "somebody else", NOW, address) == 30


def test_an_address_in_use_all_day_is_not_charged_for_the_morning(attempts: Attempts) -> None:
    address = any_address()
    for number in range(ADDRESS.free - 1):
        fail(attempts, f"{number}-{address}", address, after(number * 30))
    assert fail(attempts, f"later-{address}", address, after(3601)) is False


def test_clocks_that_differ_by_a_second_do_not_open_the_door(attempts: Attempts, email: str) -> None:
    for _ in range(5):
        fail(attempts, email)
    assert waits(attempts, email, after(-1)) == 31


def test_kinds_of_attempts_are_counted_apart(attempts: Attempts, email: str) -> None:
    for _ in range(5):
        fail(attempts, email)
    with attempts.trying("code", email, any_address(), NOW):
        pass


def test_nobody_reads_an_address_in_the_table(attempts: Attempts, email: str, settings: Settings) -> None:
    fail(attempts, email, "192.0.2.77")
    items = [
        dynamo.connect(settings).get(TABLE, {"pk": attempts.key_of(kind, subject)})
        for kind, subject in (("password", email), ("address", "192.0.2.77"))
    ]
    assert all(items)
    assert "192.0.2" not in str(items)
    assert email not in str(items)


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8::1", "2001:db8::ffff:2"), ("192.0.2.1", "192.0.2.1"), ("nonsense", "")]
)
def test_one_household_is_one_address(one: str, other: str) -> None:
    assert network_of(one) == network_of(other)


def test_neighbors_are_two_addresses() -> None:
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8:0:2::1")


def test_a_code_counts_once(attempts: Attempts, email: str) -> None:
    lasting = timedelta(minutes=2)
    assert attempts.claim_once("used", email, NOW, lasting)
    assert not attempts.claim_once("used", email, NOW, lasting)
    assert not attempts.claim_once("used", email, after(119), lasting)
    assert attempts.claim_once("used", email, after(120), lasting)


def test_no_wait_is_longer_than_the_longest() -> None:
    assert ACCOUNT.wait_after(10_000) == LONGEST_WAIT
