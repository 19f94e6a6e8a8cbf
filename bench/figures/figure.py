"""One measured figure beside what it must be and the floor it stands on, and the arithmetic of samples."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` in `unit`; `at_most` or `at_least` limits it, none makes it a report; `beside` is of the same run."""

    name: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return (self.at_most is None or self.measured <= self.at_most) and (
            self.at_least is None or self.measured >= self.at_least
        )

    @property
    def limit(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"

    def row(self) -> str:
        """The figure as a row of the table."""
        verdict = "" if not self.limit else "ok" if self.holds else "MISSED"
        return f"{self.name:<46} {self.measured:>10.2f} {self.unit:<6} {self.limit:>9} {verdict:<7} {self.beside}"

    def facts(self) -> dict[str, Any]:
        """The figure for the JSON file."""
        return {**asdict(self), "holds": self.holds}


def quantile(samples: Sequence[float], part: float) -> float:
    """The sample below which `part` of them lie (nearest rank)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(samples: Sequence[float]) -> float:
    return statistics.median(samples)
