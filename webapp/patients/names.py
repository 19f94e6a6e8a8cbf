"""Names folded for search, so that what is typed in a hurry finds what is written with care."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Letters that have no decomposition but that people type without their stroke or ligature.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "ı": "i",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
    }
)
# O'Brien, O’Brien and OBrien are one name; so are D. Cruz and D Cruz.
_DROPPED = re.compile(r"['’‘ʼʻ`´.]+")
LONGEST_KEY = 200
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class NameKeys:
    """The three folded forms of one person's name, as their columns hold them."""

    family: str
    given: str
    whole: str


def search_key(name: str) -> str:
    """Fold a name: no accents, no case, no punctuation, words parted by one space; "" when no letter is left.

    "O'Brien-Núñez" becomes "obrien nunez".  Scripts without case or accents keep their letters.
    """
    # Twice, because folding the case of some letters brings combining marks back (Turkish dotted I).
    folded = _without_marks(_without_marks(name).casefold())
    folded = _DROPPED.sub("", folded.translate(_PLAIN))
    return unicodedata.normalize("NFC", " ".join(_SEPARATORS.sub(" ", folded).split()))


def name_keys(given: str, family: str, maiden_name: str = "") -> NameKeys:
    """Fold the parts of a name; `whole` also finds people by the name they were born with.

    Keys are cut at 200 characters: some letters fold to eighteen, and an index row has its limit.
    """
    keys = [search_key(part)[:LONGEST_KEY].rstrip() for part in (given, family, maiden_name)]
    return NameKeys(keys[1], keys[0], " ".join(key for key in keys if key))


def initials(given: str, family: str) -> str:
    """First letters of given and family name, "RJ", for an avatar; empty when neither has a letter."""
    letters = (next((letter for letter in part if letter.isalpha()), "") for part in (given, family))
    return "".join(letters).upper()


def _without_marks(text: str) -> str:
    # Only marks that combine: vowel signs of Indic scripts have class 0 and are letters of the name.
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
