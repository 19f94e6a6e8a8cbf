"""A race, how it ends, and the guard that it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from tests.booking.races import Race


@dataclass(frozen=True)
class Case:
    """A race, how it has to end, the guard it rests on, and what comes out otherwise without it."""

    race: Race
    won: dict[str, object]
    lost: dict[str, object]
    sabotage: tuple[str, ...] = ()
    rewritten: tuple[str, str, str] | None = None
    unlocked: bool = False


NO_CONSTRAINT = ("ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy",)
NO_MATCH = (
    "ALTER TABLE occupancy DISABLE TRIGGER occupancy_appointment",
    "ALTER TABLE appointment DISABLE TRIGGER USER",
)
