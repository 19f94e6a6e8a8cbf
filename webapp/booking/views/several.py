"""Visits that move together and don't all find a place: each with what it could have instead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import activity, hypermedia
from webapp.booking import queries
from webapp.booking.actions import MoveRequest
from webapp.booking.forms import read_move, read_which, write_instant
from webapp.booking.models import Appointment
from webapp.booking.plan_forms import SKIP, Answer, instant_of, read_answers, unreadable, without_answers
from webapp.booking.queries import Planned, Search, Wanted
from webapp.booking.views import plan
from webapp.cycle import scope
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.patients.wording import born, initials, tone
from webapp.practice.hours import Span
from webapp.practice.letterhead import letterhead


def answered(appointment_id: UUID) -> dict[UUID, datetime | None]:
    """What was chosen for some of the visits instead; None leaves one where it is (FormInvalid, NotFound)."""
    answers = read_answers(request.form)
    if not answers:
        return {}
    zone = _visit(appointment_id).location.time_zone
    invalid = unreadable(answers, zone)
    if invalid:
        raise FormInvalid(invalid)
    return {UUID(key): _chosen(answer, zone) for key, answer in answers.items() if _is_id(key)}


def page(appointment_id: UUID, refusal: Refusal) -> Response:
    """Show where each visit would go, and times for those that can't."""
    anchor = _visit(appointment_id)
    activity.note("opened", patient=anchor.patient_id)
    try:
        wanted = read_move(without_answers(request.form), appointment_id)
    except FormInvalid as invalid:
        raise NotFound from invalid
    which = read_which(request.form)
    rows = _rows(anchor, which, wanted.starts_at, wanted.provider_id, read_answers(request.form))
    shown = _shown(anchor, which, wanted) | {
        "rows": rows,
        "conflicts": plan.conflicts(rows),
        "button": ngettext("Move %(num)s visit", "Move %(num)s visits", len(rows)),
    }
    errors = refusal.errors or {"": [str(refusal.message)]}
    return hypermedia.page(
        plan.TEMPLATE,
        targets=plan.BLOCKS,
        block="sheet",
        clinic=letterhead(anchor.location),
        plan=shown,
        errors=errors,
    )


def _shown(anchor: Appointment, which: str, wanted: MoveRequest) -> dict[str, Any]:
    back = url_for("booking.move", appointment_id=anchor.id, which=which, at=write_instant(wanted.starts_at))
    return {
        "title": _("Move visits"),
        "summary": _("%(service)s with %(provider)s", service=anchor.service.name, provider=anchor.provider.name),
        "person": {
            "name": anchor.patient.name,
            "initials": initials(anchor.patient.name),
            "tone": tone(anchor.patient_id),
            "detail": born(anchor.patient.birth_date),
        },
        "advice": _("The nearest free time is chosen for each; change it, or leave the visit where it is."),
        "skip": _("Leave it where it is"),
        "hidden": [
            ("starts_at", write_instant(wanted.starts_at)),
            ("provider", wanted.provider_id or ""),
            ("version", "" if wanted.version is None else wanted.version),
            ("which", which),
        ],
        "action": url_for("booking.move_it", appointment_id=anchor.id),
        "close": url_for("desk.visit", appointment_id=anchor.id),
        "back": back,
        "back_attrs": {"hx-get": back, "hx-target": "#plan-sheet", "hx-swap": "outerMorph"},
    }


def _visit(appointment_id: UUID) -> Appointment:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    return detail.appointment


def _rows(
    anchor: Appointment, which: str, starts_at: datetime, provider: UUID | None, answers: Mapping[str, Answer]
) -> list[dict[str, Any]]:
    now, zone = scope().at, anchor.location.time_zone
    tied = queries.reached(anchor, which)
    goals = queries.targets(anchor, which, starts_at)
    skipped: dict[int | UUID, datetime] = {}
    planned: list[Planned] = []
    going: list[tuple[Appointment, datetime]] = []
    for visit in tied:
        answer = answers.get(str(visit.id))
        at = goals[visit.id] if answer is None else _chosen(answer, zone)
        if at is None and answer is not None and answer.chosen == SKIP:
            skipped[visit.id] = visit.starts_at
        else:
            going.append((visit, at or goals[visit.id]))
    wanted = []
    for visit, at in going:
        shares = visit.provider_id == anchor.provider_id
        search = Search(
            visit.service_id,
            Span(now, now),
            provider if provider is not None and shares else visit.provider_id,
            visit.location_id,
            visit.patient_id,
            moving=visit,
            beside=tuple(other for other, _at in going if other.id != visit.id),
        )
        wanted.append(Wanted(visit.id, at, search))
    length = anchor.ends_at - anchor.starts_at
    planned = queries.plan(wanted, length, now)
    return plan.rows(planned, skipped, answers, zone, now)


def _chosen(answer: Answer, zone: str) -> datetime | None:
    return None if answer.chosen == SKIP else instant_of(answer, zone)


def _is_id(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True
