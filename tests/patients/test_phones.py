from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.patients.phones import digits, parse


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("2075550142", "(207) 555-0142"),
        ("+1 207.555.0142", "(207) 555-0142"),
        ("207-555-0142 x12", "(207) 555-0142 ext. 12"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("555-0142", None),
        ("call me", None),
        ("", None),
        ("2" * 40, None),
    ],
)
def test_a_phone_number_is_written_the_usual_way(typed: str, number: str | None) -> None:
    assert parse(typed) == number


@pytest.mark.parametrize(
    ("number", "found"),
    [("(207) 555-0142", "2075550142"), ("+1 207 555 0142", "2075550142"), ("207-555-0142 ext. 9", "2075550142")],
)
def test_digits_leave_punctuation_country_and_extension_out(number: str, found: str) -> None:
    assert digits(number) == found


@settings(deadline=None)
@given(st.text(max_size=60))
def test_anything_typed_is_a_number_or_none(typed: str) -> None:
    parse(typed)
    assert digits(typed).isascii()
