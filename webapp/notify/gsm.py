"""Text messages in one part: the alphabet that phones send 160 characters of, and what other letters become."""

from __future__ import annotations

import unicodedata

LONGEST = 160
SHORTEST_NAME = 8

# GSM 03.38, the basic table: each of these is one of the 160.
ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_LIKE = str.maketrans(
    {
        "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ",
        "[": "(", "]": ")", "{": "(", "}": ")", "~": "-", "^": "", "|": "/", "\\": "/", "€": "EUR", "•": "-", "`": "'",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """The text in the alphabet of phones: accents that it lacks go, letters that it has no likeness of become "?"."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text).translate(_LIKE)))


def _letter(letter: str) -> str:
    if letter in ALPHABET:
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return bare if bare and set(bare) <= ALPHABET else "?"


def fit(name: str, text: str) -> str:
    """A message "Name: text" that fits; the name is shortened first, then the end of the text.

    What is cut off is never the beginning: that is when, and there is an address or a number behind it.
    """
    name, text = plain(name), plain(text)
    room = LONGEST - len(text) - len(": ")
    if len(name) > room:
        name = name[: max(room, SHORTEST_NAME) - 1].rstrip() + "."
    return f"{name}: {text}"[:LONGEST].rstrip()
