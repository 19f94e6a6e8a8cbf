"""One visit as the board's macros take it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from webapp.booking.queries import BoardVisit
from webapp.booking.states import Status, minutes_in_state, minutes_late, shown_as
from webapp.booking.wording import clock, local_date
from webapp.desk.views.address import Address


def card(visit: BoardVisit, asked: Address, at: datetime, zone: str) -> dict[str, Any]:
    """Fields of a card or a row; places on the grid are added by the grid."""
    href = asked.url(visit=visit.id)
    held = visit.status is Status.HELD
    is_today = local_date(visit.starts_at, zone) == local_date(at, zone)
    return {
        "kind": "visit",
        "id": visit.id,
        "href": href,
        "status": shown_as(visit.status),
        "patient_name": _("Held on the portal") if held else visit.patient_name,
        "start_label": clock(visit.starts_at, zone),
        "end_label": clock(visit.ends_at, zone),
        "service": visit.service,
        "provider_name": ", ".join(part for part in (visit.provider_name, visit.room_name) if part),
        "minutes": minutes_in_state(visit.status, arrived_at=visit.arrived_at, started_at=visit.started_at, now=at)
        if is_today
        else None,
        "late_minutes": minutes_late(visit.status, visit.starts_at, at) if is_today else None,
        "flags": [{"icon": icon, "label": label} for icon, label in visit.alerts],
        "overbooked": visit.lane > 0,
        "selected": visit.id == asked.visit,
        "hold_left": _left(visit.held_until, at) if held and visit.held_until else None,
        "attrs": {"hx-get": href, "hx-target": "#drawer", "hx-push-url": "true"},
    }


def _left(until: datetime, at: datetime) -> str:
    minutes, seconds = divmod(max(0, int((until - at).total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"
