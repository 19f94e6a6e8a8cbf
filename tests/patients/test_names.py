from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.patients.names import initials, name_keys, search_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("José María", "jose maria"),
        ("O'Brien-Núñez", "obrien nunez"),
        ("O’Brien", "obrien"),
        ("D. Cruz", "d cruz"),
        ("Straße", "strasse"),
        ("Sørensen", "sorensen"),
        ("Wójcik Łuczak", "wojcik luczak"),
        ("İnci", "inci"),
        ("Æthelred Þór", "aethelred thor"),
        ("  Anne   Marie ", "anne marie"),
        ("ﬁnch", "finch"),
        ("王小明", "王小明"),
        ("김철수", "김철수"),
        ("Σίσυφος", "σισυφοσ"),
        ("'-.", ""),
        ("", ""),
        ("a\u0000b\ud800", "a b"),
    ],
)
def test_a_name_is_folded_for_search(name: str, key: str) -> None:
    assert search_key(name) == key


@settings(deadline=None)
@given(st.text(max_size=60))
def test_folding_twice_folds_no_further_and_leaves_words_parted_by_one_space(name: str) -> None:
    key = search_key(name)
    assert search_key(key) == key
    assert key == " ".join(key.split())


def test_the_whole_key_also_holds_the_name_somebody_was_born_with() -> None:
    keys = name_keys("Zoë", "O'Neil", "Żak")
    assert (keys.family, keys.given, keys.whole) == ("oneil", "zoe", "zoe oneil zak")


@pytest.mark.parametrize(
    ("given_name", "family", "letters"), [("Rosa", "Jimenez", "RJ"), ("'Ana", "", "A"), ("", "", "")]
)
def test_initials_are_the_first_letters(given_name: str, family: str, letters: str) -> None:
    assert initials(given_name, family) == letters
