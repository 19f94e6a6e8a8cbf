"""Amounts: what people type, what they may not, and how it is written."""

from __future__ import annotations

import contextlib
import re

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from webapp.money import MOST_CENTS, Money, WrongAmount, money, parse, typed


@pytest.fixture(autouse=True)
def words() -> object:
    app = Flask("money")
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("86.50", 8_650), ("$1,086.5", 108_650), ("86", 8_600), (" 86. ", 8_600), (".5", 50), ("0.01", 1),
        ("$ 12", 1_200),
        ("USD 12", 1_200), ("12 usd", 1_200), ("1,000,000", 100_000_000), ("10000000", MOST_CENTS), ("1.500", 150),
        ("12$", 1_200),
    ],
)  # fmt: skip
def test_what_people_type_is_read(text: str, cents: int) -> None:
    assert parse(text, "USD") == Money(cents, "USD")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "like 86.50"), (".", "like 86.50"), ("$", "like 86.50"), ("abc", "like 86.50"), ("1e5", "like 86.50"),
        ("12,5", "like 86.50"), ("1,0000", "like 86.50"), ("NaN", "like 86.50"), ("inf", "like 86.50"),
        ("١٢", "like 86.50"),
        ("1 2", "like 86.50"), ("9" * 5000, "like 86.50"), ("0x10", "like 86.50"), ("+5", "like 86.50"),
        ("-5", "above zero"), ("−5", "above zero"), ("(5)", "above zero"), ("$-5", "above zero"), ("0", "above zero"),
        ("0.00", "above zero"), ("1.005", "smaller than a cent"), ("0.001", "smaller than a cent"),
        ("10000000.01", "more than $10,000,000.00"), ("99999999999", "more than"), ("€5", "paid in USD"),
        ("5 EUR", "paid in USD"), ("EUR 5", "paid in USD"), ("\x005", "like 86.50"), ("\ud800", "like 86.50"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_said_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(WrongAmount, match=re.escape(says)):
        parse(text, "USD")


@given(st.integers(0, MOST_CENTS))
def test_what_is_written_can_be_typed_again(cents: int) -> None:
    assert parse(money(cents, "USD"), "USD", zero=True) == parse(typed(cents), "USD", zero=True) == Money(cents)


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(WrongAmount):
        assert 0 < parse(text, "USD").cents <= MOST_CENTS


def test_cents_are_never_lost_in_writing() -> None:
    assert money(900_719_925_474_099_3, "USD") == "$90,071,992,547,409.93"
    assert str(Money(-500)) == "-$5.00"


def test_two_currencies_never_meet() -> None:
    with pytest.raises(ValueError, match="EUR is not USD"):
        Money(1) + Money(1, "EUR")
    with pytest.raises(TypeError):
        Money(1.5)  # type: ignore[arg-type]


def test_amounts_add_up() -> None:
    assert Money(300) + Money(200) - Money(100) == -Money(-400)
    assert not Money(0)
