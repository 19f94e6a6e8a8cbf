"""Leave, sick days and extra hours in a small dialog; closures of a whole location on a page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import hypermedia
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.practice import catalog, queries
from webapp.practice.forms import EXTRA, KINDS, Sites
from webapp.practice.views.door import blueprint
from webapp.practice.views.home import tabs
from webapp.practice.views.schedules import zone_for
from webapp.practice.wording import kind_label, span_days
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

SHEET = {"dialog": "sheet", "exception-sheet": "sheet"}
FIELDS = ("provider", "kind", "first", "last", "starts", "ends", "location", "room", "note", "reason", "back")


@blueprint.get("/exceptions/new")
@requires(Permission.EXCEPTIONS_EDIT, role=Role.DESK)
def new_exception() -> Response:
    """Who is away or works more, when; `provider`, `day` and `kind` fill in what is known."""
    return exception_page()


def exception_page(refusal: Refusal | None = None) -> Response:
    """The dialog, as it was sent when that was refused."""
    values = {name: request.values.get(name, "") for name in FIELDS}
    people = [(provider.id, provider.name) for provider in queries.providers()]
    zone = _zone(values["provider"], people)
    today = scope().at.astimezone(ZoneInfo(zone)).date()
    values["first"] = values["first"] or request.args.get("day", "") or today.isoformat()
    values["kind"] = values["kind"] if values["kind"] in KINDS else "sick"
    places = [(place.id, place.name) for place in queries.locations()]
    back = values["back"] if hypermedia.is_own(values["back"]) else ""
    return hypermedia.page(
        "practice/exception.html",
        targets=SHEET,
        block="sheet",
        values=values,
        offer=not request.form.get("offer_asked") or bool(request.form.get("offer")),
        people=people,
        kinds=[(kind, kind_label(kind)) for kind in KINDS],
        places=places if len(places) == 1 else [("", _("Choose")), *places],
        rooms=_rooms(),
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        action=url_for("booking.add_exception"),
        close=back or url_for("practice.schedules"),
        extra=EXTRA,
    )


@blueprint.get("/settings/closures")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def closures() -> Response:
    """Closures that are not over."""
    sites = {place.id: place for place in catalog.things("locations")}
    rows = []
    for closure in catalog.closures_from(scope().at):
        site = sites[closure.location_id]
        days, hours = span_days(*_bounds(closure.during), site.time_zone)
        rows.append(
            {
                "place": site.name,
                "days": days,
                "hours": hours,
                "reason": closure.reason,
                "remove": url_for("booking.end_closure", closure_id=closure.id),
                "begun": _bounds(closure.during)[0] <= scope().at,
            }
        )
    return hypermedia.page("practice/closures.html", tabs=tabs("closures"), rows=rows)


@blueprint.get("/settings/closures/new")
@requires(Permission.SETTINGS_EDIT, role=Role.MANAGER)
def new_closure() -> Response:
    """Which location, when, why."""
    return closure_page()


def closure_page(refusal: Refusal | None = None) -> Response:
    """The form, as it was sent when that was refused."""
    places = [(place.id, place.name) for place in queries.locations()]
    return hypermedia.page(
        "practice/closure.html",
        tabs=tabs("closures"),
        values={name: request.values.get(name, "") for name in FIELDS},
        places=places if len(places) == 1 else [("", _("Choose")), *places],
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        action=url_for("booking.close_location"),
        back=url_for("practice.closures"),
    )


def sites_in_use() -> Sites:
    """What a form may name."""
    return Sites(
        {place.id: place.time_zone for place in queries.locations()},
        {room.id: room.location_id for room in catalog.rooms_in_use()},
    )


def exception_zone() -> str:
    """The zone that the times of the form that was sent are in, when it names no site."""
    return _zone(request.form.get("provider", ""), [])


def _zone(provider: str, people: list[tuple[UUID, str]]) -> str:
    try:
        return zone_for(UUID(provider))
    except ValueError:
        return zone_for(people[0][0]) if people else queries.time_zone()


def _rooms() -> list[tuple[Any, str]]:
    names = {place.id: place.name for place in catalog.things("locations")}
    rooms = catalog.rooms_in_use()
    several = len({room.location_id for room in rooms}) > 1
    return [
        ("", _("Any room")),
        *((room.id, f"{room.name}, {names[room.location_id]}" if several else room.name) for room in rooms),
    ]


def _bounds(during: Any) -> tuple[datetime, datetime]:  # noqa: ANN401 - a range
    if during.lower is None or during.upper is None:
        raise NotFound
    return during.lower, during.upper
