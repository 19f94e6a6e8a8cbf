"""Harbor Street Clinic as plain data: the place, its rooms, who works there when, and what is offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

NAME = "Harbor Street Clinic"
TIME_ZONE = "America/New_York"
PHONE = "(207) 555-0100"
LINE, CITY, STATE, POSTAL_CODE = "212 Harbor Street", "Portland", "ME", "04101"
ROOMS = ("Room 1", "Room 2", "Room 3", "Room 4")
SATURDAY = 6
ADMIN = "Admin time"

Hours = tuple[tuple[time, time], ...]


def _hours(*spans: str) -> Hours:
    """Read "8:30-12:00" spans."""
    return tuple(
        (time.fromisoformat(start.zfill(5)), time.fromisoformat(end.zfill(5)))
        for start, end in (span.split("-") for span in spans)
    )


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """Somebody at the clinic: hours from Monday to Friday, shorter ones at weekends, and time kept for paperwork."""

    given: str
    family: str
    specialty: str
    weekdays: Hours
    weekend: Hours
    prefix: str = ""
    credential: str = ""
    room: str | None = None
    admin: Hours = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.given, self.family

    def hours(self, weekday: int) -> Hours:
        """Hours on an ISO weekday; the clinic is open on all seven, so that a demo is alive whatever day it is."""
        return self.weekend if weekday >= SATURDAY else self.weekdays


@dataclass(frozen=True, slots=True)
class DemoService:
    """A type of visit: length and buffers in minutes, price in cents; `weights` says how often who does it."""

    name: str
    minutes: int
    cents: int
    weights: dict[str, int]
    before: int = 0
    after: int = 0
    needs_room: bool = True
    youngest: int = 18


PROVIDERS = (
    DemoProvider(
        "Amara",
        "Osei",
        "Primary care",
        _hours("8:30-12:00", "13:00-17:30"),
        _hours("8:30-12:00", "12:30-16:30"),
        prefix="Dr.",
        room="Room 2",
    ),
    DemoProvider(
        "Priya",
        "Nair",
        "Dermatology",
        _hours("9:00-12:30", "13:15-17:30"),
        _hours("9:00-12:30", "13:00-16:30"),
        prefix="Dr.",
        room="Room 4",
        admin=_hours("11:30-12:00"),
    ),
    DemoProvider(
        "Luca",
        "Marin",
        "Physical therapy",
        _hours("8:00-12:30", "13:15-17:30"),
        _hours("8:00-12:30", "13:00-16:30"),
        credential="PT",
    ),
    DemoProvider(
        "Grace",
        "Kim",
        "Nurse",
        _hours("8:00-12:00", "13:00-17:00"),
        _hours("8:00-12:00", "12:30-16:30"),
        credential="RN",
        room="Room 1",
    ),
    DemoProvider(
        "Jonas",
        "Weber",
        "Primary care",
        _hours("8:00-12:00", "12:45-17:00"),
        _hours("8:00-12:00", "12:30-16:30"),
        prefix="Dr.",
        room="Room 3",
        admin=_hours("16:00-16:30"),
    ),
    DemoProvider(
        "Elena",
        "Ruiz",
        "Family medicine, by video",
        _hours("8:30-12:30", "13:15-17:30"),
        _hours("8:30-12:30", "13:00-16:30"),
        credential="NP",
    ),
)

SERVICES = (
    DemoService("New patient", 40, 18_000, {"Osei": 2, "Weber": 2, "Nair": 1}, after=5, youngest=0),
    DemoService("Follow-up", 20, 12_000, {"Osei": 7, "Weber": 7, "Nair": 3}, youngest=0),
    DemoService("Annual exam", 40, 22_000, {"Osei": 2, "Weber": 2}, after=5, youngest=3),
    DemoService("Procedure", 40, 28_000, {"Osei": 1}, before=5, after=10),
    DemoService("Skin check", 20, 14_000, {"Nair": 7}, youngest=0),
    DemoService("Biopsy", 40, 32_000, {"Nair": 1}, before=5, after=10),
    DemoService("Evaluation", 45, 15_000, {"Marin": 1}, needs_room=False, youngest=8),
    DemoService("Treatment", 30, 9_500, {"Marin": 4}, after=5, needs_room=False, youngest=8),
    DemoService("Vaccination", 15, 4_000, {"Kim": 5}, youngest=0),
    DemoService("Blood draw", 10, 2_500, {"Kim": 4}, after=5, youngest=3),
    DemoService("Travel shots", 20, 7_500, {"Kim": 2}, after=5, youngest=3),
    DemoService("Video visit", 20, 8_000, {"Ruiz": 8, "Osei": 1}, needs_room=False, youngest=0),
    DemoService("Counseling", 30, 11_000, {"Ruiz": 2}, after=5, needs_room=False, youngest=14),
)


def services_of(provider: DemoProvider) -> list[tuple[DemoService, int]]:
    """What a provider does, with the weights of how often."""
    return [(service, service.weights[provider.family]) for service in SERVICES if provider.family in service.weights]
