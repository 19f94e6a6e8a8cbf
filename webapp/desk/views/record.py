"""A patient as the desk sees them: who they are, how to reach them, what is next; no clinical field."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking.queries import BoardVisit, patient_visits
from webapp.booking.states import MOVABLE, Status, next_step
from webapp.booking.wording import action_label, clock, day_name, local_date, short_date, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import merging, queries
from webapp.desk.queries import PastVisit
from webapp.desk.views import account, waiting
from webapp.desk.views.door import blueprint
from webapp.desk.views.drawer import ICONS, ROUTES
from webapp.identity.permissions import Permission
from webapp.patients.birth_dates import age
from webapp.patients.languages import language_name
from webapp.patients.models import Patient
from webapp.patients.queries import desk_record
from webapp.patients.wording import born, email_of, gender_label, initials, phone_of, record_number, tone
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

TEMPLATE = "desk/record.html"
TABS = ("summary", "visits")
ON_SUMMARY = 6
LED_HERE = "patient.led_here"
TO_COME = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM})

toasts.say(LED_HERE, _l("That record was merged into this one."), "info")


@blueprint.get("/patients/<uuid:patient_id>")
@requires(Permission.PATIENT_VIEW, role=Role.DESK)
def record(patient_id: UUID) -> Response:
    """Show one patient; `tab` chooses the summary or all visits."""
    patient = desk_record(patient_id)
    if hypermedia.wants_fragment():
        # A dialog's form led here: the whole page follows.
        return hypermedia.leave(url_for("desk.record", patient_id=patient_id))
    if patient.merged_into is not None:
        hypermedia.announce(LED_HERE)
        return hypermedia.see(url_for("desk.record", patient_id=patient.merged_into))
    activity.note("opened", patient=patient.id)
    at = scope().at
    site = queries.location()
    zone = "UTC" if site is None else site.time_zone
    merges = merging.open_merges(patient.id)
    visits = patient_visits(patient.id) + (merging.visits_left(patient.id) if merges else [])
    visits = list(queries.with_owed(visits))
    past = queries.past_visits(patient.id)
    tab = tab if (tab := request.args.get("tab", "")) in TABS else "summary"
    rows = _rows(visits, past, zone)
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(site),
        person=_person(patient, at, zone),
        tabs=_tabs(patient.id, tab, len(rows)),
        tab=tab,
        next_visit=_next(visits, patient, at, zone),
        rows=rows if tab == "visits" else rows[:ON_SUMMARY],
        total=len(rows),
        messages=url_for("notify.person", patient_id=patient.id),
        edit_contact=url_for("patients.contact", patient_id=patient.id),
        all_visits=url_for("desk.record", patient_id=patient.id, tab="visits"),
        contact=_contact(patient),
        about=_about(patient),
        contacts=[(contact.relationship_text or _("Contact"), contact) for contact in patient.contacts],
        book=url_for("booking.book", patient=patient.id),
        merges=_merges(merges, zone),
        merge=url_for("desk.choose", patient_id=patient.id),
        death=url_for("desk.death", patient_id=patient.id),
        waiting=waiting.card(patient, at),
        account=account.card(patient.id, at),
    )


def _merges(merges: list[tuple[UUID, datetime, str, int]], zone: str) -> list[dict[str, str]]:
    return [
        {
            "who": _("%(name)s, MRN %(number)s", name=name, number=record_number(number)),
            "when": short_date(local_date(when, zone)),
            "href": url_for("desk.merged", merge_id=merge),
        }
        for merge, when, name, number in merges
    ]


def _person(patient: Patient, at: datetime, zone: str) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "gender": gender_label(patient.gender),
        "born": born(patient.birth_date),
        "age": _("%(years)s years", years=age(patient.birth_date, local_date(at, zone))),
        "record_number": record_number(patient.record_number),
        "phone": phone_of(patient),
        "deceased": "" if patient.deceased_at is None else short_date(local_date(patient.deceased_at, zone)),
        "alerts": [
            {"label": alert.label, "detail": alert.detail, "icon": alert.icon, "tone": alert.tone}
            for alert in patient.alerts
        ],
        "bookable": patient.deceased_at is None,
    }


def _tabs(patient_id: UUID, tab: str, visits: int) -> list[dict[str, Any]]:
    labels = {"summary": (_("Summary"), None), "visits": (_("Visits"), visits)}
    return [
        {
            "label": labels[name][0],
            "count": labels[name][1],
            "href": url_for("desk.record", patient_id=patient_id, tab=None if name == "summary" else name),
            "current": tab == name,
        }
        for name in TABS
    ]


def _next(visits: list[BoardVisit], patient: Patient, at: datetime, zone: str) -> dict[str, Any] | None:
    """The visit that is on or comes next, with its next step when it is today."""
    coming = sorted((visit for visit in visits if _to_come(visit, at, zone)), key=lambda visit: visit.starts_at)
    if not coming:
        return None
    visit = coming[0]
    day = local_date(visit.starts_at, zone)
    today = local_date(at, zone)
    action = next_step(visit.status, on=day, today=today)
    step = None
    if action is not None and may_at(f"visit.{ROUTES[action]}", visit.location_id):
        step = {
            "label": f"{action_label(action)}, {clock(visit.starts_at, zone)}"
            if day == today
            else action_label(action),
            "href": url_for(f"desk.{ROUTES[action]}", appointment_id=visit.id),
            "icon": ICONS[action],
            "hidden": [("version", visit.version), ("back", url_for("desk.record", patient_id=patient.id))],
        }
    return {
        "title": _("Today") if day == today else _("Next visit"),
        "when": time_span(visit.starts_at, visit.ends_at, zone),
        "day": "" if day == today else day_name(day, today),
        "what": _("%(service)s with %(provider)s", service=visit.service, provider=_with(visit)),
        "status": visit.shown,
        "step": step,
        "open": url_for("desk.visit", appointment_id=visit.id),
        **{name: _change(visit, name) for name in ("move", "cancel")},
    }


def _change(visit: BoardVisit, name: str) -> str | None:
    """The page that moves or cancels a visit, where it may be."""
    possible = visit.status in MOVABLE and may_at(f"visit.{name}", visit.location_id)
    return url_for(f"booking.{name}", appointment_id=visit.id) if possible else None


def _to_come(visit: BoardVisit, at: datetime, zone: str) -> bool:
    return visit.status in TO_COME and local_date(visit.ends_at, zone) >= local_date(at, zone)


def _with(visit: BoardVisit) -> str:
    return ", ".join(part for part in (visit.provider_name, visit.room_name) if part)


def _rows(visits: list[BoardVisit], past: list[PastVisit], zone: str) -> list[dict[str, Any]]:
    """Our visits and imported ones in one list, the latest first."""
    ours: list[tuple[datetime, dict[str, Any]]] = [
        (
            visit.starts_at,
            {
                "what": visit.service,
                "who": visit.provider_name,
                "status": visit.shown,
                "href": url_for("desk.visit", appointment_id=visit.id),
            },
        )
        for visit in visits
    ]
    imported: list[tuple[datetime, dict[str, Any]]] = [
        (each.starts_at, {"what": _("Visit elsewhere"), "who": each.who, "status": None, "href": None}) for each in past
    ]
    return [
        {"day": short_date(local_date(at, zone)), "time": clock(at, zone)} | row
        for at, row in sorted([*ours, *imported], key=lambda pair: pair[0], reverse=True)
    ]


def _contact(patient: Patient) -> list[tuple[str, str]]:
    pairs = [(_("Phone"), phone_of(patient)), (_("Email"), email_of(patient))]
    for address in patient.addresses[:1]:
        city = ", ".join(part for part in (address.city, address.state) if part)
        lines = [address.line, " ".join(part for part in (city, address.postal_code) if part)]
        pairs.append((_("Address"), ", ".join(line for line in lines if line)))
    return [(key, value) for key, value in pairs if value]


def _about(patient: Patient) -> list[tuple[str, str]]:
    language = language_name(patient.language)
    if patient.interpreter_needed:
        language = _("%(language)s, interpreter needed", language=language)
    pairs = [(_("Language"), language), (_("Former name"), patient.maiden_name)]
    return [(key, value) for key, value in pairs if value]
