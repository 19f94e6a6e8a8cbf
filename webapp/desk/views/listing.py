"""The day as a list in the order of what needs doing: who waits, who is next, who is in a room, what is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.queries import BoardVisit
from webapp.booking.states import TO_PAY, Status, next_step
from webapp.booking.wording import action_label, local_date
from webapp.desk.queries import Day
from webapp.desk.views.address import Address
from webapp.desk.views.cards import Card, Cards
from webapp.desk.views.drawer import ROUTES
from webapp.templating import may_at


def context(asked: Address, day: Day, at: datetime) -> dict[str, Any]:
    """Groups with their rows; empty groups are left out."""
    groups = (
        (_("Waiting now"), {Status.ARRIVED}),
        (_("In room"), {Status.IN_ROOM}),
        (_("To pay"), {TO_PAY}),
        (_("Next"), {Status.HELD, Status.BOOKED, Status.CONFIRMED}),
        (_("Done"), {Status.FINISHED}),
        (_("Did not attend"), {Status.NOSHOW}),
        (_("Canceled"), {Status.CANCELLED}),
    )
    visits = [visit for visit in day.visits if asked.shows(visit)]
    maker = Cards(asked, at, day.location)
    filled = [(title, [visit for visit in visits if visit.shown in within]) for title, within in groups]
    return {
        "groups": [
            {"title": title, "rows": [_row(visit, maker.card(visit), asked, day, at) for visit in members]}
            for title, members in filled
            if members
        ]
    }


def _row(visit: BoardVisit, card: Card, asked: Address, day: Day, at: datetime) -> dict[str, Any]:
    action = next_step(visit.status, on=asked.day, today=local_date(at, day.location.time_zone))
    button = None
    if action is not None and may_at(f"visit.{ROUTES[action]}", visit.location_id):
        button = {
            "label": action_label(action),
            "href": url_for(f"desk.{ROUTES[action]}", appointment_id=visit.id),
            "hidden": [("version", visit.version), ("back", asked.url(visit=None))],
            "form_attrs": {
                "hx-post": url_for(f"desk.{ROUTES[action]}", appointment_id=visit.id),
                "hx-target": "#board",
                "hx-swap": "outerMorph",
                "hx-disable": "find button",
            },
        }
    return {"visit": card, "action": button}
