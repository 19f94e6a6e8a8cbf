"""The clinic's name and how to reach it, as every page of the shell shows it."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.practice.models import Location


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Name, phone and address lines; each may be empty."""

    name: str
    phone: str = ""
    address_lines: tuple[str, ...] = ()
    hours_today: str = ""


NOBODY = Letterhead("Anteroom")


def letterhead(location: Location | None) -> Letterhead:
    """Letterhead of a site; the product's own before the clinic has one."""
    if location is None:
        return NOBODY
    city = ", ".join(part for part in (location.city, location.state) if part)
    lines = (location.line, " ".join(part for part in (city, location.postal_code) if part))
    return Letterhead(location.name, location.phone, tuple(line for line in lines if line))
