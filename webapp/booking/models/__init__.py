"""Everything that takes or wishes for time."""

from webapp.booking.models.feeds import CalendarFeed
from webapp.booking.models.occupancy import BlockedTime, GroupSession, Occupancy
from webapp.booking.models.plans import Series, WaitingOffer, WaitingWish
from webapp.booking.models.projection import AvailabilityDay, AvailabilityDirty
from webapp.booking.models.visits import Appointment, AppointmentHistory

__all__ = [
    "Appointment",
    "AppointmentHistory",
    "AvailabilityDay",
    "AvailabilityDirty",
    "BlockedTime",
    "CalendarFeed",
    "GroupSession",
    "Occupancy",
    "Series",
    "WaitingOffer",
    "WaitingWish",
]
