"""The foot of the booking dialog: what would be booked, and what its button does."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.rhythm import Rhythm
from webapp.booking.views import times
from webapp.booking.wording import clock, local_date, long_day, time_span
from webapp.money import money
from webapp.practice.queries import Offer


def bar(found: times.Times | None, offer: Offer, provider: str | None) -> dict[str, Any]:
    """What would be booked, in words, for the foot of the dialog."""
    who = provider or _("whoever is free")
    detail = _("%(service)s with %(provider)s", service=offer.service.name, provider=who)
    price = money(offer.service.price_cents, offer.service.currency)
    if found is None or found.chosen is None:
        return {"title": _("No time chosen yet"), "detail": f"{detail} · {price}"}
    end = next((start.end for start in [*found.week, *found.offers] if start.start == found.chosen), found.chosen)
    day = long_day(local_date(found.chosen, found.zone))
    return {
        "title": f"{day}, {time_span(found.chosen, end, found.zone)}",
        "detail": f"{detail} · {price}",
    }


def press(found: times.Times | None, rhythm: Rhythm) -> dict[str, Any]:
    """What the button of the dialog does: book, or show all dates of what is to repeat."""
    if not rhythm.unit:
        chosen = None if found is None else found.chosen
        label = _("Book") if found is None or chosen is None else _("Book %(time)s", time=clock(chosen, found.zone))
        return {"button": label, "attrs": {"form": "book-form"}}
    dates = url_for("booking.plan_series")
    attrs = {
        "form": "book-form",
        "formaction": dates,
        "hx-post": dates,
        "hx-include": "#book-form",
        "hx-target": "#book-sheet",
        "hx-swap": "outerMorph",
    }
    return {"button": _("See all dates"), "attrs": attrs}
