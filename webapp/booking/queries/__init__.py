"""Reads of bookings: free times, the day's board, one visit, a patient's visits."""

from webapp.booking.queries.coming import Coming, Reach, coming
from webapp.booking.queries.first import first_free
from webapp.booking.queries.free import Found, Search, busy, free_in, free_times
from webapp.booking.queries.groups import Group, Roster, day_sessions, group, groups_to_join, roster
from webapp.booking.queries.nearest import Near, Nearest
from webapp.booking.queries.next_visits import NextVisit, next_visits
from webapp.booking.queries.plans import Hindrance, Planned, Wanted, plan
from webapp.booking.queries.seen import Seen, patients_between, seen
from webapp.booking.queries.several import SeriesVisits, coming_together, reached, series, targets
from webapp.booking.queries.sheets import SheetVisit, provider_visits, sheet_visits
from webapp.booking.queries.together import Part, any_times, parts
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
from webapp.booking.queries.why import Answer, Asked, why

__all__ = [
    "Answer",
    "Asked",
    "Blocked",
    "BoardVisit",
    "Coming",
    "Found",
    "Group",
    "Hindrance",
    "Near",
    "Nearest",
    "NextVisit",
    "Part",
    "Planned",
    "Reach",
    "Roster",
    "Search",
    "Seen",
    "SeriesVisits",
    "SheetVisit",
    "Step",
    "VisitDetail",
    "Wanted",
    "any_times",
    "blocked_times",
    "booked_minutes",
    "busy",
    "coming",
    "coming_together",
    "day_sessions",
    "day_visits",
    "first_free",
    "free_in",
    "free_times",
    "group",
    "groups_to_join",
    "history",
    "next_visits",
    "own_visits",
    "parts",
    "patient_visits",
    "patients_between",
    "plan",
    "provider_visits",
    "reached",
    "roster",
    "seen",
    "series",
    "sheet_visits",
    "targets",
    "visit",
    "why",
]
