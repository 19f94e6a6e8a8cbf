"""Group visits in words: what one can join, and how many seats are left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.booking.forms import GROUP
from webapp.booking.queries import Group
from webapp.booking.wording import day_name, local_date, time_span


def choices(
    found: Sequence[Group], chosen: UUID | None, at: datetime, *, own: UUID | None = None
) -> list[dict[str, Any]]:
    """Groups as radios; `own` is the one somebody is in already, which is not offered."""
    return [
        {
            "value": f"{GROUP}{group.id}",
            "time": time_span(group.starts_at, group.ends_at, group.zone),
            "day": day_name(local_date(group.starts_at, group.zone), local_date(at, group.zone)),
            "who": group.provider_name,
            "left": seats_left(group),
            "full": not group.left,
            "checked": group.id == chosen and bool(group.left),
        }
        for group in found
        if group.id != own
    ]


def seats_left(group: Group) -> str:
    """How many can still join: "2 left", "Full"."""
    return ngettext("%(num)s left", "%(num)s left", group.left) if group.left else _("Full")


def filled(group: Group) -> str:
    """How full a group is: "6 of 8"."""
    return _("%(taken)s of %(capacity)s", taken=group.taken, capacity=group.capacity)


def when(group: Group, at: datetime) -> str:
    """Day and time of a group."""
    day = day_name(local_date(group.starts_at, group.zone), local_date(at, group.zone))
    return f"{day}, {time_span(group.starts_at, group.ends_at, group.zone)}"
