"""How a visit is to repeat while somebody is still choosing: as typed, in a form or an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

REPEAT = "repeat_"
"""What the names of its fields begin with."""
LONGEST_WORD = 16
UNIT = f"{REPEAT}unit"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a visit is to repeat, as it was typed; nothing of it counts while `unit` is empty."""

    unit: str = ""
    every: str = "1"
    ends: str = "count"
    count: str = "10"
    until: str = ""


_BLANK = asdict(Rhythm())


def read_rhythm(args: Mapping[str, str]) -> Rhythm:
    """Read how a visit is to repeat, as far as it was typed."""
    typed = {name: args.get(f"{REPEAT}{name}", normal)[:LONGEST_WORD].strip() for name, normal in _BLANK.items()}
    return Rhythm(**typed)


def rhythm_fields(rhythm: Rhythm) -> dict[str, str]:
    """A rhythm as the fields of a form or an address; nothing while it does not repeat."""
    return {f"{REPEAT}{name}": value for name, value in asdict(rhythm).items()} if rhythm.unit else {}
