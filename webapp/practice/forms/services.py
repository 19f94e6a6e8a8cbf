"""What the page of a service sends: all its rules at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from flask_babel import gettext as _
from pydantic import BeforeValidator

from webapp.errors import FormInvalid
from webapp.practice.actions import Part, SaveService
from webapp.practice.forms.parsing import (
    LATTICE,
    Cents,
    Form,
    Ids,
    Name,
    OptionalId,
    Switch,
    Version,
    Words,
    number,
    one_of,
    parsed,
)

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

CHECKS = ("identity", "coverage", "forms", "balance")
AUDIENCES = ("any", "new", "returning")
ROOMS = ("any", "some", "none")
MOST_PARTS = 4
_LISTS = frozenset({"providers", "locations", "rooms", "equipment", "arrival_checks"})
_WEEK = 7 * 24 * 60

Length = Annotated[int, BeforeValidator(number(5, 720, step=LATTICE))]
Buffer = Annotated[int, BeforeValidator(number(0, 120, step=LATTICE, empty=0))]
Gap = Annotated[int, BeforeValidator(number(0, 240, step=LATTICE, empty=0))]


class ServiceForm(Form):
    """A type of visit; minutes and cents, empty numbers stand for none."""

    name: Name = ""
    length_minutes: Length = ""  # type: ignore[assignment]
    buffer_before_minutes: Buffer = 0
    buffer_after_minutes: Buffer = 0
    providers: Ids = frozenset()
    locations: Ids = frozenset()
    room_rule: Annotated[str, one_of(*ROOMS)] = "any"
    rooms: Ids = frozenset()
    equipment: Words = frozenset()
    capacity: Annotated[int, BeforeValidator(number(1, 50, empty=1))] = 1
    notice_minutes: Annotated[int, BeforeValidator(number(0, 4 * _WEEK, empty=0))] = 0
    furthest_days: Annotated[int, BeforeValidator(number(0, 1095, empty=0))] = 0
    online: Switch = False
    audience: Annotated[str, one_of(*AUDIENCES)] = "any"
    price: Cents = 0
    deposit: Cents = 0
    cancel_notice_minutes: Annotated[int, BeforeValidator(number(0, 43200, empty=0))] = 0
    cancel_fee: Cents = 0
    arrival_checks: Words = frozenset()
    part_1: OptionalId = None
    gap_1: Gap = 0
    part_2: OptionalId = None
    gap_2: Gap = 0
    part_3: OptionalId = None
    gap_3: Gap = 0
    part_4: OptionalId = None
    gap_4: Gap = 0
    position: Annotated[int, BeforeValidator(number(0, 999, empty=0))] = 0
    version: Version = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """The steps that were chosen, in order."""
        steps = (
            (self.part_1, self.gap_1),
            (self.part_2, self.gap_2),
            (self.part_3, self.gap_3),
            (self.part_4, self.gap_4),
        )
        return tuple(Part(part, gap) for part, gap in steps if part is not None)


def read_service(form: MultiDict[str, str], service_id: UUID | None) -> SaveService:
    """The form of a service; raises FormInvalid with everything that does not go together."""
    sent = parsed(ServiceForm, form, _sentences(), lists=_LISTS)
    errors = _contradictions(sent)
    if errors:
        raise FormInvalid(errors)
    values = {
        "name": sent.name,
        "length_minutes": sent.length_minutes,
        "buffer_before_minutes": sent.buffer_before_minutes,
        "buffer_after_minutes": sent.buffer_after_minutes,
        "needs_room": sent.room_rule != "none",
        "capacity": sent.capacity,
        "notice_minutes": sent.notice_minutes,
        "furthest_days": sent.furthest_days or None,
        "online": sent.online,
        "audience": sent.audience,
        "price_cents": sent.price,
        "deposit_cents": sent.deposit,
        "cancel_notice_minutes": sent.cancel_notice_minutes,
        "cancel_fee_cents": sent.cancel_fee,
        "arrival_checks": [check for check in CHECKS if check in sent.arrival_checks],
        "position": sent.position,
    }
    rooms = sent.rooms if sent.room_rule == "some" else frozenset()
    return SaveService(
        values, sent.providers, sent.locations, rooms, sent.equipment, sent.parts, service_id, sent.version
    )


def _contradictions(sent: ServiceForm) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if sent.deposit > sent.price:
        errors["deposit"] = [_("The deposit is more than the price. Lower it, or raise the price")]
    if sent.cancel_fee and not sent.cancel_notice_minutes:
        errors["cancel_notice_minutes"] = [_("Choose until when canceling is free, or take the fee out")]
    if sent.room_rule == "some" and not sent.rooms:
        errors["rooms"] = [_("Choose the rooms it may take, or let it take any room")]
    if not set(sent.arrival_checks) <= set(CHECKS):
        errors["arrival_checks"] = [_("Choose one of the answers")]
    if len(sent.parts) == 1:
        errors["part_2"] = [_("Choose at least two parts, or none")]
    if sent.deposit and "deposit" not in errors and sent.capacity > 1:
        errors["deposit"] = [
            _("A deposit is taken for one visit of one person. Take it out here, or let one person come at once")
        ]
    if sent.parts and sent.capacity > 1:
        errors["capacity"] = [_("A visit made of parts is for one person. Enter 1, or take the parts out")]
    return errors


def _sentences() -> dict[tuple[str, str], str]:
    minutes = _("Enter minutes from 0 to 120, in steps of 5")
    gap = _("Enter minutes from 0 to 240, in steps of 5")
    money = _("Enter an amount like 120 or 120.50")
    return {
        ("name", "missing"): _("Enter a name"),
        ("length_minutes", ""): _("Enter minutes from 5 to 720, in steps of 5"),
        ("buffer_before_minutes", ""): minutes,
        ("buffer_after_minutes", ""): minutes,
        ("capacity", ""): _("Enter how many people come at once, from 1 to 50"),
        ("notice_minutes", ""): _("Choose one of the answers"),
        ("furthest_days", ""): _("Enter days from 1 to 1095, or leave it empty"),
        ("cancel_notice_minutes", ""): _("Choose one of the answers"),
        ("price", ""): money,
        ("deposit", ""): money,
        ("cancel_fee", ""): money,
        ("position", ""): _("Enter a number from 0 to 999; the lowest comes first in lists"),
        ("gap_1", ""): gap,
        ("gap_2", ""): gap,
        ("gap_3", ""): gap,
        ("gap_4", ""): gap,
    }
