"""Services: the list with prices, and the form with all rules; saving can hit visits, so a page of bookings does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import hypermedia
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.money import money, typed
from webapp.practice import catalog
from webapp.practice.forms import CHECKS, MOST_PARTS
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.practice.wording import audience_label, check_label, duration
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal
    from webapp.practice.catalog import ServiceDetail
    from webapp.practice.models import Service

HOUR, DAY = 60, 24 * 60
NOTICES = (0, 30, HOUR, 2 * HOUR, 4 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY)
LISTS = ("providers", "locations", "rooms", "equipment", "arrival_checks")


@blueprint.get("/settings/services")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def services() -> Response:
    """Types of visits with what they cost, what is retired at the end."""
    return hypermedia.page(
        "practice/services.html", tabs=tabs("services"), rows=[_row(each) for each in catalog.things("services")]
    )


@blueprint.get("/settings/services/new")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def new_service() -> Response:
    """An empty form."""
    return service_page(None)


@blueprint.get("/settings/services/<uuid:service_id>")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def service(service_id: UUID) -> Response:
    """One service with all its rules."""
    return service_page(service_id)


def service_page(service_id: UUID | None, refusal: Refusal | None = None) -> Response:
    """The form, filled from the service, or from what was sent when that was refused (NotFound)."""
    detail = None if service_id is None else catalog.service_detail(service_id)
    values = _empty() if detail is None else _known(detail)
    if refusal is not None and request.method == "POST" and "name" in request.form:
        sent = {name: value for name, value in request.form.items() if name in values}
        values |= {"online": "", **sent, **{name: frozenset(request.form.getlist(name)) for name in LISTS}}
    others = [each for each in catalog.things("services") if each.retired_at is None and each.id != service_id]
    return hypermedia.page(
        "practice/service.html",
        tabs=tabs("services"),
        service=None if detail is None else detail.service,
        values=values,
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        action=url_for("booking.save_service", service_id=service_id) if service_id else url_for("booking.add_service"),
        notices=_notices(values["notice_minutes"], _("None")),
        cancel_notices=_notices(values["cancel_notice_minutes"], _("None: free until it starts")),
        checks=[(check, check_label(check)) for check in CHECKS],
        audiences=[(audience, audience_label(audience)) for audience in ("any", "new", "returning")],
        parts=[("", _("None")), *((each.id, f"{each.name}, {duration(each.length_minutes)}") for each in others)],
        part_numbers=range(1, MOST_PARTS + 1),
        **_choices(values),
    )


def _row(service: Service) -> dict[str, Any]:
    rules = [
        _("Staff only") if not service.online else "",
        audience_label(service.audience) if service.audience != "any" else "",
        _("Up to %(count)s people", count=service.capacity) if service.capacity > 1 else "",
        _("%(time)s ahead", time=duration(service.notice_minutes)) if service.notice_minutes else "",
    ]
    return {
        "name": service.name,
        "href": url_for("practice.service", service_id=service.id),
        "length": duration(service.length_minutes),
        "price": money(service.price_cents, service.currency),
        "deposit": money(service.deposit_cents, service.currency) if service.deposit_cents else "",
        "fee": money(service.cancel_fee_cents, service.currency) if service.cancel_fee_cents else "",
        "rules": ", ".join(rule for rule in rules if rule),
        "retired": service.retired_at is not None,
    }


def _empty() -> dict[str, Any]:
    plain = dict.fromkeys(
        ("name", "length_minutes", "furthest_days", "price", "deposit", "cancel_fee", "version", "position"), ""
    )
    parts = {f"{field}_{n}": "" for n in range(1, MOST_PARTS + 1) for field in ("part", "gap")}
    return {
        **plain,
        **parts,
        **{name: frozenset[str]() for name in LISTS},
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "0",
        "room_rule": "any",
        "capacity": "1",
        "notice_minutes": "0",
        "cancel_notice_minutes": "0",
        "online": "1",
        "audience": "any",
    }


def _known(detail: ServiceDetail) -> dict[str, Any]:
    service = detail.service
    same = (
        "name length_minutes buffer_before_minutes buffer_after_minutes capacity notice_minutes audience"
        " cancel_notice_minutes version position"
    ).split()
    parts: dict[str, str] = {}
    for n, part in enumerate(detail.parts, 1):
        parts |= {f"part_{n}": str(part.part_id), f"gap_{n}": str(part.gap_minutes)}
    return {
        **_empty(),
        **{name: str(getattr(service, name)) for name in same},
        **parts,
        "furthest_days": service.furthest_days or "",
        "online": "1" if service.online else "",
        "room_rule": "none" if not service.needs_room else "some" if detail.rooms else "any",
        "price": typed(service.price_cents),
        "deposit": typed(service.deposit_cents) if service.deposit_cents else "",
        "cancel_fee": typed(service.cancel_fee_cents) if service.cancel_fee_cents else "",
        "providers": frozenset(map(str, detail.providers)),
        "locations": frozenset(map(str, detail.locations)),
        "rooms": frozenset(map(str, detail.rooms)),
        "equipment": detail.equipment,
        "arrival_checks": frozenset(service.arrival_checks),
    }


def _notices(chosen: str, none: str) -> list[tuple[str, str]]:
    """Usual lengths of notice, and the one that is set when it is none of them."""
    usual = {str(minutes): duration(minutes) if minutes else none for minutes in NOTICES}
    if chosen not in usual and chosen.isascii() and chosen.isdecimal() and len(chosen) < 6:  # noqa: PLR2004 - a month of minutes
        usual[chosen] = duration(int(chosen))
    return list(usual.items())


def _choices(values: dict[str, Any]) -> dict[str, Any]:
    """What can be ticked: everything in use, and what is ticked although it is retired."""
    places = catalog.things("locations")
    names = {place.id: place.name for place in places}

    def shown(things: list[Any], field: str, label: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a function
        return [
            {"value": each.id, "label": label(each), "checked": str(each.id) in values[field]}
            for each in things
            if each.retired_at is None
        ]

    return {
        "providers": shown(catalog.things("providers"), "providers", lambda each: each.name),
        "locations": shown(places, "locations", lambda each: each.name),
        "rooms": shown(
            catalog.things("rooms"),
            "rooms",
            lambda each: each.name if len(names) == 1 else f"{each.name}, {names[each.location_id]}",
        ),
        "equipment": [
            {"value": kind, "label": kind, "checked": kind in values["equipment"]} for kind in catalog.equipment_kinds()
        ],
    }
