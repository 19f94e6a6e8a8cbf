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
NEW_PATIENT = "New patient"
EQUIPMENT = (("ECG 1", "ECG"), ("ECG 2", "ECG"), ("Ultrasound", "Ultrasound"))
"""Name and kind of each piece."""
DAY = 24 * 60

Hours = tuple[tuple[time, time], ...]


def _hours(*spans: str) -> Hours:
    """Read "8:30-12:00" spans."""
    return tuple(
        (time.fromisoformat(start.zfill(5)), time.fromisoformat(end.zfill(5)))
        for start, end in (span.split("-") for span in spans)
    )


@dataclass(frozen=True, slots=True)
class Evening:
    """Hours of a weekday beside the usual ones, every n-th week."""

    weekday: int
    hours: Hours
    every_weeks: int


@dataclass(frozen=True, slots=True)
class DemoLeave:
    """A day off, some days from the one the clinic is made on: beyond the days that are full of visits."""

    family: str
    days_ahead: int
    days: int
    kind: str


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
    evening: Evening | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.given, self.family

    def hours(self, weekday: int) -> Hours:
        """Hours on an ISO weekday; the clinic is open on all seven, so that a demo is alive whatever day it is."""
        return self.weekend if weekday >= SATURDAY else self.weekdays


@dataclass(frozen=True, slots=True)
class DemoService:
    """A type of visit: length and buffers in minutes, price in cents; `weights` says how often who does it.

    What nobody does of itself (weight 0) is there to be booked by hand: it shows the rules a service can have.
    """

    name: str
    minutes: int
    cents: int
    weights: dict[str, int]
    before: int = 0
    after: int = 0
    needs_room: bool = True
    youngest: int = 18
    rooms: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    capacity: int = 1
    notice: int = 0
    furthest: int | None = None
    online: bool = True
    audience: str = "any"
    deposit: int = 0
    cancel_notice: int = 0
    cancel_fee: int = 0
    checks: tuple[str, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()


DESK = ("identity", "coverage", "balance")
INTAKE = ("identity", "coverage", "forms")
LEAVES = (DemoLeave("Weber", 24, 5, "vacation"), DemoLeave("Kim", 16, 1, "training"))

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
        evening=Evening(3, _hours("18:00-20:00"), 2),
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
    DemoService(NEW_PATIENT, 40, 18_000, {"Osei": 2, "Weber": 2, "Nair": 1}, after=5, youngest=0, checks=INTAKE),
    DemoService("Follow-up", 20, 12_000, {"Osei": 7, "Weber": 7, "Nair": 3}, youngest=0),
    DemoService("Annual exam", 40, 22_000, {"Osei": 2, "Weber": 2}, after=5, youngest=3, checks=DESK),
    DemoService(
        "Procedure", 40, 28_000, {"Osei": 1}, before=5, after=10, cancel_notice=DAY, cancel_fee=5_000, deposit=5_000
    ),
    DemoService("Skin check", 20, 14_000, {"Nair": 7}, youngest=0),
    DemoService(
        "Biopsy", 40, 32_000, {"Nair": 1}, before=5, after=10, cancel_notice=DAY, cancel_fee=5_000, online=False
    ),
    DemoService("Evaluation", 45, 15_000, {"Marin": 1}, needs_room=False, youngest=8),
    DemoService("Treatment", 30, 9_500, {"Marin": 4}, after=5, needs_room=False, youngest=8),
    DemoService("Vaccination", 15, 4_000, {"Kim": 5}, youngest=0),
    DemoService("Blood draw", 10, 2_500, {"Kim": 4}, after=5, youngest=3),
    DemoService("Travel shots", 20, 7_500, {"Kim": 2}, after=5, youngest=3),
    DemoService("Video visit", 20, 8_000, {"Ruiz": 8, "Osei": 1}, needs_room=False, youngest=0),
    DemoService("Counseling", 30, 11_000, {"Ruiz": 2}, after=5, needs_room=False, youngest=14),
    DemoService("ECG", 20, 6_500, {"Kim": 0}, after=5, equipment=("ECG",), online=False),
    DemoService(
        "Ultrasound",
        30,
        19_000,
        {"Osei": 0, "Weber": 0},
        after=10,
        equipment=("Ultrasound",),
        rooms=("Room 2", "Room 3"),
    ),
    DemoService(
        "Back class",
        60,
        3_500,
        {"Marin": 0},
        needs_room=False,
        capacity=8,
        notice=DAY,
        furthest=90,
        audience="returning",
    ),
    DemoService("Heart check", 45, 18_500, {"Osei": 0}, parts=(("ECG", 0), ("Follow-up", 5)), checks=DESK),
)


def services_of(provider: DemoProvider) -> list[tuple[DemoService, int]]:
    """What a provider does, with the weights of how often."""
    return [(each, each.weights[provider.family]) for each in SERVICES if each.weights.get(provider.family)]
