"""Sites of the clinic as messages write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.db import db
from webapp.notify.parcels import Place
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID


def place_of(location_id: UUID) -> Place:
    """The site a message comes from."""
    return places([location_id])[location_id]


def places(location_ids: Collection[UUID]) -> dict[UUID, Place]:
    """Sites by their id; retired ones too, what was said there was said."""
    found = db.session.scalars(select(Location).where(Location.id.in_(location_ids))) if location_ids else ()
    return {site.id: _place(site) for site in found}


def _place(site: Location) -> Place:
    address = ", ".join(part for part in (site.line, site.city, site.state) if part)
    return Place(site.name, site.time_zone, site.phone, address)
