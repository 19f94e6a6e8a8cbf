"""Put somebody on the waiting list, correct what they wait for, take them off."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions.waiting import wishes
from webapp.booking.models import Appointment
from webapp.booking.models.plans import WaitingWish
from webapp.booking.queries import waiting_list
from webapp.booking.queries.together import composed
from webapp.booking.views.door import blueprint
from webapp.booking.waiting_forms import read_id, read_version, read_wish
from webapp.booking.waiting_wording import notices, urgencies, weekday_names
from webapp.booking.wording import clock, day_name, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.patients.models import Patient
from webapp.patients.queries import desk_record
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice import queries as practice
from webapp.routing import requires

TEMPLATE = "booking/wish.html"
BLOCKS = {"dialog": "sheet", "wish-sheet": "sheet"}
ADDED, CHANGED, WITHDRAWN = "waiting.added", "waiting.changed", "waiting.withdrawn"

toasts.say(ADDED, _l("On the waiting list."))
toasts.say(CHANGED, _l("The waiting list has it now."))
toasts.say(WITHDRAWN, _l("Taken off the waiting list."))


@blueprint.get("/waiting/new")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK)
def new_wish() -> Response:
    """Ask what a patient waits for; with `appointment`, for a time before that visit."""
    return _new()


def _not_added(refusal: Refusal) -> Response:
    return _new(refusal)


@blueprint.post("/waiting/new")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, refused=_not_added)
def add_wish() -> Response:
    """Put the patient on the list."""
    patient, appointment = _ids()
    if patient is None:
        raise NotFound
    wish = wishes.add_wish(
        patient, read_wish(request.form), actor=scope().actor, at=scope().at, appointment_id=appointment
    )
    activity.note("changed", patient=wish.patient_id, detail=ADDED)
    back = url_for("desk.record", patient_id=wish.patient_id)
    if appointment is not None:
        back = url_for("desk.visit", appointment_id=appointment)
    return hypermedia.done(ADDED, back, wish=wish.id)


@blueprint.get("/waiting/<uuid:wish_id>")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK)
def wish(wish_id: UUID) -> Response:
    """Show what somebody waits for, to be corrected."""
    return _existing(wish_id)


def _not_changed(refusal: Refusal, wish_id: UUID) -> Response:
    return _existing(wish_id, refusal)


@blueprint.post("/waiting/<uuid:wish_id>")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, refused=_not_changed)
def change_wish(wish_id: UUID) -> Response:
    """Keep what was corrected."""
    changed = wishes.change_wish(wish_id, read_wish(request.form), version=read_version(request.form), at=scope().at)
    activity.note("changed", patient=changed.patient_id, detail=CHANGED)
    return hypermedia.done(CHANGED, url_for("booking.waiting_list"))


@blueprint.post("/waiting/<uuid:wish_id>/withdraw")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, refused=_not_changed)
def withdraw(wish_id: UUID) -> Response:
    """Take somebody off the list."""
    gone = wishes.withdraw_wish(wish_id, version=read_version(request.form), at=scope().at)
    activity.note("changed", patient=gone.patient_id, detail=WITHDRAWN)
    return hypermedia.done(WITHDRAWN, url_for("booking.waiting_list"))


def _ids() -> tuple[UUID | None, UUID | None]:
    return read_id(request.values.get("patient", "")), read_id(request.values.get("appointment", ""))


def _new(refusal: Refusal | None = None) -> Response:
    patient_id, appointment_id = _ids()
    visit = None
    if appointment_id is not None:
        detail = queries.visit(appointment_id)
        visit = None if detail is None else detail.appointment
        if visit is None or patient_id not in {None, visit.patient_id}:
            raise NotFound
        patient_id = visit.patient_id
    if patient_id is None:
        raise NotFound
    close = url_for("desk.record", patient_id=patient_id)
    if visit is not None:
        close = url_for("desk.visit", appointment_id=visit.id)
    return _page(
        desk_record(patient_id),
        visit,
        _sent() or _fresh(visit),
        refusal,
        title=_("Put on the waiting list"),
        button=_("Put on the list"),
        action=url_for("booking.add_wish"),
        close=close,
        wish=None,
    )


def _existing(wish_id: UUID, refusal: Refusal | None = None) -> Response:
    found = waiting_list.wish(wish_id)
    if found is None:
        raise NotFound
    return _page(
        desk_record(found.wish.patient_id),
        found.visit,
        _sent() or _kept(found.wish),
        refusal,
        title=_("On the waiting list"),
        button=_("Save"),
        action=url_for("booking.wish", wish_id=wish_id),
        close=url_for("booking.waiting_list"),
        wish=found.wish,
    )


def _page(
    patient: Patient,
    visit: Appointment | None,
    values: dict[str, Any],
    refusal: Refusal | None,
    *,
    wish: WaitingWish | None,
    **words: str,
) -> Response:
    at = scope().at
    activity.note("opened", patient=patient.id)
    several = composed()
    services = [offer.service for offer in practice.offers()]
    services = [each for each in services if each.id not in several]
    chosen = read_id(str(values["service"]))
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        clinic=practice.signboard(),
        person=_person(patient),
        has="" if visit is None else _has(visit, at),
        appointment=None if visit is None else visit.id,
        ended=wish is not None and wish.status != "waiting",
        ended_why=_("Two records became one, and the other one's entry for the same waits on.")
        if wish is not None and wish.ended_by_merge is not None
        else _("Nobody is offered anything for it any more."),
        version=None if wish is None else wish.version,
        withdraw=None if wish is None else url_for("booking.withdraw", wish_id=wish.id),
        values=values,
        services=[(each.id, each.name) for each in services if visit is None or each.id == chosen],
        providers=_providers(values["providers"]),
        places=[("", _("Anywhere")), *((site.id, site.name) for site in practice.locations())],
        weekdays=weekday_names(),
        urgencies=urgencies(),
        notices=notices(),
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
        words=words,
    )


def _person(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "detail": f"{born(patient.birth_date)} · {_('MRN %(number)s', number=record_number(patient.record_number))}",
    }


def _has(visit: Appointment, at: datetime) -> str:
    zone = visit.location.time_zone
    day = day_name(local_date(visit.starts_at, zone), local_date(at, zone))
    return _("%(when)s with %(provider)s", when=f"{day}, {clock(visit.starts_at, zone)}", provider=visit.provider.name)


def _providers(chosen: list[str]) -> list[dict[str, Any]]:
    return [{"id": each.id, "name": each.name, "checked": str(each.id) in chosen} for each in practice.providers()]


def _fresh(visit: Appointment | None) -> dict[str, Any]:
    """What a new form holds: anything from today on, or anything before the visit they have."""
    zone = practice.time_zone() if visit is None else visit.location.time_zone
    today = local_date(scope().at, zone)
    asked = request.args.get("provider", "")
    return {
        "service": request.args.get("service", "") if visit is None else visit.service_id,
        "location": "" if visit is None else visit.location_id,
        "providers": [asked] if asked else [] if visit is None else [str(visit.provider_id)],
        "weekdays": [],
        "from_time": "",
        "to_time": "",
        "earliest": today.isoformat(),
        "latest": "" if visit is None else local_date(visit.starts_at, zone).isoformat(),
        "urgency": 1,
        "notice": 0,
        "note": "",
    }


def _kept(wish: WaitingWish) -> dict[str, Any]:
    return {
        "service": wish.service_id,
        "location": wish.location_id or "",
        "providers": [str(each) for each in wish.provider_ids],
        "weekdays": [] if len(wish.weekdays) == len(weekday_names()) else [str(day) for day in wish.weekdays],
        "from_time": _wall(wish.from_time),
        "to_time": _wall(wish.to_time),
        "earliest": wish.earliest.isoformat(),
        "latest": "" if wish.latest is None else wish.latest.isoformat(),
        "urgency": wish.urgency,
        "notice": wish.notice_minutes,
        "note": wish.note,
    }


def _sent() -> dict[str, Any] | None:
    """What was typed, so that a refused form loses nothing; None for a page that sent nothing of it."""
    form = request.form
    if "earliest" not in form:
        return None
    single = ("service", "location", "from_time", "to_time", "earliest", "latest", "urgency", "notice", "note")
    return {name: form.get(name, "") for name in single} | {
        "providers": form.getlist("provider"),
        "weekdays": form.getlist("weekday"),
    }


def _wall(moment: time) -> str:
    """The value of a time field; the ends of the day are left empty."""
    return "" if moment == time.min or moment >= time(23, 59) else moment.strftime("%H:%M")
