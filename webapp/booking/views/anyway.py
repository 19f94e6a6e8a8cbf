"""Booking over what is booked, in the dialogs: offered to whoever may, with a reason, and checked when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from flask_login import current_user

from webapp.booking.actions import Overbook
from webapp.booking.forms import read_overbook_reason, write_instant
from webapp.booking.refusals import OverbookReasonMissing, SlotTaken
from webapp.booking.wording import clock
from webapp.errors import NotAllowed, Refusal
from webapp.identity.permissions import Permission
from webapp.templating import may_at


def asked_for(location_id: UUID) -> Overbook | None:
    """Leave to overbook, if the form asks for it and the person may there (NotAllowed, FormInvalid)."""
    reason = read_overbook_reason(request.form)
    if reason is None:
        return None
    if not current_user.may_at(Permission.VISIT_OVERBOOK, location_id):
        raise NotAllowed
    return Overbook(reason)


def offer(
    wanted: datetime | None, location_id: UUID | None, zone: str, refusal: Refusal | None
) -> dict[str, Any] | None:
    """What the dialog needs to offer a time although it is taken; None where that helps nobody or is not theirs to do.

    The patient is never booked over, and hours, closures and leave are not: a refusal that says so offers nothing.
    """
    if wanted is None or location_id is None or not may_at(Permission.VISIT_OVERBOOK, location_id):
        return None
    helps = refusal is None or isinstance(refusal, OverbookReasonMissing)
    if not helps and not (isinstance(refusal, SlotTaken) and "patient" not in refusal.kinds):
        return None
    return {
        "starts_at": write_instant(wanted),
        "time": clock(wanted, zone),
        "reason": request.form.get("overbook_reason", ""),
        "asked": _("Say why. The visit stands beside what is booked already."),
    }
