"""The one place where settings begin, and the tabs from one kind of them to the next."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _

from webapp import hypermedia
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.practice import catalog, prices
from webapp.practice.views.door import blueprint
from webapp.routing import requires


@blueprint.get("/settings")
@requires(Permission.SETTINGS_VIEW, role=Role.DESK)
def settings() -> Response:
    """What can be set, with how much of it there is."""
    counts = catalog.in_use()
    closed = len(catalog.closures_from(scope().at))
    return hypermedia.page("practice/home.html", cards=_cards(counts, closed))


def tabs(current: str) -> list[dict[str, Any]]:
    """The tabs above every settings page."""
    return [
        {"label": label, "href": href, "current": name == current}
        for name, label, href in (
            ("schedules", _("Schedules"), url_for("practice.schedules")),
            ("closures", _("Closures"), url_for("practice.closures")),
            ("services", _("Services and prices"), url_for("practice.services")),
            ("items", _("Items"), url_for("practice.items")),
            ("providers", _("Providers"), url_for("practice.things", kind="providers")),
            ("rooms", _("Rooms"), url_for("practice.things", kind="rooms")),
            ("equipment", _("Equipment"), url_for("practice.things", kind="equipment")),
            ("locations", _("Locations"), url_for("practice.things", kind="locations")),
            ("reminders", _("Reminders"), url_for("notify.reminders")),
        )
    ]


def _cards(counts: dict[str, int], closed: int) -> list[dict[str, Any]]:
    texts = {
        "schedules": ("calendar-clock", _("Who works when and where; leave, sick days and extra hours")),
        "closures": ("calendar-x", _("Days and hours on which a whole location is closed")),
        "services": ("list-checks", _("Types of visits: length, who and where, rules for booking, prices")),
        "items": ("receipt-text", _("What is charged beside visits: tests, vaccines, forms, with their prices")),
        "providers": ("stethoscope", _("People whose time is booked")),
        "rooms": ("door-open", _("Rooms that visits take place in")),
        "equipment": ("wrench", _("Equipment that visits need")),
        "locations": ("building-2", _("Sites with their address, phone and time zone")),
        "reminders": ("bell", _("How long before a visit its patient is reminded")),
    }
    shown: dict[str, object] = {
        **counts,
        "closures": closed,
        "items": len(prices.items()),
        "schedules": counts["providers"],
        "reminders": "",
    }
    names = list(texts)
    return [
        {**tab, "icon": texts[name][0], "text": texts[name][1], "count": shown[name]}
        for name, tab in zip(names, tabs(""), strict=True)
    ]
