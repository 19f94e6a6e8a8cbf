"""The reminder schedule among the settings: for each type of visit, and for all that have none of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking.wording import local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import BadRequest
from webapp.identity.permissions import Permission
from webapp.notify.actions import schedules as actions
from webapp.notify.queries.schedules import last_switch, schedules
from webapp.notify.schedule_forms import UNITS, read_schedule, rows_of, sent_rows
from webapp.notify.timing import DEFAULT_REMINDERS
from webapp.notify.views.door import blueprint
from webapp.practice import catalog
from webapp.practice.queries import time_zone
from webapp.practice.views.home import tabs
from webapp.practice.wording import duration
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

VIEW, EDIT = Permission.SETTINGS_VIEW, Permission.SETTINGS_EDIT
SAVED = "reminders.saved"
OFF, ON = "reminders.off", "reminders.on"

toasts.say(SAVED, _l("Saved. Reminders that fall due from now on follow it."))
toasts.say(OFF, _l("Nobody is reminded from now on."))
toasts.say(ON, _l("Reminders that fall due from now on are sent."))


@blueprint.get("/settings/reminders")
@requires(VIEW, role=Role.DESK)
def reminders() -> Response:
    """List the schedules: the practice's, then those of types of visits."""
    known, switched = schedules(), last_switch()
    off = switched if switched is not None and not switched.sends else None
    services = [each for each in catalog.things("services") if each.retired_at is None or each.id in known]
    return hypermedia.page(
        "notify/reminders.html",
        tabs=tabs("reminders"),
        off_since="" if off is None else short_date(local_date(off.since, time_zone())),
        usual={"times": _times(known.get(None, DEFAULT_REMINDERS)), "own": None in known},
        rows=[
            {
                "name": each.name,
                "times": _times(known[each.id]),
                "href": url_for("notify.reminders_of", service_id=each.id),
                "save": url_for("notify.save_reminders_of", service_id=each.id),
                "seen": _written(known[each.id]),
            }
            for each in services
            if each.id in known
        ],
        others=[
            {"name": each.name, "href": url_for("notify.reminders_of", service_id=each.id)}
            for each in services
            if each.id not in known
        ],
    )


@blueprint.get("/settings/reminders/all")
@requires(EDIT, role=Role.MANAGER)
def usual_reminders() -> Response:
    """The schedule of visits that have none of their own, to be changed."""
    return _form(None)


def _usual_refused(refusal: Refusal) -> Response:
    return _form(None, refusal)


@blueprint.post("/settings/reminders/all")
@requires(EDIT, role=Role.MANAGER, refused=_usual_refused)
def save_usual_reminders() -> Response:
    """Set it, or take it away: then it is two days and two hours again."""
    return _saved(None)


@blueprint.get("/settings/reminders/<uuid:service_id>")
@requires(EDIT, role=Role.MANAGER)
def reminders_of(service_id: UUID) -> Response:
    """The schedule of one type of visit, to be changed."""
    return _form(service_id)


def _refused(refusal: Refusal, service_id: UUID) -> Response:
    return _form(service_id, refusal)


@blueprint.post("/settings/reminders/<uuid:service_id>")
@requires(EDIT, role=Role.MANAGER, refused=_refused)
def save_reminders_of(service_id: UUID) -> Response:
    """Set it, or take it away: then the practice's counts."""
    catalog.thing("services", service_id)
    return _saved(service_id)


@blueprint.post("/settings/reminders/switch")
@requires(EDIT, role=Role.MANAGER)
def switch_reminders() -> Response:
    """Remind nobody at all, or send reminders again; pressed twice it is as it is after once."""
    wanted = request.form.get("sends")
    if wanted not in {"0", "1"}:
        raise BadRequest
    actions.switch_reminders(sends=wanted == "1", at=scope().at)
    said = ON if wanted == "1" else OFF
    activity.note("changed", detail=said)
    return hypermedia.done(said, url_for("notify.reminders"))


def _saved(service_id: UUID | None) -> Response:
    actions.set_schedule(read_schedule(request.form, service_id), at=scope().at)
    activity.note("changed", detail=SAVED)
    return hypermedia.done(SAVED, url_for("notify.reminders"))


def _form(service_id: UUID | None, refusal: Refusal | None = None) -> Response:
    name = "" if service_id is None else catalog.thing("services", service_id).name
    known = schedules()
    minutes, usual = known.get(service_id, ()), known.get(None, DEFAULT_REMINDERS)
    instead = DEFAULT_REMINDERS if service_id is None else usual
    # Whoever lost a race sees what is there by now; whoever typed something wrong, what they typed.
    typed = refusal is not None and bool(refusal.errors)
    endpoint = "notify.save_usual_reminders" if service_id is None else "notify.save_reminders_of"
    return hypermedia.page(
        "notify/reminder.html",
        tabs=tabs("reminders"),
        title=_("Reminders of %(service)s", service=name) if name else _("Reminders of all other visits"),
        own=bool(name),
        instead=_times(instead),
        rows=sent_rows(request.form) if typed else rows_of(minutes or instead),
        units=[(unit, label) for unit, label in zip(UNITS, (_("days"), _("hours"), _("minutes")), strict=True)],
        seen=_written(minutes),
        action=url_for(endpoint) if service_id is None else url_for(endpoint, service_id=service_id),
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
    )


def _times(minutes: tuple[int, ...]) -> str:
    return _("%(times)s before", times=_(" and ").join(duration(each) for each in minutes))


def _written(minutes: tuple[int, ...]) -> str:
    return ",".join(map(str, minutes))
