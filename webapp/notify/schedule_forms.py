"""What the form of a reminder schedule sends: rows of a number and its unit, of which empty ones say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from webapp.errors import BadRequest, FormInvalid
from webapp.notify.schedules import LONGEST, MOST, SHORTEST, Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

UNITS = {"days": 24 * 60, "hours": 60, "minutes": 1}
_DIGITS = 5


def read_schedule(form: Mapping[str, str], service_id: UUID | None) -> Schedule:
    """Read the rows (FormInvalid with a sentence for each that is wrong, BadRequest for what no page of ours sends)."""
    errors: dict[str, list[str]] = {}
    minutes: list[int] = []
    for number in range(1, MOST + 1):
        typed, unit = form.get(f"count_{number}", "").strip(), form.get(f"unit_{number}", "days")
        if not typed:
            continue
        if not typed.isascii() or not typed.isdecimal() or len(typed) > _DIGITS or unit not in UNITS:
            errors[f"count_{number}"] = [_("Enter a whole number, like 2")]
            continue
        before = int(typed) * UNITS[unit]
        if not SHORTEST <= before <= LONGEST:
            errors[f"count_{number}"] = [_("Choose between 15 minutes and 30 days")]
        elif before in minutes:
            errors[f"count_{number}"] = [_("This is the same as one above")]
        minutes.append(before)
    if errors:
        raise FormInvalid(errors)
    return Schedule(service_id, tuple(sorted(minutes, reverse=True)), _seen(form.get("seen", "")))


def _seen(text: str) -> tuple[int, ...]:
    parts = [part for part in text.split(",") if part]
    if len(parts) > MOST or any(not (part.isascii() and part.isdecimal() and len(part) <= _DIGITS) for part in parts):
        raise BadRequest
    return tuple(map(int, parts))


def rows_of(minutes: tuple[int, ...]) -> list[dict[str, str]]:
    """A schedule as the rows of its form, in the largest unit that says it whole; then the empty ones."""
    rows = [_row(each) for each in minutes]
    return rows + [{"count": "", "unit": "days"}] * (MOST - len(rows))


def sent_rows(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows as somebody sent them, to be shown again with what is wrong with them."""
    return [
        {"count": form.get(f"count_{number}", ""), "unit": form.get(f"unit_{number}", "days")}
        for number in range(1, MOST + 1)
    ]


def _row(minutes: int) -> dict[str, str]:
    unit = next(name for name, size in UNITS.items() if minutes % size == 0)
    return {"count": str(minutes // UNITS[unit]), "unit": unit}
