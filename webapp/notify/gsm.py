"""Text messages in their parts: the alphabet that phones send 160 characters of, and what other letters become."""

from __future__ import annotations

import unicodedata

LONGEST = 160
OF_SEVERAL = 153
"""What each part of a longer text has room for, beside what ties the parts together."""

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


def room(parts: int) -> int:
    """How many characters so many parts hold."""
    return LONGEST if parts == 1 else OF_SEVERAL * parts


def parts(text: str) -> int:
    """How many texts a message is, to whoever pays for them."""
    return 1 if len(text) <= LONGEST else -(-len(text) // OF_SEVERAL)


def fit(name: str, text: str, most: int = 1) -> str:
    """A message "Name: text" of at most so many parts; the name is shortened first, then the end of the text.

    What is cut off is never the beginning: that is when, and there is an address or a number behind it.
    """
    name, text = plain(name), plain(text)
    left = room(most) - len(text) - len(": ")
    if len(name) > left:
        name = name[: max(left, SHORTEST_NAME) - 1].rstrip() + "."
    return f"{name}: {text}"[: room(most)].rstrip()
