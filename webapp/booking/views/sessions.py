"""Group visits at the desk: take a seat, see who is in it, move or cancel all of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions.seats import begin_and_join, join
from webapp.booking.actions.waiting.opening import offer_seats
from webapp.booking.actions.waiting.wishes import join_wished
from webapp.booking.forms import GROUP, read_wish
from webapp.booking.group_forms import read_seat
from webapp.booking.models import Appointment
from webapp.booking.queries import Roster
from webapp.booking.states import Action, Status, allows, shown_as
from webapp.booking.views import book, fitting, groups
from webapp.booking.views.door import blueprint
from webapp.booking.wording import clock, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.patients.wording import born, initials, phone_of, record_number, tone
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may

SEATED, OFFERED = "seat.taken", "seat.offered"
GONE = frozenset({Status.CANCELLED, Status.LAPSED})

toasts.say(SEATED, _l("The seat is booked."))
toasts.say(OFFERED, _l("The first in line are being asked. Each has a seat held until they answer."))


@blueprint.post("/book/seat")
@requires(Permission.VISIT_BOOK, role=Role.DESK, refused=book.refused)
def take_seat() -> Response:
    """Book a seat in a group, or begin a group with its first patient."""
    wanted = read_seat(request.form)
    wish = read_wish(request.form)
    if wanted.begins is None and wish is not None:
        seat = join_wished(wanted.request, wish, actor=scope().actor, at=scope().at)
    elif wanted.begins is None:
        seat = join(wanted.request, actor=scope().actor, at=scope().at)
    else:
        seat = begin_and_join(wanted.begins, wanted.request, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=seat.patient_id, detail=SEATED)
    return hypermedia.done(SEATED, url_for("desk.visit", appointment_id=seat.id), appointment=seat.id)


@blueprint.get("/groups/<uuid:session_id>")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def roster(session_id: UUID) -> Response:
    """Show who is in a group visit, to check them in one after the other."""
    if hypermedia.wants_fragment() and hypermedia.target() != "roster":
        # The board and dialogs lead here: the whole page follows.
        queries.group(session_id)
        return hypermedia.leave(url_for("booking.roster", session_id=session_id))
    return _roster(session_id)


def _roster(session_id: UUID, refusal: Refusal | None = None) -> Response:
    found = queries.roster(session_id)
    activity.note("listed", listed={seat.patient_id for seat in found.seats})
    return hypermedia.page(
        "booking/roster.html",
        block="roster",
        clinic=letterhead(found.location),
        message="" if refusal is None else str(refusal.message),
        **_context(found, scope().at),
    )


def _not_offered(refusal: Refusal, session_id: UUID) -> Response:
    return _roster(session_id, refusal)


@blueprint.post("/groups/<uuid:session_id>/offer")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, refused=_not_offered)
def offer_group(session_id: UUID) -> Response:
    """Have those who wait for a seat asked, as many as there are seats."""
    offer_seats(session_id, at=scope().at)
    activity.note("changed", detail=OFFERED)
    return hypermedia.done(OFFERED, url_for("booking.roster", session_id=session_id))


def _context(found: Roster, at: datetime) -> dict[str, Any]:
    group = found.group
    add = url_for("booking.book", service=group.service_id, location=group.location_id, at=f"{GROUP}{group.id}")
    joinable = group.open and group.ends_at > at
    day = local_date(group.starts_at, group.zone)
    return {
        "group": group,
        "when": groups.when(group, at),
        "where": ", ".join(part for part in (group.provider_name, group.room_name) if part),
        "filled": groups.filled(group),
        "left": groups.seats_left(group) if joinable else "",
        "add": add if joinable and group.left and may("visit.book") else None,
        "move": url_for("booking.move_group", session_id=group.id) if joinable else None,
        "cancel": url_for("booking.cancel_group", session_id=group.id) if joinable else None,
        "board": url_for("desk.board", day=day, location=group.location_id),
        "waiting": fitting.who_would_sit(group, at) if joinable and group.left else "",
        "offer": url_for("booking.offer_group", session_id=group.id),
        "seats": [_seat(seat, group.id, group.zone, at) for seat in found.seats],
    }


def _seat(seat: Appointment, group: UUID, zone: str, at: datetime) -> dict[str, Any]:
    status = Status(seat.status)
    today = local_date(seat.starts_at, zone) == local_date(at, zone)
    arrives = today and allows(status, Action.CHECK_IN) and may("visit.check_in")
    patient = seat.patient
    return {
        "number": "" if status in GONE else seat.seat_no,
        "gone": status in GONE,
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "detail": f"{born(patient.birth_date)} · {_('MRN %(number)s', number=record_number(patient.record_number))}",
        "phone": phone_of(patient),
        "alerts": [{"icon": alert.icon, "label": alert.label} for alert in patient.alerts],
        "status": shown_as(status),
        "until": "" if seat.held_until is None else _("offered until %(time)s", time=clock(seat.held_until, zone)),
        "href": url_for("desk.visit", appointment_id=seat.id),
        "check_in": url_for(f"desk.{Action.CHECK_IN.value}", appointment_id=seat.id) if arrives else None,
        "hidden": [("version", seat.version), ("back", url_for("booking.roster", session_id=group))],
    }
