"""Reads of bookings: free times, the day's board, one visit, a patient's visits."""

from webapp.booking.queries.free import Found, Search, busy, free_times
from webapp.booking.queries.seen import Seen, patients_between, seen
from webapp.booking.queries.sheets import SheetVisit, provider_visits, sheet_visits
from webapp.booking.queries.visits import (
    Blocked,
    BoardVisit,
    Step,
    VisitDetail,
    blocked_times,
    booked_minutes,
    day_visits,
    history,
    own_visits,
    patient_visits,
    visit,
)

__all__ = [
    "Blocked",
    "BoardVisit",
    "Found",
    "Search",
    "Seen",
    "SheetVisit",
    "Step",
    "VisitDetail",
    "blocked_times",
    "booked_minutes",
    "busy",
    "day_visits",
    "free_times",
    "history",
    "own_visits",
    "patient_visits",
    "patients_between",
    "provider_visits",
    "seen",
    "sheet_visits",
    "visit",
]
