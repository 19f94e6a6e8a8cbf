"""One line that books: "smi, jo tue 3pm osei follow-up" taken apart into who, when, with whom and what for.

Every word of the line goes into exactly one part.  What no rule claims is the patient's: names are the only thing a
line can hold that no list knows.  Words next to a comma are the patient's before any rule sees them, so that a patient
may be called like a provider, a day or a type of visit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from webapp.booking.line_times import MOST_WORDS_OF_A_DAY, is_birth_date, read_day, read_length, read_time
from webapp.booking.line_words import Named, begins, meant

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    Reader = Callable[[str], object | None]
    """Reads lower-case words parted by one space; None when they say nothing of its kind."""

LONGEST = 100
_MOST_WORDS_OF_A_NAME = 4
_MOST_WORDS_OF_A_TIME = 2
_WORD = re.compile(r"[^\s,;]+")
_BARE_TIME = re.compile(r"(0?[1-9]|1\d|2[0-3])([0-5]\d)", re.ASCII)
_NOISE = frozenset({"with", "w/", "w", "at", "@", "on", "for", "book"})
_TITLES = frozenset({"dr", "dr.", "doctor"})


class Kind(StrEnum):
    """What a word of the line says."""

    PATIENT = "patient"
    DAY = "day"
    TIME = "time"
    PROVIDER = "provider"
    SERVICE = "service"
    LENGTH = "length"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Part:
    """One word of the line, from `start` up to `end`, and what it says."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understood:
    """What the line says; more than one day, time, provider or service is an ambiguity to be asked about.

    `patient` is what is left, in the order it was typed, for the search for people.
    """

    parts: tuple[Part, ...]
    patient: str
    days: tuple[dt.date, ...] = ()
    times: tuple[dt.time, ...] = ()
    providers: tuple[UUID, ...] = ()
    services: tuple[UUID, ...] = ()

    @property
    def says_when(self) -> bool:
        return bool(self.days or self.times)

    @property
    def books(self) -> bool:
        """Whether it reads as a booking: somebody, and at least when or what for."""
        return bool(self.patient and (self.says_when or self.services))

    @property
    def missing(self) -> tuple[Kind, ...]:
        """What a booking needs and the line does not say; whoever is free will do, so a provider is never missing."""
        told = ((Kind.PATIENT, self.patient), (Kind.DAY, self.days), (Kind.TIME, self.times))
        return tuple(kind for kind, said in (*told, (Kind.SERVICE, self.services)) if not said)


class _Line:
    """The words of a line, and which of them a rule has claimed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = [match.span() for match in _WORD.finditer(text)]
        self.kinds: list[Kind | None] = [None] * len(self.spans)
        for index in range(len(self.spans) - 1):
            between = text[self.spans[index][1] : self.spans[index + 1][0]]
            # "dec 3, 2026" is no name.
            if "," in between and not any(char.isdigit() for char in self.words(index, 2)):
                self.kinds[index] = self.kinds[index + 1] = Kind.PATIENT

    def words(self, first: int, length: int = 1) -> str:
        return " ".join(self.text[start:end].casefold() for start, end in self.spans[first : first + length])

    def free(self) -> Iterator[int]:
        return (index for index, kind in enumerate(self.kinds) if kind is None)

    def claim(self, kind: Kind, longest: int, read: Reader) -> list[object]:
        """Claim every stretch of free words that `read` understands, the longest first; returns what they say."""
        said = []
        for length in range(min(longest, len(self.spans)), 0, -1):
            for first in range(len(self.spans) - length + 1):
                if any(self.kinds[first : first + length]):
                    continue
                if (understood := read(self.words(first, length))) is not None:
                    self.kinds[first : first + length] = [kind] * length
                    said.append(understood)
        return said

    def patient(self) -> str:
        """The patient's words as they were typed, with the commas between them."""
        kept: list[str] = []
        last = 0
        for (start, end), kind in zip(self.spans, self.kinds, strict=True):
            if kind is Kind.PATIENT:
                if kept:
                    kept.append(", " if "," in self.text[last:start] else " ")
                kept.append(self.text[start:end])
                last = end
        return "".join(kept)


def read_line(
    typed: str, *, now: dt.datetime, providers: Sequence[Named] = (), services: Sequence[Named] = ()
) -> Understood:
    """Take a line apart as seen at `now`, the site's wall time without a zone; only its first 100 characters count."""
    line = _Line(typed[:LONGEST])
    today = now.date()
    line.claim(Kind.PATIENT, MOST_WORDS_OF_A_DAY, lambda words: is_birth_date(words, today) or None)
    times = {time for time in line.claim(Kind.TIME, _MOST_WORDS_OF_A_TIME, read_time) if time}
    line.claim(Kind.LENGTH, _MOST_WORDS_OF_A_TIME, lambda words: read_length(words) or None)
    days = line.claim(Kind.DAY, MOST_WORDS_OF_A_DAY, lambda words: read_day(words, today))
    wanted = line.claim(Kind.SERVICE, _MOST_WORDS_OF_A_NAME, lambda words: meant(words, services) or None)
    if not times and (days or wanted):
        # Alone, four digits are the end of a phone number.
        times = set(line.claim(Kind.TIME, 1, _bare_time))
    people = _providers(line, providers)
    line.claim(Kind.NOISE, 1, lambda word: word in _NOISE or None)
    if Kind.PATIENT not in line.kinds and None not in line.kinds:
        # Somebody comes: the name is the patient's, though a provider has it too.
        people = ()
        line.kinds = [None if kind is Kind.PROVIDER else kind for kind in line.kinds]
    line.kinds = [kind or Kind.PATIENT for kind in line.kinds]
    said_times = tuple(sorted(times))  # type: ignore[type-var]
    return Understood(
        tuple(Part(kind, *span) for kind, span in zip(line.kinds, line.spans, strict=True) if kind),
        line.patient(),
        tuple(sorted({day.for_times(said_times, now) for day in days})),  # type: ignore[attr-defined]
        said_times,  # type: ignore[arg-type]
        people,
        _together(wanted, services),  # type: ignore[arg-type]
    )


def _bare_time(word: str) -> dt.time | None:
    found = _BARE_TIME.fullmatch(word)
    return None if found is None else read_time(f"{found[1]}:{found[2]}")


def _providers(line: _Line, known: Sequence[Named]) -> tuple[UUID, ...]:
    """Claim providers by any part of their names; a family name outweighs somebody else's given name."""
    families = {index: _called(known, line.words(index), "last") for index in line.free()}
    families = {index: ids for index, ids in families.items() if ids}
    named = frozenset().union(*families.values())
    given = {index: _called(known, line.words(index), "first") for index in line.free() if index not in families}
    given = {index: ids for index, ids in given.items() if ids and (not named or ids & named)}
    for index in sorted(families | given):
        line.kinds[index] = Kind.PROVIDER
        if index and line.words(index - 1) in _TITLES and line.kinds[index - 1] is None:
            line.kinds[index - 1] = Kind.PROVIDER
    return _together([*families.values(), *given.values()], known)


def _called(known: Sequence[Named], word: str, part: str) -> frozenset[UUID]:
    return frozenset(each.id for each in known if begins(getattr(each, part), word))


def _together(said: Sequence[frozenset[UUID]], known: Sequence[Named]) -> tuple[UUID, ...]:
    """What several stretches mean together: what all of them may mean, else all that any of them may."""
    if not said:
        return ()
    shared = frozenset.intersection(*said) or frozenset.union(*said)
    return tuple(each.id for each in known if each.id in shared)
