"""What ties a visit to others: its series, its group, the visits of the same coming."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking import queries
from webapp.booking.models import Appointment
from webapp.booking.wording import clock, rhythm_label

IN_DIALOG = {"hx-target": "#dialog"}


def context(visit: Appointment, at: datetime) -> list[dict[str, Any]]:
    """Each tie as a term with links: "Series: 3 of 10, weekly"."""
    del at
    found = []
    if visit.series_id is not None:
        found.append(_series(visit))
    if visit.group_session_id is not None:
        found.append(_group(visit))
    if visit.together_id is not None:
        others = [other for other in queries.coming_together(visit.together_id) if other.id != visit.id]
        if others:
            found.append({"term": _("Together with"), "links": [_link(other) for other in others]})
    return found


def _series(visit: Appointment) -> dict[str, Any]:
    known = queries.series(visit.series_id) if visit.series_id is not None else None
    if known is None:
        return {"term": _("Series"), "links": []}
    href = url_for("booking.series", series_id=known.series.id)
    how = rhythm_label(known.series.frequency, known.series.every)
    number = known.number(visit.id)
    text = _("%(number)s of %(all)s, %(how)s", number=number, all=known.kept, how=how) if number else how
    return {"term": _("Series"), "links": [{"href": href, "text": text, "attrs": {**IN_DIALOG, "hx-get": href}}]}


def _group(visit: Appointment) -> dict[str, Any]:
    href = url_for("booking.roster", session_id=visit.group_session_id)
    text = _("Seat %(seat)s, see who is in it", seat=visit.seat_no)
    return {"term": _("Group"), "links": [{"href": href, "text": text, "attrs": {}}]}


def _link(other: Appointment) -> dict[str, Any]:
    when = clock(other.starts_at, other.location.time_zone)
    text = _("%(service)s, %(time)s, %(provider)s", service=other.service.name, time=when, provider=other.provider.name)
    return {"href": url_for("desk.visit", appointment_id=other.id), "text": text, "attrs": {}}
