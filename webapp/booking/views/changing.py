"""Changes of settings that can hit visits: the forms are the practice's, the answer for each visit is asked here."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, problems, toasts
from webapp.booking import actions
from webapp.booking.actions import (
    ClosureChange,
    ExtraHoursRemoval,
    HoursChange,
    LeaveChange,
    Retirement,
    ServiceChange,
)
from webapp.booking.views.affected import Asking, answer, carry
from webapp.booking.views.door import blueprint
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.practice import catalog
from webapp.practice.actions import NewLeave
from webapp.practice.forms import read_closure, read_exception, read_hours, read_retirement, read_service
from webapp.practice.views.exceptions import closure_page, exception_page, exception_zone, sites_in_use
from webapp.practice.views.hours import hours_page, places_in_use
from webapp.practice.views.schedules import provider_of, zone_for
from webapp.practice.views.services import service_page
from webapp.practice.views.things import known, list_of, thing_refused
from webapp.practice.views.week import local_today
from webapp.routing import requires

EDIT = Permission.SETTINGS_EDIT

toasts.say("hours.changed", _l("The new hours are saved."))
toasts.say("closure.added", _l("The location is closed for that time."))
toasts.say("leave.added", _l("The absence is saved."))
toasts.say("leave.ended", _l("The provider is back; the time is free again."))
toasts.say("leave.offered", _l("The provider is back. Who waits for such a time is offered it soon."))
toasts.say("closure.removed", _l("The location is open again."))
toasts.say("closure.offered", _l("The location is open again. Who waits for such a time is offered it soon."))
toasts.say("extra.added", _l("The extra hours are saved."))
toasts.say("extra.offered", _l("The extra hours are saved. Who waits for such a time is offered it soon."))
toasts.say("extra.removed", _l("The extra hours are taken back."))


def _hours_refused(refusal: Refusal, provider_id: UUID) -> Response:
    def asking() -> Asking:
        name = provider_of(provider_id).name
        back = url_for("practice.schedule", provider_id=provider_id)
        return Asking(_("Other hours for %(name)s", name=name), _("The hours changed"), back)

    return answer(refusal, lambda why: hours_page(provider_id, why), asking)


@blueprint.post("/settings/schedules/<uuid:provider_id>/hours")
@requires(EDIT, role=Role.MANAGER, refused=_hours_refused)
def change_hours(provider_id: UUID) -> Response:
    """Put a provider's weekly hours in the place of those of before, from a day on."""
    provider_of(provider_id)
    today = local_today(scope().at, zone_for(provider_id))
    wanted = read_hours(request.form, provider_id, places_in_use(), today)
    return carry(
        HoursChange(wanted),
        "hours.changed",
        lambda _made: url_for("practice.schedule", provider_id=provider_id, week=wanted.first),
    )


def _exception_refused(refusal: Refusal) -> Response:
    def asking() -> Asking:
        name = provider_of(UUID(request.form["provider"])).name
        sent = {field: value for field, value in request.form.items() if field in _KEPT}
        back = f"{url_for('practice.new_exception')}?{urlencode(sent)}"
        return Asking(_("%(name)s is away", name=name), _("The provider is away"), back)

    return answer(refusal, exception_page, asking)


_KEPT = ("provider", "kind", "first", "last", "starts", "ends", "note", "back")


@blueprint.post("/exceptions/new")
@requires(Permission.EXCEPTIONS_EDIT, role=Role.DESK, refused=_exception_refused)
def add_exception() -> Response:
    """Write down that a provider is away, or works more than usual."""
    wanted = read_exception(request.form, sites_in_use(), exception_zone(), scope().at)
    if isinstance(wanted, NewLeave):
        return carry(LeaveChange(wanted), "leave.added", lambda _made: _back(wanted.provider_id))
    told = actions.work_more(wanted, at=scope().at).offered
    activity.note("changed", detail="extra.added")
    return hypermedia.done("extra.offered" if told else "extra.added", _back(wanted.provider_id))


def _back(provider_id: UUID) -> str:
    asked = request.form.get("back", "")
    return asked if hypermedia.is_own(asked) else url_for("practice.schedule", provider_id=provider_id)


@blueprint.post("/exceptions/leave/<uuid:leave_id>/end")
@requires(Permission.EXCEPTIONS_EDIT, role=Role.DESK)
def end_leave(leave_id: UUID) -> Response:
    """Let a provider be back from now on, or never away when it had not begun."""
    provider_id, told = actions.end_leave(leave_id, at=scope().at)
    activity.note("changed", detail="leave.ended")
    return hypermedia.done(
        "leave.offered" if told else "leave.ended", url_for("practice.schedule", provider_id=provider_id)
    )


def _extra_refused(refusal: Refusal, extra_id: UUID) -> Response:
    del extra_id

    def asking() -> Asking:
        return Asking(_("Extra hours are taken back"), _("The provider is away"), url_for("practice.schedules"))

    return answer(refusal, problems.page, asking)


@blueprint.post("/exceptions/extra/<uuid:extra_id>/remove")
@requires(Permission.EXCEPTIONS_EDIT, role=Role.DESK, refused=_extra_refused)
def remove_extra_hours(extra_id: UUID) -> Response:
    """Take extra hours back, as far as they lie ahead."""
    return carry(
        ExtraHoursRemoval(extra_id),
        "extra.removed",
        lambda provider_id: url_for("practice.schedule", provider_id=provider_id),
    )


def _closure_refused(refusal: Refusal) -> Response:
    def asking() -> Asking:
        site = catalog.thing("locations", UUID(request.form["location"])).name
        return Asking(_("%(place)s is closed", place=site), _("The clinic is closed"), url_for("practice.closures"))

    return answer(refusal, closure_page, asking)


@blueprint.post("/settings/closures/<uuid:closure_id>/remove")
@requires(EDIT, role=Role.MANAGER)
def end_closure(closure_id: UUID) -> Response:
    """Open the location again from now on."""
    told = actions.end_closure(closure_id, at=scope().at).offered
    activity.note("changed", detail="closure.removed")
    return hypermedia.done("closure.offered" if told else "closure.removed", url_for("practice.closures"))


@blueprint.post("/settings/closures/new")
@requires(EDIT, role=Role.MANAGER, refused=_closure_refused)
def close_location() -> Response:
    """Close a whole location for a time."""
    wanted = read_closure(request.form, sites_in_use().zones, scope().at)
    change = ClosureChange(wanted.location_id, wanted.span, wanted.reason)
    return carry(change, "closure.added", lambda _made: url_for("practice.closures"))


def _retirement_refused(refusal: Refusal, kind: str, thing_id: UUID) -> Response:
    def asking() -> Asking:
        name = known(kind, thing_id).name
        return Asking(_("%(name)s is retired", name=name), _("No longer offered"), list_of(kind))

    def form(why: Refusal) -> Response:
        return service_page(thing_id, why) if kind == "services" else thing_refused(why, kind, thing_id)

    return answer(refusal, form, asking)


@blueprint.post("/settings/<kind>/<uuid:thing_id>/retire")
@requires(EDIT, role=Role.MANAGER, refused=_retirement_refused)
def retire(kind: str, thing_id: UUID) -> Response:
    """Take something out of use; what was done with it stays in the records."""
    known(kind, thing_id)
    wanted = read_retirement(kind, request.form, thing_id)
    return carry(Retirement(wanted), "setting.retired", lambda _made: list_of(kind))


def _service_refused(refusal: Refusal, service_id: UUID | None = None) -> Response:
    def asking() -> Asking:
        name = request.form.get("name", "")
        return Asking(_("%(name)s changes", name=name), _("No longer offered"), list_of("services"))

    return answer(refusal, lambda why: service_page(service_id, why), asking)


@blueprint.post("/settings/services/new")
@requires(EDIT, role=Role.MANAGER, refused=_service_refused)
def add_service() -> Response:
    """Offer one more type of visit."""
    change = ServiceChange(read_service(request.form, None))
    return carry(change, "setting.saved", lambda _made: url_for("practice.services"))


@blueprint.post("/settings/services/<uuid:service_id>")
@requires(EDIT, role=Role.MANAGER, refused=_service_refused)
def save_service(service_id: UUID) -> Response:
    """Change the rules of a service; visits that are booked keep what was agreed."""
    catalog.service_detail(service_id)
    change = ServiceChange(read_service(request.form, service_id))
    return carry(change, "setting.saved", lambda _made: url_for("practice.services"))
