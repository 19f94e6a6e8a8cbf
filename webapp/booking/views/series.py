"""Series: all dates before they are booked, and the visits of one that was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions.series import Chosen, SeriesRequest, book_series
from webapp.booking.forms import write_instant
from webapp.booking.plan_forms import (
    SKIP,
    SeriesForm,
    instant_of,
    read_series,
    rule_problems,
    unreadable,
)
from webapp.booking.queries import Search, SeriesVisits, Wanted
from webapp.booking.recurrence import MOST, Adjusted, Occurrence, Repeat, occurrences
from webapp.booking.rhythm import rhythm_fields
from webapp.booking.states import MOVABLE, Action, Status, allows, shown_as
from webapp.booking.views import book, plan
from webapp.booking.views.door import blueprint
from webapp.booking.wording import day_name, local_date, rhythm_label, short_date, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.patients.queries import desk_record
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.routing import requires

DONE = "series.booked"

toasts.say(DONE, _l("All visits are booked."))


@blueprint.post("/book/series")
@requires(Permission.VISIT_BOOK, role=Role.DESK, asks=True, refused=book.refused)
def plan_series() -> Response:
    """Show every date of a series, which of them are free, and times for those that are not."""
    wanted = read_series(request.form)
    invalid = rule_problems(
        occurrences(wanted.visit.starts_at, _zone(wanted.visit.location_id), wanted.repeat, most=MOST + 1)
    )
    if invalid:
        raise FormInvalid(invalid)
    return _page(wanted)


def _refused(refusal: Refusal) -> Response:
    try:
        wanted = read_series(request.form)
    except FormInvalid:
        return book.refused(refusal)
    return _page(wanted, refusal)


@blueprint.post("/series/new")
@requires(Permission.VISIT_BOOK, role=Role.DESK, refused=_refused)
def book_all() -> Response:
    """Book the visits that were agreed on, all or none."""
    wanted = read_series(request.form)
    zone = _zone(wanted.visit.location_id)
    invalid = unreadable(wanted.answers, zone)
    if invalid:
        raise FormInvalid(invalid)
    booked = book_series(_agreed(wanted, zone), actor=scope().actor, at=scope().at)
    activity.note("changed", patient=booked.series.patient_id, detail=DONE)
    return hypermedia.done(DONE, url_for("booking.series", series_id=booked.series.id), series=booked.series.id)


@blueprint.get("/series/<uuid:series_id>")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def series(series_id: UUID) -> Response:
    """Show a series with its visits."""
    found = queries.series(series_id)
    patient = desk_record(found.series.patient_id)
    activity.note("opened", patient=patient.id)
    return hypermedia.page(
        "booking/series.html", block="sheet", clinic=practice.signboard(), person=book.person(patient), **_shown(found)
    )


def _agreed(wanted: SeriesForm, zone: str) -> SeriesRequest:
    visit = wanted.visit
    chosen = []
    for each in occurrences(visit.starts_at, zone, wanted.repeat):
        at = _answered(wanted, each, zone)
        if at is not None:
            chosen.append(Chosen(each.number, at))
    return SeriesRequest(
        patient_id=visit.patient_id,
        service_id=visit.service_id,
        location_id=visit.location_id,
        repeat=wanted.repeat,
        first_at=visit.starts_at,
        visits=tuple(chosen),
        provider_id=visit.provider_id,
        note=visit.note,
    )


def _answered(wanted: SeriesForm, each: Occurrence, zone: str) -> datetime | None:
    """When a visit shall be: as answered, else as the rule says; None when it is left out."""
    answer = wanted.answers.get(str(each.number))
    if answer is None:
        return each.at
    return None if answer.chosen == SKIP else instant_of(answer, zone) or each.at


def _zone(location_id: UUID) -> str:
    site = next((site for site in practice.locations() if site.id == location_id), None)
    if site is None:
        raise NotFound
    return site.time_zone


def _page(wanted: SeriesForm, refusal: Refusal | None = None) -> Response:
    visit, at = wanted.visit, scope().at
    patient = desk_record(visit.patient_id)
    activity.note("opened", patient=patient.id)
    zone, offer = _zone(visit.location_id), practice.offer(visit.service_id)
    if offer is None:
        raise NotFound
    found = _rows(wanted, zone, timedelta(minutes=offer.service.length_minutes), at)
    rhythm = rhythm_fields(wanted.rhythm)
    kept: dict[str, Any] = {
        "patient": visit.patient_id,
        "service": visit.service_id,
        "location": visit.location_id,
        "provider": visit.provider_id or "",
    }
    back = url_for("booking.book", **{**kept, **rhythm, "at": write_instant(visit.starts_at)})
    shown = {
        "title": ngettext("%(num)s visit", "%(num)s visits", len(found)),
        "summary": _summary(offer.service.name, wanted.repeat, found),
        "person": book.person(patient),
        "rows": found,
        "conflicts": plan.conflicts(found),
        "advice": _("The nearest free time is chosen for each; change it, or leave the visit out."),
        "skip": _("Leave it out"),
        "hidden": [*kept.items(), ("starts_at", write_instant(visit.starts_at)), ("note", visit.note), *rhythm.items()],
        "action": url_for("booking.book_all"),
        "close": url_for("desk.today"),
        "back": back,
        "back_attrs": {"hx-get": back, "hx-target": "#plan-sheet", "hx-swap": "outerMorph"},
        "button": ngettext("Book %(num)s visit", "Book %(num)s visits", len(found)),
    }
    errors = {} if refusal is None else refusal.errors or {"": [str(refusal.message)]}
    return hypermedia.page(
        plan.TEMPLATE, targets=plan.BLOCKS, block="sheet", clinic=practice.signboard(), plan=shown, errors=errors
    )


def _rows(wanted: SeriesForm, zone: str, length: timedelta, now: datetime) -> list[dict[str, Any]]:
    visit = wanted.visit
    search = Search(visit.service_id, Span(now, now), visit.provider_id, visit.location_id, visit.patient_id)
    planned: list[Wanted] = []
    skipped: dict[int | UUID, datetime] = {}
    rule = occurrences(visit.starts_at, zone, wanted.repeat)
    for each in rule:
        at = _answered(wanted, each, zone)
        if at is None:
            skipped[each.number] = each.at
        else:
            planned.append(Wanted(each.number, at, search))
    notes = {each.number: _note(each) for each in rule}
    found = plan.rows(queries.plan(planned, length, now), skipped, wanted.answers, zone, now)
    return [row | {"note": notes[row["key"]]} for row in found]


def _note(each: Occurrence) -> str:
    words = {
        Adjusted.SHORT_MONTH: _("The last day of a month that has no such day"),
        Adjusted.CLOCK: _("The clocks change: this is the first time there is"),
    }
    return "" if each.adjusted is None else words[each.adjusted]


def _summary(service: str, repeat: Repeat, found: list[dict[str, Any]]) -> str:
    how = rhythm_label(repeat.frequency, repeat.every)
    return _(
        "%(service)s, %(how)s, %(first)s to %(last)s",
        service=service,
        how=how,
        first=found[0]["day"],
        last=found[-1]["day"],
    )


def _shown(found: SeriesVisits) -> dict[str, Any]:
    rule, at = found.series, scope().at
    zone = rule.time_zone
    today = local_date(at, zone)
    rows = [
        {
            "number": found.number(visit.id) or "",
            "href": url_for("desk.visit", appointment_id=visit.id),
            "day": day_name(local_date(visit.starts_at, zone), today),
            "time": time_span(visit.starts_at, visit.ends_at, zone),
            "who": visit.provider.name,
            "status": shown_as(Status(visit.status)),
            "gone": visit.status == Status.CANCELLED,
        }
        for visit in found.visits
    ]
    coming = [visit for visit in found.visits if visit.starts_at >= at]
    movable = next((visit for visit in coming if Status(visit.status) in MOVABLE), None)
    open_still = next((visit for visit in coming if allows(Status(visit.status), Action.CANCEL)), None)
    many = ngettext("%(num)s visit", "%(num)s visits", found.kept)
    how = rhythm_label(rule.frequency, rule.every)
    until = "" if rule.until is None else _("until %(day)s", day=short_date(rule.until))
    last = found.visits[-1]
    return {
        "summary": ", ".join(part for part in (found.visits[0].service.name, how, many, until) if part),
        "rows": rows,
        "close": url_for("desk.visit", appointment_id=(movable or last).id),
        "move": movable and url_for("booking.move", appointment_id=movable.id, which="later"),
        "cancel": open_still and url_for("booking.cancel", appointment_id=open_still.id, which="later"),
    }
