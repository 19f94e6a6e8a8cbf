"""What cards can be taken with at a location, without asking the card company for every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from flask import current_app

from webapp import clock
from webapp.billing import service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.gateways.protocol import Reader

    Kept: TypeAlias = dict[UUID, tuple[datetime, Sequence[Reader]]]

EXTENSION = "anteroom.readers"
KEPT = timedelta(seconds=20)
BUILT_IN = "simulated"


@dataclass(frozen=True, slots=True)
class Ready:
    """The gateway's name, and the readers of a place."""

    gateway: str = ""
    readers: Sequence[Reader] = ()


def ready_at(location_id: UUID | None) -> Ready:
    """What a location takes cards with, as of the last 20 seconds; call it outside of any transaction.

    The built-in terminal is asked each time: it lies in our own database, and somebody is just changing it.
    """
    gateway = service.gateway()
    if location_id is None:
        return Ready(gateway.name)
    if gateway.name == BUILT_IN:
        return Ready(gateway.name, gateway.readers(location_id))
    kept: Kept = current_app.extensions.setdefault(EXTENSION, {})
    now = clock.now()
    until, found = kept.get(location_id, (now, ()))
    if until <= now:
        found = gateway.readers(location_id)
        kept[location_id] = (now + KEPT, found)
    return Ready(gateway.name, found)
