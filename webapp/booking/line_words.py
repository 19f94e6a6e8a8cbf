"""Providers and types of visits by any part of their names, as people abbreviate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.patients.names import search_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

FEWEST_LETTERS = 3
# "pat" is somebody called Pat rather than half of "New patient".
FEWEST_LETTERS_INSIDE = 4


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a line can name: `last` is a family name, or the whole name of a type of visit."""

    id: UUID
    last: str
    first: str = ""


def meant(typed: str, known: Sequence[Named]) -> frozenset[UUID]:
    """Whose whole name the words begin, word by word from one of its words on, or give the initials of: "foll", "fu".

    An exact name means that one alone, whatever others begin with it.
    """
    words = search_key(typed).split()
    if not words:
        return frozenset()
    exact = frozenset(named.id for named in known if search_key(named.last) == " ".join(words))
    return exact or frozenset(named.id for named in known if _abbreviates(words, search_key(named.last).split()))


def begins(name: str, word: str) -> bool:
    """Whether a word is a part of a name or, from three letters on, begins one."""
    typed, whole = search_key(word), search_key(name)
    parts = {part for part in (whole, *whole.split()) if not part.isdecimal()}
    return bool(typed) and any(
        typed == part or (len(typed) >= FEWEST_LETTERS and part.startswith(typed)) for part in parts
    )


def _abbreviates(words: Sequence[str], name: Sequence[str]) -> bool:
    if len(name) > 1 and "".join(words) == "".join(word[0] for word in name):
        return True
    for first in range(len(name) - len(words) + 1):
        rest = name[first : first + len(words)]
        fewest = FEWEST_LETTERS_INSIDE if first else FEWEST_LETTERS
        long_enough = len(words[0]) >= fewest or words[0] == rest[0]
        if (
            long_enough
            and not words[0].isdecimal()
            and all(whole.startswith(word) for word, whole in zip(words, rest, strict=True))
        ):
            return True
    return False
