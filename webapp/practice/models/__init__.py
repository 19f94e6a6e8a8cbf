"""The clinic itself: where, who, what is offered, and when."""

from webapp.practice.models.directory import Organization, Practitioner
from webapp.practice.models.people import ExtraHours, Leave, Provider, Schedule, name_of
from webapp.practice.models.places import Closure, Equipment, Location, Resource, Room
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
    "Closure",
    "Equipment",
    "ExtraHours",
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
    "ServiceProvider",
    "ServiceRoom",
    "name_of",
]
