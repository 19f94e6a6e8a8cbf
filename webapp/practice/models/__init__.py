"""The clinic itself: where, who, what is offered, and when."""

from webapp.practice.models.directory import Organization, Practitioner
from webapp.practice.models.people import ExtraHours, Leave, Provider, Schedule, name_of
from webapp.practice.models.places import Closure, Equipment, Location, Resource, Room
from webapp.practice.models.prices import BillableItem, ItemPrice, ServicePrice
from webapp.practice.models.services import (
    ARRIVAL_CHECKS,
    LATTICE_MINUTES,
    Service,
    ServiceEquipment,
    ServiceLocation,
    ServicePart,
    ServiceProvider,
    ServiceRoom,
)

__all__ = [
    "ARRIVAL_CHECKS",
    "LATTICE_MINUTES",
    "BillableItem",
    "Closure",
    "Equipment",
    "ExtraHours",
    "ItemPrice",
    "Leave",
    "Location",
    "Organization",
    "Practitioner",
    "Provider",
    "Resource",
    "Room",
    "Schedule",
    "Service",
    "ServiceEquipment",
    "ServiceLocation",
    "ServicePart",
    "ServicePrice",
    "ServiceProvider",
    "ServiceRoom",
    "name_of",
]
