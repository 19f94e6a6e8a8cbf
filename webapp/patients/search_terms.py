"""What somebody typed into the search box: names, a birth date, or digits of a phone or record number."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from webapp.patients import birth_dates
from webapp.patients.names import search_key

LONGEST = 100
MOST_WORDS = 5
FEWEST_DIGITS = 3
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\b(?:\d{{4}}[/.\-]\d{{1,2}}[/.\-]\d{{1,2}}|\d{{1,2}}[/.\-]\d{{1,2}}[/.\-](?:\d{{4}}|\d{{2}})"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}\.?,? (?:\d{{4}}|\d{{2}})|\d{{8}})\b",
    re.ASCII | re.IGNORECASE,
)
# What a record number may be announced by; not part of any name.
_ANNOUNCED = re.compile(r"(?i)\b(?:mrn|dob|born|tel|phone)\b[:#]?|#")
_DIGIT = re.compile(r"\d", re.ASCII)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """The parts of a search; `words` are folded as names are, `family_first` when a comma said so."""

    words: tuple[str, ...] = ()
    family_first: bool = False
    birth_date: dt.date | None = None
    digits: str = ""

    @property
    def empty(self) -> bool:
        return not (self.words or self.birth_date or len(self.digits) >= FEWEST_DIGITS)

    @property
    def splits(self) -> list[tuple[str, str]]:
        """The (family, given) beginnings the words can mean; "" leaves that part open."""
        whole = " ".join(self.words)
        if not whole:
            return []
        cuts = [(" ".join(self.words[:n]), " ".join(self.words[n:])) for n in range(1, len(self.words))]
        if self.family_first and cuts:
            return cuts
        either_way = [pair for first, rest in cuts for pair in ((rest, first), (first, rest))]
        return [(whole, ""), ("", whole), *either_way]


def read_terms(typed: str, today: dt.date) -> SearchTerms:
    """Take a search apart: "smi, jo", "jo smi 3/4/1973", "555-0142", "MRN 104 882"."""
    text = " ".join(_ANNOUNCED.sub(" ", typed[:LONGEST]).split())
    birth_date, rest = _birth_date(text, today)
    digits = "".join(_DIGIT.findall(rest))
    family, comma, _ = rest.partition(",")
    words = tuple(word for word in search_key(rest).split() if not word.isdecimal())[:MOST_WORDS]
    return SearchTerms(words, bool(comma and search_key(family)), birth_date, digits)


def marked(name: str, typed: str) -> list[tuple[str, bool]]:
    """Cut a name into pieces, True for those a search matched: the beginnings of its words."""
    wanted = search_key(typed).split()
    pieces: list[tuple[str, bool]] = []
    done = 0
    for word in _WORD.finditer(name):
        length = max((_reach(word.group(), term) for term in wanted), default=0)
        if length:
            pieces += [(name[done : word.start()], False), (name[word.start() : word.start() + length], True)]
            done = word.start() + length
    return [piece for piece in (*pieces, (name[done:], False)) if piece[0]]


def _birth_date(text: str, today: dt.date) -> tuple[dt.date | None, str]:
    found = _DATE.search(text)
    date = birth_dates.parse(found.group(), today) if found else None
    if found is None or date is None:
        return None, text
    # Eight digits in a row may be a phone number as well, so they stay.
    kept = found.group() if found.group().isdecimal() else " "
    return date, text[: found.start()] + kept + text[found.end() :]


def _reach(word: str, term: str) -> int:
    """How many letters of a word a folded term covers from its start; 0 when it does not begin so."""
    if not search_key(word).startswith(term):
        return 0
    return next((n for n in range(1, len(word)) if len(search_key(word[:n])) >= len(term)), len(word))
