"""What managers are told when a setting can't be as they want it, and which constraint says so."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, Sentence, refuses


class _OfField(Refusal):
    """A sentence that belongs beside one field of the form."""

    status = 422
    field_name: ClassVar[str] = "name"

    def __init__(self, message: Sentence | None = None) -> None:
        super().__init__(message, field=self.field_name)


@refuses("location_name_key")
class LocationNameTaken(_OfField):
    """Two sites of one name can't be told apart on the board."""

    code = "location_name_taken"
    message = _l("Another location has this name. Choose one that tells them apart")


@refuses("room_location_id_name_key")
class RoomNameTaken(_OfField):
    """Two rooms of one name at one site."""

    code = "room_name_taken"
    message = _l("Another room there has this name, maybe a retired one. Choose another, or bring that one back")


@refuses("equipment_location_id_name_key")
class EquipmentNameTaken(_OfField):
    """Two pieces of equipment of one name at one site."""

    code = "equipment_name_taken"
    message = _l("Another piece there has this name, maybe a retired one. Choose another, or bring that one back")


@refuses("service_name_key")
class ServiceNameTaken(_OfField):
    """Two types of visit of one name."""

    code = "service_name_taken"
    message = _l("Another service has this name, maybe a retired one. Choose another, or bring that one back")


class ZoneFixed(_OfField):
    """Hours are wall-clock times: another zone would move every one of them, and the visits in them."""

    status = 409
    code = "zone_fixed"
    field_name = "time_zone"
    message = _l("Hours are planned at this location. In another time zone all of them would move: add a new location")


class HoursOverlap(Refusal):
    """Nobody works at two places at once."""

    status = 422
    code = "hours_overlap"
    message = _l("Some of these hours overlap. Change the times or the weeks so that each hour is there once.")


class PartsGoRound(_OfField):
    """A service can't be a part of its own parts."""

    code = "parts_go_round"
    field_name = "parts"
    message = _l("A part is made of parts itself. Choose services that stand alone")


class PlaceRetired(Refusal):
    """Hours and services need places that are in use."""

    status = 409
    code = "place_retired"
    message = _l("Something you chose was retired meanwhile. Choose again from what is in use.")
