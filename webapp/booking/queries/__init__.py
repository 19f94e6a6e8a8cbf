"""Reads of bookings: free times, the day's board, one visit, a patient's visits."""

from webapp.booking.queries.coming import Coming, Reach, coming
from webapp.booking.queries.first import first_free
from webapp.booking.queries.free import Found, Search, busy, free_times
from webapp.booking.queries.next_visits import NextVisit, next_visits
from webapp.booking.queries.seen import Seen, patients_between, seen
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
    "Coming",
    "Found",
    "NextVisit",
    "Reach",
    "Search",
    "Seen",
    "Step",
    "VisitDetail",
    "blocked_times",
    "booked_minutes",
    "busy",
    "coming",
    "day_visits",
    "first_free",
    "free_times",
    "history",
    "next_visits",
    "own_visits",
    "patient_visits",
    "patients_between",
    "seen",
    "visit",
]
