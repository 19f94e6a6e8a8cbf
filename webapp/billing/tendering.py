"""What a payment will do before it is made: which invoices it pays, and what is left over.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


def spread(cents: int, free: Mapping[UUID, int]) -> dict[UUID, int]:
    """Cents by invoice, in the order given: each gets what it still asks for until nothing is left."""
    shares: dict[UUID, int] = {}
    for invoice, open_cents in free.items():
        if part := min(cents, max(0, open_cents)):
            shares[invoice] = part
            cents -= part
    return shares


def left_over(cents: int, free: Mapping[UUID, int]) -> int:
    """Cents that no invoice asks for: they become credit."""
    return cents - sum(spread(cents, free).values())


def half(cents: int) -> int:
    """Half of an amount, the odd cent now."""
    return cents - cents // 2


_BOUNDS = (30, 60, 90)
AGES = len(_BOUNDS) + 1


def age(days: int) -> int:
    """Which of the AGES something has that is that many days late: to 30, 60, 90, and beyond."""
    return sum(days > bound for bound in _BOUNDS)
