"""QR codes as one path of an inline SVG, with nothing in it that the Content-Security-Policy would refuse."""

from __future__ import annotations

from dataclasses import dataclass

import segno

# White modules around it that readers need.
QUIET = 4


@dataclass(frozen=True, slots=True)
class Qr:
    """A drawing of `size` x `size` units; `path` holds the dark squares."""

    size: int
    path: str


def draw(text: str) -> Qr:
    """The QR code of a text, at medium error correction: a phone reads it from a scratched screen."""
    matrix = segno.make(text, error="m", micro=False).matrix
    squares = (
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row, line in enumerate(matrix)
        for column, dark in enumerate(line)
        if dark
    )
    return Qr(len(matrix) + 2 * QUIET, "".join(squares))
