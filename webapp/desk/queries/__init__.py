"""What the desk reads: the day or week of a board, whether it changed, visits from before."""

from webapp.desk.queries.clinic import Clinic, Colleague
from webapp.desk.queries.day import Day, Week, day, location, week
from webapp.desk.queries.month import Month
from webapp.desk.queries.owed import Bill, bills_of, with_owed
from webapp.desk.queries.past import PastVisit, past_visits
from webapp.desk.queries.revision import Revision, glance, revision

__all__ = [
    "Bill",
    "Clinic",
    "Colleague",
    "Day",
    "Month",
    "PastVisit",
    "Revision",
    "Week",
    "bills_of",
    "day",
    "glance",
    "location",
    "past_visits",
    "revision",
    "week",
    "with_owed",
]
