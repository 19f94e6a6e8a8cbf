"""The blueprint of the portal, where its views register themselves, and what its pages share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint

if TYPE_CHECKING:
    from webapp.practice.models import Location

blueprint = Blueprint("portal", __name__)

HELD_FOR = timedelta(minutes=5)
"""How long a chosen time is kept for somebody who reads what they are about to book."""


def phone_of(place: Location | None) -> dict[str, str] | None:
    """A place's number as people read it, and as a telephone dials it; None where none is known."""
    if place is None or not place.phone:
        return None
    return {"shown": place.phone, "dial": "".join(char for char in place.phone if char.isdigit() or char == "+")}
