"""One visit in the drawer: who, the one next step, the facts, what else may be done, what happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.models import Appointment
from webapp.booking.queries import BoardVisit, Step, VisitDetail, patient_visits
from webapp.booking.states import MOVABLE, STATES, Action, Status, allows, next_step, shown_as
from webapp.booking.wording import (
    action_label,
    check_question,
    clock,
    day_name,
    distance,
    happened,
    local_date,
    minutes,
    short_date,
    time_span,
    via_label,
)
from webapp.desk import queries
from webapp.desk.views import ties, to_pay, waiting
from webapp.desk.views.address import Address
from webapp.patients.models import Patient
from webapp.patients.wording import age_line, initials, phone_of, record_number, tone
from webapp.templating import may, may_at

ROUTES = {
    Action.CONFIRM: "confirm",
    Action.CHECK_IN: "check_in",
    Action.START: "start",
    Action.FINISH: "finish",
    Action.MARK_NO_SHOW: "no_show",
}
ICONS = {
    Action.CONFIRM: "check",
    Action.CHECK_IN: "user-check",
    Action.START: "stethoscope",
    Action.FINISH: "check-check",
    Action.MARK_NO_SHOW: "ban",
}
CHECKED = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM, Status.FINISHED})
PATH = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM, Status.FINISHED)
OTHER_VISITS = 4


def context(detail: VisitDetail, asked: Address, at: datetime) -> dict[str, Any]:
    """Everything the drawer shows."""
    visit = detail.appointment
    patient = visit.patient
    zone = visit.location.time_zone
    back = asked.url(visit=visit.id)
    bills = to_pay.bills(detail)
    return {
        "id": visit.id,
        "close": asked.url(visit=None),
        "person": _person(patient, local_date(at, zone)),
        "alerts": _alerts(patient),
        "status": shown_as(detail.status, balance_cents=to_pay.balance(bills)),
        "steps": _stepper(detail),
        "primary": _primary(detail, at, back),
        "pay": to_pay.primary(visit, bills),
        "elsewhere": _elsewhere(visit),
        "checks": _checks(detail),
        "note_checks": _note_checks(detail, back),
        "undo": _undo(detail, at, back),
        "facts": _facts(detail, at),
        "ties": ties.context(visit, at) + to_pay.ties(bills),
        "note": visit.note,
        "cancel_reason": visit.cancel_reason if detail.status is Status.CANCELLED else "",
        "history": [_happened(step, zone) for step in reversed(detail.steps)],
        "visits": _other_visits(detail, zone),
        "record": url_for("desk.record", patient_id=patient.id),
        "actions": _actions(detail, at, back),
    }


def _person(patient: Patient, today: date) -> dict[str, Any]:
    identifiers = (_("MRN %(number)s", number=record_number(patient.record_number)), phone_of(patient))
    return {
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "href": url_for("desk.record", patient_id=patient.id),
        "lines": [age_line(patient, today), " · ".join(part for part in identifiers if part)],
    }


def _elsewhere(visit: Appointment) -> str:
    """Say why nothing is offered to somebody whose role holds at other locations; empty for everybody else."""
    if not may("visit.book") or may_at("visit.book", visit.location_id):
        return ""
    return _("This visit is at %(place)s, and your role holds elsewhere.", place=visit.location.name)


def _alerts(patient: Patient) -> list[dict[str, str]]:
    return [
        {"label": alert.label, "detail": alert.detail, "icon": alert.icon, "tone": alert.tone}
        for alert in patient.alerts
    ]


def _next(detail: VisitDetail, at: datetime) -> Action | None:
    zone = detail.appointment.location.time_zone
    return next_step(detail.status, on=local_date(detail.appointment.starts_at, zone), today=local_date(at, zone))


def _primary(detail: VisitDetail, at: datetime, back: str) -> dict[str, Any] | None:
    action = _next(detail, at)
    if action is None or not may_at(f"visit.{ROUTES[action]}", detail.appointment.location_id):
        return None
    button = _button(detail, action, back) | {"kind": "primary", "key": "c", "full": True}
    room = detail.appointment.room
    if action is Action.START and room is not None:
        button["label"] = f"{button['label']} · {room.name}"
    return button | {"checks": action is Action.CHECK_IN}


def _checks(detail: VisitDetail) -> list[dict[str, Any]]:
    """What the service asks to look at on arrival; ticking is never needed to go on, what is open stays a task."""
    if detail.status not in CHECKED:
        return []
    done = detail.appointment.arrival_checks
    return [
        {"name": check, "label": check_question(check), "done": check in done}
        for check in detail.appointment.service.arrival_checks
    ]


def _note_checks(detail: VisitDetail, back: str) -> dict[str, Any] | None:
    """Where checks that are still open after the arrival are ticked; None when there is nothing to tick there."""
    visit = detail.appointment
    arrived = detail.status not in {Status.BOOKED, Status.CONFIRMED}
    open_ones = set(visit.service.arrival_checks) - set(visit.arrival_checks)
    if not arrived or not open_ones or not may_at("visit.check_in", visit.location_id):
        return None
    return {"href": url_for("desk.note_checks", appointment_id=visit.id), "back": back}


def _undo(detail: VisitDetail, at: datetime, back: str) -> dict[str, Any] | None:
    until = detail.undoable_until()
    if until is None or at > until or not may_at("visit.confirm", detail.appointment.location_id):
        return None
    href = url_for("desk.undo", appointment_id=detail.appointment.id)
    return {
        "text": happened(detail.steps[-1], detail.appointment.location.time_zone),
        "href": href,
        "hidden": [("version", detail.appointment.version), ("back", back)],
        "form_attrs": {"hx-post": href, "hx-target": "#drawer", "hx-disable": "find button", "data-calm": ""},
        "timer": f"until {int(until.timestamp())}",
    }


def _button(detail: VisitDetail, action: Action, back: str) -> dict[str, Any]:
    href = url_for(f"desk.{ROUTES[action]}", appointment_id=detail.appointment.id)
    return {
        "label": action_label(action),
        "href": href,
        "icon": ICONS[action],
        "hidden": [("version", detail.appointment.version), ("back", back)],
        "form_attrs": {"hx-post": href, "hx-target": "#drawer", "hx-disable": "find button"},
    }


def _posted(detail: VisitDetail, action: Action, back: str) -> dict[str, Any]:
    button = _button(detail, action, back)
    return button | {"post": True, "attrs": button["form_attrs"]}


def _stepper(detail: VisitDetail) -> list[dict[str, str]]:
    if detail.status in {Status.CANCELLED, Status.NOSHOW, Status.LAPSED, Status.HELD}:
        return [
            {"label": _("Booked"), "state": "done"},
            {"label": _(STATES[detail.status].label), "state": "stopped"},
        ]
    reached = PATH.index(detail.status)
    labels = (_("Booked"), _("Confirmed"), _("Waiting"), _("In room"), _("Done"))
    seen = {step.to_status for step in detail.steps}
    return [
        {"label": label, "state": _state(n, reached, skipped=PATH[n] is Status.CONFIRMED and PATH[n] not in seen)}
        for n, label in enumerate(labels)
    ]


def _state(n: int, reached: int, *, skipped: bool) -> str:
    if n == reached:
        return "current"
    return "done" if n < reached and not skipped else "todo"


def _facts(detail: VisitDetail, at: datetime) -> list[tuple[str, str]]:
    visit = detail.appointment
    zone = visit.location.time_zone
    when = time_span(visit.starts_at, visit.ends_at, zone)
    today = local_date(at, zone)
    if local_date(visit.starts_at, zone) == today:
        if detail.status in {Status.HELD, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED}:
            when = f"{when}, {distance(visit.starts_at, at)}"
    else:
        when = f"{day_name(local_date(visit.starts_at, zone), today)}, {when}"
    length = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    booked = f"{via_label(visit.via)}, {short_date(local_date(visit.booked_at, zone))}"
    facts = [
        (_("When"), when),
        (_("Visit"), f"{visit.service.name}, {minutes(length)}"),
        (_("With"), ", ".join(part for part in (visit.provider.name, visit.room.name if visit.room else "") if part)),
        (_("Booked"), booked),
    ]
    if visit.note:
        facts.append((_("Note"), visit.note))
    if visit.overbook_reason:
        facts.append((_("Overbooked"), visit.overbook_reason))
    if detail.status is Status.CANCELLED and visit.cancel_reason:
        facts.append((_("Reason"), visit.cancel_reason))
    return facts


def _actions(detail: VisitDetail, at: datetime, back: str) -> list[dict[str, Any]]:
    visit = detail.appointment
    actions: list[dict[str, Any]] = []
    here = visit.location_id
    confirms = allows(detail.status, Action.CONFIRM) and _next(detail, at) is not Action.CONFIRM
    if confirms and may_at("visit.confirm", here):
        actions.append(_posted(detail, Action.CONFIRM, back) | {"key": "k"})
    if detail.status in MOVABLE and may_at("visit.move", here):
        href = url_for("booking.move", appointment_id=visit.id)
        actions.append(
            {
                "label": _("Move"),
                "icon": "repeat",
                "href": href,
                "key": "m",
                "attrs": {"hx-get": href, "hx-target": "#dialog"},
            }
        )
    if allows(detail.status, Action.CANCEL) and may_at("visit.cancel", here):
        href = url_for("booking.cancel", appointment_id=visit.id)
        actions.append(
            {
                "label": _("Cancel"),
                "icon": "calendar-x",
                "href": href,
                "key": "x",
                "attrs": {"hx-get": href, "hx-target": "#dialog"},
            }
        )
    actions += waiting.wants_earlier(detail, at)
    absent = allows(detail.status, Action.MARK_NO_SHOW) and at >= visit.starts_at
    if absent and may_at("visit.no_show", here):
        actions.append(_posted(detail, Action.MARK_NO_SHOW, back) | {"key": "a"})
    return actions


def _happened(step: Step, zone: str) -> dict[str, str]:
    when = f"{short_date(local_date(step.at, zone))}, {clock(step.at, zone)}"
    text = happened(step, zone)
    return {"text": _("%(what)s by %(who)s", what=text, who=step.actor) if step.actor else text, "when": when}


def _other_visits(detail: VisitDetail, zone: str) -> list[dict[str, Any]]:
    visits = [visit for visit in patient_visits(detail.appointment.patient_id) if visit.id != detail.appointment.id]
    nearest = sorted(visits, key=lambda visit: abs(visit.starts_at - detail.appointment.starts_at))[:OTHER_VISITS]
    nearest = list(queries.with_owed(nearest))
    return [_line(visit, zone) for visit in sorted(nearest, key=lambda visit: visit.starts_at, reverse=True)]


def _line(visit: BoardVisit, zone: str) -> dict[str, Any]:
    return {
        "href": url_for("desk.visit", appointment_id=visit.id),
        "when": short_date(local_date(visit.starts_at, zone)),
        "text": visit.service,
        "status": visit.shown,
    }
