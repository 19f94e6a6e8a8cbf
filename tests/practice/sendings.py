"""What settings pages send, each filled as our own pages fill it: method, path and fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.factories import Clinic


def settings_of(clinic: Clinic) -> list[tuple[str, str, dict[str, str]]]:
    """Forms of the settings, and what asks about visits in the way."""
    nobody = "018f0000-0000-7000-8000-00000000dead"
    place, provider = str(clinic.location), str(clinic.providers[1])
    day = {"first": "2026-12-07", "last": "", "starts": "09:00", "ends": "12:00"}
    row = {
        "weekday-0": "1",
        "starts-0": "09:00",
        "ends-0": "12:00",
        "location-0": place,
        "room-0": "",
        "rhythm-0": "2/1",
    }
    rules = {"length_minutes": "20", "price": "120", "room_rule": "any", "audience": "any", "capacity": "1"}
    who = {"providers": provider, "locations": place}
    seen = {f"seen-{nobody}": "1", f"visit-{nobody}": f"move/{provider}/{place}/2026-12-07T15:00Z", "rest": "keep"}
    away = {"provider": provider, "kind": "sick", "note": "flu", "back": "/board/2026-11-23"}
    return [
        ("POST", "/settings/rooms/new", {"name": "Room 9", "location_id": place}),
        ("POST", "/settings/locations/new", {"name": "Eastside", "time_zone": "America/Chicago"}),
        ("POST", f"/settings/providers/{provider}", {"given": "Ana", "family": "Ruiz", "version": "1"}),
        ("POST", f"/settings/rooms/{clinic.rooms[1]}/retire", {"version": "1"}),
        ("POST", "/settings/services/new", {"name": "Stress test", **rules, **who}),
        ("POST", f"/settings/schedules/{provider}/hours", {"first": "2026-12-07", "version": "1", **row}),
        ("POST", "/settings/closures/new", {"location": place, "reason": "Snow", **day, **seen}),
        ("POST", "/exceptions/new", {**away, **day, **seen, "cancel_reason": "Away"}),
        ("POST", "/exceptions/new", {**away, **day, "kind": "extra", "location": place, "room": ""}),
        ("GET", "/exceptions/new", {"provider": provider, "day": "2026-11-23", "kind": "extra", "back": "/"}),
        ("GET", f"/settings/schedules/{provider}", {"week": "2026-11-23"}),
        ("GET", f"/settings/schedules/{provider}/hours", {"first": "2026-11-23"}),
        ("GET", "/why", {"service": str(clinic.service), "provider": provider, "location": place,
                                "patient": str(clinic.patients[0]), "day": "2026-11-23", "time": "15:00"}),
    ]  # fmt: skip
