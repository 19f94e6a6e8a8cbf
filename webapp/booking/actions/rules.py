"""The rules of a service that patients who book for themselves keep to; the desk may know better."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.booking.refusals import NotForThisPatient, StaffOnly, TooFarAhead, TooSoon

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.booking.actions.placing import Look


def keep_to_rules(service: Look, starts_at: datetime, at: datetime) -> None:
    """Refuse what only the desk may book (StaffOnly, NotForThisPatient, TooSoon, TooFarAhead)."""
    if not service.online:
        raise StaffOnly(field="service")
    if service.audience != "any" and service.returning_patient != (service.audience == "returning"):
        raise NotForThisPatient(field="service")
    if starts_at < at + timedelta(minutes=service.notice_minutes):
        raise TooSoon(field="starts_at")
    zone = ZoneInfo(service.time_zone)
    if service.furthest_days is not None:
        days = (starts_at.astimezone(zone).date() - at.astimezone(zone).date()).days
        if days > service.furthest_days:
            raise TooFarAhead(field="starts_at")
