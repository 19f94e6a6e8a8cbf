"""What the pages of locations, rooms, equipment and providers send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from flask_babel import gettext as _
from pydantic import BeforeValidator

from webapp.errors import FormInvalid
from webapp.practice.actions import Retire, Save
from webapp.practice.forms.parsing import Cents, Form, Line, Name, OptionalId, Version, Zone, number, parsed

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_MOST_COLUMNS = 999
_OFFER, _DAY = 30, 24 * 60
"""Minutes that a freed time is held for somebody on the waiting list: as usual, and at most."""
SIGNED_ALONE = 2_000
"""Cents that a count may be off, as usual, before a manager signs it, too."""


class LocationForm(Form):
    """A site: its name and zone are needed, how to find and call it is for letterheads."""

    name: Name = ""
    time_zone: Zone = ""
    phone: Line = ""
    line: Line = ""
    city: Line = ""
    state: Line = ""
    postal_code: Line = ""
    waiting_offer_minutes: Annotated[int, BeforeValidator(number(5, _DAY, empty=_OFFER))] = _OFFER
    manager_signs_over_cents: Cents = SIGNED_ALONE
    version: Version = 0


class RoomForm(Form):
    """A room; where it is stays as it was made."""

    name: Name = ""
    location_id: OptionalId = None
    version: Version = 0


class EquipmentForm(Form):
    """A piece of equipment: services ask for its kind, its name tells it from the others."""

    name: Name = ""
    kind: Name = ""
    location_id: OptionalId = None
    version: Version = 0


class ProviderForm(Form):
    """Somebody whose time is booked."""

    given: Name = ""
    family: Name = ""
    prefix: Line = ""
    credential: Line = ""
    specialty: Line = ""
    position: Annotated[int, BeforeValidator(number(0, _MOST_COLUMNS, empty=0))] = 0
    version: Version = 0


class RetireForm(Form):
    """The version that the person saw."""

    version: Version = 0


FORMS: dict[str, type[Form]] = {
    "locations": LocationForm,
    "rooms": RoomForm,
    "equipment": EquipmentForm,
    "providers": ProviderForm,
}


def read_thing(kind: str, form: MultiDict[str, str], thing_id: UUID | None) -> Save:
    """The form of one thing; raises FormInvalid."""
    sent = parsed(FORMS[kind], form, _sentences())
    values: dict[str, Any] = sent.model_dump(exclude={"version"})
    if "location_id" in values and thing_id is not None:
        del values["location_id"]
    elif values.get("location_id", form) is None:
        raise FormInvalid({"location_id": [_("Choose the location it is at")]})
    return Save(kind, values, thing_id, getattr(sent, "version", 0))


def read_retirement(kind: str, form: MultiDict[str, str], thing_id: UUID) -> Retire:
    """Which thing is retired or brought back, as it was seen; raises FormInvalid."""
    return Retire(kind, thing_id, parsed(RetireForm, form, {}).version)


def _sentences() -> dict[tuple[str, str], str]:
    return {
        ("name", "missing"): _("Enter a name"),
        ("time_zone", "missing"): _("Choose the time zone that its clocks show"),
        ("kind", "missing"): _("Enter what kind of equipment it is, like ECG"),
        ("location_id", ""): _("Choose the location it is at"),
        ("given", "missing"): _("Enter the first name"),
        ("family", "missing"): _("Enter the last name"),
        ("waiting_offer_minutes", ""): _("Enter 5 to 1440 minutes"),
        ("manager_signs_over_cents", ""): _("Enter an amount like 20 or 20.50"),
        ("position", ""): _("Enter a number from 0 to 999; the lowest comes first on the board"),
    }
