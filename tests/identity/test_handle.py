from __future__ import annotations

import base64
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.identity.handle import TEXT_LENGTH, new_handle, parse_handle

ACCOUNT = UUID("0189abcd-0000-7000-8000-000000000001")


def test_a_handle_survives_the_cookie() -> None:
    handle = new_handle(ACCOUNT)
    assert parse_handle(str(handle)) == handle
    assert len(str(handle)) == TEXT_LENGTH


def test_the_secret_is_in_no_repr_and_the_digest_is_not_the_secret() -> None:
    handle = new_handle(ACCOUNT)
    assert str(handle).partition(".")[2] not in repr(handle)
    assert handle.digest not in str(handle)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        b"bytes",
        "",
        ".",
        "x" * TEXT_LENGTH,
        f"{ACCOUNT}.",
        f"{ACCOUNT}.{'é' * 43}",
        f"{ACCOUNT}.{'A' * 42}",
        f"{ACCOUNT}.{'A' * 44}",
        f"{ACCOUNT}.{'A' * 42}\n",
        f"{ACCOUNT}.{'A' * 42}=",
        f"{ACCOUNT}.{'A' * 42}+",
        str(ACCOUNT).upper() + "." + "A" * 43,
        "{" + str(ACCOUNT)[:-2] + "}." + "A" * 43,
        "\x00" * TEXT_LENGTH,
        "A" * 1_000_000,
    ],
)
def test_what_we_cannot_have_written_is_no_handle(text: object) -> None:
    assert parse_handle(text) is None


def test_only_one_spelling_of_the_same_bytes_passes() -> None:
    # The last of 43 characters carries two bits that no byte uses.
    text = str(new_handle(ACCOUNT))
    others = [text[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    accepted = [other for other in others if parse_handle(other)]
    assert len(accepted) == 16
    assert len({parse_handle(other).secret for other in accepted}) == 16  # type: ignore[union-attr]


@given(
    st.text(max_size=100) | st.binary(max_size=100).map(lambda b: f"{uuid4()}.{base64.urlsafe_b64encode(b).decode()}")
)
def test_no_text_breaks_the_parser(text: str) -> None:
    handle = parse_handle(text)
    assert handle is None or str(handle) == text
