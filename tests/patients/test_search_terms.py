from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.patients.search_terms import SearchTerms, marked, read_terms

TODAY = dt.date(2026, 11, 23)
BORN = dt.date(1973, 3, 4)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("Smi", SearchTerms(("smi",))),
        ("jo smi", SearchTerms(("jo", "smi"))),
        ("Smi, Jo", SearchTerms(("smi", "jo"), family_first=True)),
        ("O'Brien", SearchTerms(("obrien",))),
        ("jiménez 3/4/1973", SearchTerms(("jimenez",), birth_date=BORN)),
        ("Mar 4, 1973 jim", SearchTerms(("jim",), birth_date=BORN)),
        ("jim 4 Mar 1973", SearchTerms(("jim",), birth_date=BORN)),
        ("4th march 73 jim", SearchTerms(("jim",), birth_date=BORN)),
        ("jim 1973/03/04", SearchTerms(("jim",), birth_date=BORN)),
        ("jim 19730304", SearchTerms(("jim",), birth_date=BORN, digits="19730304")),
        ("3-4-73", SearchTerms(birth_date=BORN)),
        ("dob 3/4/73", SearchTerms(birth_date=BORN)),
        ("MRN 104 882", SearchTerms(digits="104882")),
        ("#104882", SearchTerms(digits="104882")),
        ("(207) 555-0142", SearchTerms(digits="2075550142")),
        ("03041973", SearchTerms(birth_date=BORN, digits="03041973")),
        ("jim 555-0142", SearchTerms(("jim",), digits="5550142")),
        ("13/13/1973", SearchTerms(digits="13131973")),
    ],
)
def test_a_search_is_taken_apart(typed: str, terms: SearchTerms) -> None:
    assert read_terms(typed, TODAY) == terms


@pytest.mark.parametrize("typed", ["", "  ", "'", ",", "12", "\u0000", "\ud800"])
def test_what_says_nothing_is_empty(typed: str) -> None:
    assert read_terms(typed, TODAY).empty


def test_two_words_may_stand_in_either_order() -> None:
    assert set(read_terms("jo smi", TODAY).splits) == {("jo smi", ""), ("", "jo smi"), ("smi", "jo"), ("jo", "smi")}


def test_a_comma_says_which_is_the_family_name() -> None:
    assert read_terms("smi, jo", TODAY).splits == [("smi", "jo")]


@settings(deadline=None)
@given(st.text(max_size=150))
def test_anything_typed_can_be_taken_apart(typed: str) -> None:
    terms = read_terms(typed, TODAY)
    assert len(terms.splits) <= 10


@pytest.mark.parametrize(
    ("name", "typed", "pieces"),
    [
        ("Rosa Jimenez", "jim", [("Rosa ", False), ("Jim", True), ("enez", False)]),
        ("Rosa Jiménez", "jime r", [("R", True), ("osa ", False), ("Jimé", True), ("nez", False)]),
        ("Max Strauß", "strauss", [("Max ", False), ("Strauß", True)]),
        ("Rosa Jimenez", "x", [("Rosa Jimenez", False)]),
    ],
)
def test_the_beginnings_that_were_typed_are_marked(name: str, typed: str, pieces: list[tuple[str, bool]]) -> None:
    assert marked(name, typed) == pieces


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_marking_loses_no_letter(name: str, typed: str) -> None:
    assert "".join(piece for piece, _ in marked(name, typed)) == name
