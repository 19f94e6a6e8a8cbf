"""Counting money by hand: which notes there are, and what somebody counted.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTES: dict[str, tuple[int, ...]] = {
    "USD": (10_000, 5_000, 2_000, 1_000, 500, 100),
    "CAD": (10_000, 5_000, 2_000, 1_000, 500),
    "EUR": (10_000, 5_000, 2_000, 1_000, 500),
    "GBP": (5_000, 2_000, 1_000, 500),
}
"""Notes that a till is filled with, in cents; everything smaller is counted as one amount of coins."""
USUAL = (10_000, 5_000, 2_000, 1_000, 500, 100)
COINS = "coins"


def notes_of(currency: str) -> tuple[int, ...]:
    """Notes of a currency in cents, the largest first."""
    return NOTES.get(currency, USUAL)


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody counted in one drawer: notes by their cents, coins in cents, or only how much it came to.

    Nothing at all is None everywhere: a drawer that was not counted is not an empty one.
    """

    total_cents: int | None = None
    notes: Mapping[int, int] = field(default_factory=dict)
    coins_cents: int | None = None

    @property
    def by_piece(self) -> bool:
        """Whether notes or coins were counted one by one."""
        return bool(self.notes) or self.coins_cents is not None

    @property
    def pieces_cents(self) -> int:
        """What the notes and coins come to."""
        return sum(cents * number for cents, number in self.notes.items()) + (self.coins_cents or 0)

    @property
    def cents(self) -> int | None:
        """What lies in the drawer; None when nobody counted."""
        if self.by_piece:
            return self.pieces_cents
        return self.total_cents

    @property
    def contradicts(self) -> bool:
        """Whether the total that was typed is not what the pieces come to."""
        return self.by_piece and self.total_cents is not None and self.total_cents != self.pieces_cents

    def pieces(self) -> dict[str, int]:
        """The pieces as they are kept with a signed count: how many of which note, and the coins in cents."""
        coins = {} if self.coins_cents is None else {COINS: self.coins_cents}
        return {str(cents): number for cents, number in self.notes.items()} | coins
