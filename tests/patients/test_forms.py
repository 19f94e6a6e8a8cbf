from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import FormInvalid
from webapp.patients.forms import read_contact, read_new_patient
from webapp.patients.registration import NewPatient

TODAY = dt.date(2026, 11, 23)
GOOD = {"given": "Rosa", "family": "Jimenez", "birth_date": "3/4/1973", "phone": "207 555 0142"}


@pytest.fixture(autouse=True, scope="module")
def speaking() -> Iterator[None]:
    """Sentences need a language."""
    app = Flask("forms")
    Babel(app)
    with app.test_request_context():
        yield


def errors(**changes: str) -> dict[str, list[str]]:
    with pytest.raises(FormInvalid) as caught:
        read_new_patient(GOOD | changes, TODAY)
    return caught.value.errors


def test_four_fields_make_a_patient() -> None:
    entry = read_new_patient(GOOD | {"csrf_token": "x", "_key": "y"}, TODAY)
    assert entry.patient == NewPatient("Rosa", "Jimenez", dt.date(1973, 3, 4), "(207) 555-0142")
    assert entry.despite_duplicates is False


def test_the_rest_is_read_when_it_is_there() -> None:
    entry = read_new_patient(
        GOOD | {"gender": "female", "email": " Rosa@Example.COM ", "despite_duplicates": "1"}, TODAY
    )
    assert (entry.patient.gender, entry.patient.email, entry.despite_duplicates) == ("female", "rosa@example.com", True)


def test_all_that_is_missing_is_said_at_once_in_plain_words() -> None:
    with pytest.raises(FormInvalid) as caught:
        read_new_patient({}, TODAY)
    assert caught.value.errors == {
        "given": ["Enter the first name"],
        "family": ["Enter the last name"],
        "birth_date": ["Enter the date of birth"],
        "phone": ["Enter a phone number"],
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("birth_date", "2/30/1984", "Enter a date that exists"),
        ("birth_date", "11/24/2026", "in the future"),
        ("birth_date", "1/1/1890", "more than 125 years ago"),
        ("birth_date", "0" * 500, "Enter a date that exists"),
        ("phone", "555-0142", "with its area code"),
        ("phone", "1" * 500, "with its area code"),
        ("email", "rosa@", "like name@example.com"),
        ("gender", "banana", "Choose one"),
        ("given", "x" * 101, "Shorten this"),
        ("family", "...", "at least one letter"),
        ("family", "a\u0000b", "cannot be stored"),
        ("given", "a\ud800b", "cannot be stored"),
        ("id", "7", "out of date"),
        ("record_number", "7", "out of date"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(field: str, value: str, sentence: str) -> None:
    found = errors(**{field: value})
    assert list(found) == [field]
    assert sentence in found[field][0]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "email", "gender", "x"]), st.text(max_size=30)))
def test_whatever_is_sent_it_is_read_or_refused(form: dict[str, str]) -> None:
    try:
        read_new_patient(form, TODAY)
    except FormInvalid as refusal:
        assert refusal.errors  # noqa: PT017 - reading it is as good as refusing it, with sentences


def test_a_contact_change_is_read() -> None:
    change = read_contact({"version": "3", "phone": "2075550142", "city": "Portland", "interpreter_needed": "1"})
    assert (change.version, change.phone, change.city, change.language) == (3, "(207) 555-0142", "Portland", "en")
    assert change.interpreter_needed is True


@pytest.mark.parametrize("version", ["", "x", "1.5", "9" * 5000])
def test_a_contact_change_of_no_version_is_out_of_date(version: str) -> None:
    with pytest.raises(FormInvalid) as caught:
        read_contact({"version": version, "phone": "2075550142"})
    assert list(caught.value.errors) == ["version"]
