"""Change a group visit: move all of it, cancel all of it, or give one patient a seat in another group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions.seats import change_session
from webapp.booking.actions.sessions import cancel_session, move_session
from webapp.booking.forms import (
    REASONS,
    Choice,
    read_cancellation,
    read_choice,
    read_group,
    reason_label,
    write_instant,
)
from webapp.booking.group_forms import read_group_move, read_other_group
from webapp.booking.models import Appointment
from webapp.booking.queries import Roster, Search
from webapp.booking.views import fitting, groups, times
from webapp.booking.views.door import blueprint
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.patients.wording import initials, tone
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

MOVED, CANCELED, CHANGED = "group.moved", "group.canceled", "seat.changed"

toasts.say(MOVED, _l("The group has moved, with everybody in it."))
toasts.say(CANCELED, _l("The group is canceled. The time is free again."))
toasts.say(CHANGED, _l("The seat is in the other group now."))


def _move_refused(refusal: Refusal, session_id: UUID) -> Response:
    return _move_page(session_id, read_choice(request.form), refusal)


@blueprint.get("/groups/<uuid:session_id>/move")
@requires(Permission.VISIT_MOVE, role=Role.DESK)
def move_group(session_id: UUID) -> Response:
    """Choose another time or provider for a whole group."""
    return _move_page(session_id, read_choice(request.args))


@blueprint.post("/groups/<uuid:session_id>/move")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=_move_refused)
def move_group_it(session_id: UUID) -> Response:
    """Move a group with everybody in it, all or nothing."""
    moved = move_session(read_group_move(request.form, session_id), at=scope().at)
    _note_all(moved.id, MOVED)
    return hypermedia.done(MOVED, url_for("booking.roster", session_id=moved.id), session=moved.id)


def _cancel_refused(refusal: Refusal, session_id: UUID) -> Response:
    return _cancel_page(session_id, refusal)


@blueprint.get("/groups/<uuid:session_id>/cancel")
@requires(Permission.VISIT_CANCEL, role=Role.DESK)
def cancel_group(session_id: UUID) -> Response:
    """Ask why a whole group is canceled."""
    return _cancel_page(session_id)


@blueprint.post("/groups/<uuid:session_id>/cancel")
@requires(Permission.VISIT_CANCEL, role=Role.DESK, refused=_cancel_refused)
def cancel_group_it(session_id: UUID) -> Response:
    """Cancel a group and every seat of it."""
    sent = read_cancellation(request.form, session_id)
    canceled = cancel_session(session_id, sent.reason, at=scope().at, version=sent.version, offer=sent.offer)
    _note_all(canceled.id, CANCELED)
    return hypermedia.done(CANCELED, url_for("booking.roster", session_id=session_id), session=session_id)


def _seat_refused(refusal: Refusal, appointment_id: UUID) -> Response:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    activity.note("opened", patient=detail.appointment.patient_id)
    return page_of_seat(detail.appointment, _errors(refusal))


@blueprint.post("/appointments/<uuid:appointment_id>/group")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=_seat_refused)
def change_group(appointment_id: UUID) -> Response:
    """Give a patient a seat in another group instead of theirs."""
    session, version = read_other_group(request.form)
    seat = change_session(appointment_id, session, at=scope().at, version=version)
    activity.note("changed", patient=seat.patient_id, detail=CHANGED)
    return hypermedia.done(CHANGED, url_for("desk.visit", appointment_id=seat.id), appointment=seat.id)


def page_of_seat(seat: Appointment, errors: dict[str, list[str]]) -> Response:
    """Show the groups a seat could change to."""
    if seat.group_session_id is None:
        raise NotFound
    at = scope().at
    own = queries.group(seat.group_session_id)
    found = queries.groups_to_join(seat.service_id, seat.location_id, None, at)
    # In the address where the waiting list led here, because a seat is free in it.
    chosen = read_group(request.form.get("starts_at", "") or request.args.get("at", ""))
    return hypermedia.page(
        "booking/seat_move.html",
        block="sheet",
        clinic=letterhead(seat.location),
        person=_person(seat),
        when=groups.when(own, at),
        version=seat.version,
        groups=groups.choices(found, chosen, at, own=own.id),
        action=url_for("booking.change_group", appointment_id=seat.id),
        whole=url_for("booking.roster", session_id=own.id),
        close=url_for("desk.visit", appointment_id=seat.id),
        errors=errors,
    )


def _note_all(session_id: UUID, detail: str) -> None:
    for seat in queries.roster(session_id).seats:
        activity.note("changed", patient=seat.patient_id, detail=detail)


def _errors(refusal: Refusal | None, found: Roster | None = None) -> dict[str, list[str]]:
    if refusal is None:
        return {}
    seats = () if found is None else found.seats
    busy = next((seat for seat in seats if seat.patient_id == refusal.patient), None)
    if busy is not None:
        return {"starts_at": [_("%(name)s has another visit at that time.", name=busy.patient.name)]}
    return refusal.errors or {"": [str(refusal.message)]}


def _person(seat: Appointment) -> dict[str, Any]:
    return {
        "name": seat.patient.name,
        "initials": initials(seat.patient.name),
        "tone": tone(seat.patient_id),
        "detail": _("%(service)s with %(provider)s", service=seat.service.name, provider=seat.provider.name),
    }


def _move_page(session_id: UUID, choice: Choice, refusal: Refusal | None = None) -> Response:
    found, at = queries.roster(session_id), scope().at
    activity.note("listed", listed={seat.patient_id for seat in found.seats})
    group = found.group
    if "provider" not in request.values:
        choice = replace(choice, provider=group.provider_id)
    if choice.week is None:
        choice = replace(choice, week=local_date(group.starts_at, group.zone))
    search = Search(group.service_id, Span(at, at), choice.provider, group.location_id)
    taken = refusal is not None and not isinstance(refusal, FormInvalid)
    free = times.look(search, choice, group.zone, at, refused=taken, proposes=False)
    if free is None:
        raise NotFound
    names = {provider.id: provider.name for provider in practice.providers()}
    people = free.found.offer.provider_ids
    return hypermedia.page(
        "booking/group_move.html",
        block="sheet",
        clinic=letterhead(found.location),
        group=group,
        when=groups.when(group, at),
        filled=groups.filled(group),
        choice=choice,
        choose_url=url_for("booking.move_group", session_id=session_id),
        providers=[(each, name) for each, name in names.items() if each in people],
        times=times.context(free, choice, _link(session_id, choice), at, "group-sheet"),
        close=url_for("booking.roster", session_id=session_id),
        errors=_errors(refusal, found),
    )


def _link(session_id: UUID, choice: Choice) -> times.Link:
    def link(**changes: Any) -> str:  # noqa: ANN401 - each field has its own type
        wanted = replace(choice, at=None, **changes)
        return url_for(
            "booking.move_group",
            session_id=session_id,
            provider=wanted.provider,
            week=wanted.week,
            half=None if wanted.half == "any" else wanted.half,
            at=None if wanted.at is None else write_instant(wanted.at),
        )

    return link


def _cancel_page(session_id: UUID, refusal: Refusal | None = None) -> Response:
    found, at = queries.roster(session_id), scope().at
    activity.note("listed", listed={seat.patient_id for seat in found.seats})
    group = found.group
    return hypermedia.page(
        "booking/cancel.html",
        block="sheet",
        clinic=letterhead(found.location),
        title=_("Cancel group"),
        keep=_("Keep group"),
        person={"name": group.service, "initials": "", "tone": 1, "detail": groups.filled(group)},
        when=groups.when(group, at),
        version=group.version,
        open_still=group.open,
        state="cancelled",
        scopes=[],
        waiting=fitting.whoever_waits(),
        offer=not request.form.get("offer_asked") or bool(request.form.get("offer")),
        close=url_for("booking.roster", session_id=session_id),
        action=url_for("booking.cancel_group_it", session_id=session_id),
        reasons=[(reason, reason_label(reason)) for reason in REASONS],
        reason=request.form.get("reason", ""),
        other=request.form.get("other", ""),
        errors=_errors(refusal),
    )
