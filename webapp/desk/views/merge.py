"""Merge two records of one person: look at both, say which one stays, and take it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp import activity, hypermedia, toasts
from webapp.booking.queries import BoardVisit
from webapp.booking.wording import clock, day_name, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.desk import merging
from webapp.desk.views.door import blueprint
from webapp.dynamo import DynamoUnavailable
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.identity.queries import accounts_of
from webapp.identity.service import identity
from webapp.patients import actions
from webapp.patients.models import Patient
from webapp.patients.queries import Found, desk_record
from webapp.patients.refusals import MergeWithItself, RecordMerged
from webapp.patients.wording import born, email_of, gender_label, initials, phone_of, record_number, tone
from webapp.practice.queries import signboard, time_zone
from webapp.routing import requires

CHOOSE, COMPARE, DONE_PAGE = "desk/merge_choose.html", "desk/merge_compare.html", "desk/merge_done.html"
MERGED, PARTED = "patient.merged", "patient.parted"

log = structlog.get_logger(__name__)
toasts.say(MERGED, _l("Merged. The other record leads here now."))
toasts.say(PARTED, _l("Undone. Both records stand for themselves again."))


@blueprint.get("/patients/<uuid:patient_id>/merge")
@requires(Permission.PATIENT_MERGE, role=Role.MANAGER)
def choose(patient_id: UUID) -> Response:
    """Choose the other record: those that look alike, or any that is searched for."""
    patient = desk_record(patient_id)
    if patient.merged_into is not None:
        return hypermedia.see(url_for("desk.choose", patient_id=patient.merged_into))
    alike = merging.alike(patient)
    activity.note("opened", patient=patient_id)
    activity.note("listed", listed={person.id for person in alike})
    return hypermedia.page(
        CHOOSE,
        clinic=signboard(),
        person=_head(patient),
        back=url_for("desk.record", patient_id=patient_id),
        alike=[_row(person, patient_id) for person in alike],
    )


@blueprint.get("/patients/<uuid:patient_id>/merge/<uuid:other_id>")
@requires(Permission.PATIENT_MERGE, role=Role.MANAGER)
def compare(patient_id: UUID, other_id: UUID) -> Response:
    """Show both records side by side."""
    return _page(patient_id, other_id)


def _refused(refusal: Refusal, patient_id: UUID, other_id: UUID) -> Response:
    return _page(patient_id, other_id, refusal)


@contextmanager
def _signed_out_for(patient_id: UUID, other_id: UUID) -> Iterator[None]:
    """Sessions carry whom an account may see: after the change, those of both records end. A refusal ends none."""
    with transactional(scope(), read_only=True) as session:
        accounts = accounts_of(session, [patient_id, other_id])
    yield
    try:
        for account in accounts:
            identity().sessions.bump(account)
    except DynamoUnavailable:
        # The job that the change promised does it.
        log.warning("sessions_end_later")


@blueprint.post("/patients/<uuid:patient_id>/merge/<uuid:other_id>")
@requires(Permission.PATIENT_MERGE, role=Role.MANAGER, refused=_refused, around=_signed_out_for)
def merge(patient_id: UUID, other_id: UUID) -> Response:
    """Merge them into the one that was chosen."""
    pair = {str(patient_id): other_id, str(other_id): patient_id}
    goes = pair.get(request.form.get("stays", ""))
    if goes is None:
        desk_record(patient_id)
        raise FormInvalid({"stays": [_("Choose which record stays")]})
    stays = other_id if goes == patient_id else patient_id
    made = actions.merge(stays, goes, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=stays, detail=MERGED)
    return hypermedia.done(MERGED, url_for("desk.merged", merge_id=made), merge=made)


@blueprint.get("/merges/<uuid:merge_id>")
@requires(Permission.PATIENT_MERGE, role=Role.MANAGER)
def merged(merge_id: UUID) -> Response:
    """What a merge moved, and the way back."""
    return _merged_page(merge_id)


def _undo_refused(refusal: Refusal, merge_id: UUID) -> Response:
    return _merged_page(merge_id, refusal)


@contextmanager
def _signed_out_again(merge_id: UUID) -> Iterator[None]:
    with transactional(scope(), read_only=True):
        found = merging.merge(merge_id)
        stays, goes = found.stays.id, found.goes.id
    with _signed_out_for(stays, goes):
        yield


@blueprint.post("/merges/<uuid:merge_id>/undo")
@requires(Permission.PATIENT_MERGE, role=Role.MANAGER, refused=_undo_refused, around=_signed_out_again)
def part(merge_id: UUID) -> Response:
    """Take the merge back."""
    made = actions.unmerge(merge_id, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=made.merged_id, detail=PARTED)
    return hypermedia.done(PARTED, url_for("desk.merged", merge_id=merge_id), merge=merge_id)


def _page(patient_id: UUID, other_id: UUID, refusal: Refusal | None = None) -> Response:
    at, zone = scope().at, time_zone()
    sides = [merging.side(each, at) for each in (patient_id, other_id)]
    if patient_id == other_id:
        raise MergeWithItself(patient=patient_id)
    if refusal is None and any(side.patient.merged_into for side in sides):
        raise RecordMerged(patient=patient_id)
    for side in sides:
        activity.note("opened", patient=side.patient.id)
    clashes = merging.overlaps(patient_id, other_id, at)
    chosen = request.form.get("stays") or str(max(sides, key=lambda side: side.visits + side.before).patient.id)
    return hypermedia.page(
        COMPARE,
        clinic=signboard(),
        action=url_for("desk.merge", patient_id=patient_id, other_id=other_id),
        back=url_for("desk.choose", patient_id=patient_id),
        sides=[_side(side, zone) | {"chosen": str(side.patient.id) == chosen} for side in sides],
        lines=_lines(sides, zone),
        clashes=[_clash(clash, zone) for clash in clashes],
        errors={} if refusal is None else refusal.errors,
        messages=[] if refusal is None or refusal.errors else [str(refusal.message)],
    )


def _merged_page(merge_id: UUID, refusal: Refusal | None = None) -> Response:
    found, zone = merging.merge(merge_id), time_zone()
    for patient in (found.stays, found.goes):
        activity.note("opened", patient=patient.id)
    undone = found.merge.undone_at
    return hypermedia.page(
        DONE_PAGE,
        clinic=signboard(),
        stays=_head(found.stays),
        goes=_head(found.goes),
        when=_moment(found.merge.merged_at, zone),
        undone="" if undone is None else _moment(undone, zone),
        moved=_counted(found.counts.get("moved", {})),
        returned=_counted(found.counts.get("returned", {})),
        stayed=_counted(found.counts.get("stayed", {})),
        rested=_rested(found) if found.rested else "",
        kept_visits=[url_for("desk.visit", appointment_id=visit) for visit in found.kept_visits],
        action=url_for("desk.part", merge_id=merge_id),
        messages=[] if refusal is None else [str(refusal.message)],
    )


def _rested(found: merging.Merge) -> str:
    if found.merge.undone_at is not None:
        return _("The record waits for the same by an entry made since. What rested stays off the waiting list.")
    return ngettext(
        "Both records waited for the same. %(num)s entry of the waiting list rests until the merge is undone.",
        "Both records waited for the same. %(num)s entries of the waiting list rest until the merge is undone.",
        found.rested,
    )


def _moment(at: Any, zone: str) -> str:  # noqa: ANN401 - a column's value
    return f"{short_date(local_date(at, zone))}, {clock(at, zone)}"


def _head(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "detail": f"{born(patient.birth_date)} · {_('MRN %(number)s', number=record_number(patient.record_number))}",
        "href": url_for("desk.record", patient_id=patient.id),
    }


def _side(side: merging.Side, zone: str) -> dict[str, Any]:
    return _head(side.patient) | {"coming": [_visit(visit, zone) for visit in side.coming]}


def _lines(sides: Sequence[merging.Side], zone: str) -> list[dict[str, Any]]:
    """What is known of each, line by line; `differs` where that is something to think about."""
    one, other = (_known(side, zone) for side in sides)
    telling = {_("Name"), _("Born"), _("Sex"), _("Phone"), _("Email"), _("Address"), _("Deceased")}
    return [
        {"label": label, "one": mine, "other": theirs, "differs": label in telling and mine != theirs}
        for (label, mine), (_label, theirs) in zip(one, other, strict=True)
    ]


def _known(side: merging.Side, zone: str) -> list[tuple[str, str]]:
    patient = side.patient
    address = next((", ".join(filter(None, (each.line, each.city))) for each in patient.addresses), "")
    died = patient.deceased_at
    return [
        (_("Name"), patient.name),
        (_("Former name"), patient.maiden_name),
        (_("Born"), born(patient.birth_date)),
        (_("Sex"), gender_label(patient.gender)),
        (_("MRN"), record_number(patient.record_number)),
        (_("Phone"), phone_of(patient)),
        (_("Email"), email_of(patient)),
        (_("Address"), address),
        (_("Alerts"), ", ".join(alert.label for alert in patient.alerts)),
        (_("Portal account"), ", ".join(side.accounts)),
        (_("On the waiting list"), str(side.wishes or "")),
        (_("Visits here"), str(side.visits or "")),
        (_("Visits from before"), str(side.before or "")),
        (_("Deceased"), "" if died is None else short_date(local_date(died, zone))),
        (_("Record since"), short_date(local_date(patient.created_at, zone))),
    ]


def _visit(visit: BoardVisit, zone: str) -> dict[str, str]:
    day = day_name(local_date(visit.starts_at, zone), local_date(scope().at, zone))
    return {
        "href": url_for("desk.visit", appointment_id=visit.id),
        "when": f"{day}, {clock(visit.starts_at, zone)}",
        "what": _("%(service)s with %(provider)s", service=visit.service, provider=visit.provider_name),
    }


def _clash(clash: merging.Overlap, zone: str) -> list[dict[str, str]]:
    today = local_date(scope().at, zone)
    return [
        {
            "href": url_for("booking.move", appointment_id=visit),
            "when": f"{day_name(local_date(at, zone), today)}, {clock(at, zone)}",
        }
        for visit, at in ((clash.one, clash.one_at), (clash.other, clash.other_at))
    ]


def _row(person: Found, patient_id: UUID) -> dict[str, Any]:
    details = (
        _("Born %(date)s", date=born(person.birth_date)),
        _("MRN %(number)s", number=record_number(person.record_number)),
        person.phone,
    )
    return {
        "href": url_for("desk.compare", patient_id=patient_id, other_id=person.id),
        "name": person.name,
        "detail": " · ".join(part for part in details if part),
        "initials": initials(person.name),
        "tone": tone(person.id),
    }


def _counted(tables: dict[str, int]) -> list[tuple[str, int]]:
    words = {
        "appointment": _("Visits"),
        "series": _("Repeated visits"),
        "waiting_wish": _("Waiting list"),
        "waiting_offer": _("Offered times"),
        "encounter": _("Visits from before"),
        "patient_telecom": _("Phone numbers and emails"),
        "patient_address": _("Addresses"),
        "patient_contact": _("People to call"),
        "patient_alert": _("Alerts"),
        "clinical_alert": _("Clinical alerts"),
        "coverage": _("Insurance"),
        "account_patient": _("Portal accounts"),
    }
    return [(label, tables[table]) for table, label in words.items() if table in tables]
