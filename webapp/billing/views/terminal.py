"""The page of the simulated terminal: what happens to the next card; only where no real gateway is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.actions import terminal as actions
from webapp.billing.gateways.simulated import APPROVE, DECLINE, EXPIRED, OFFLINE, TIME_OUT
from webapp.billing.queries import terminal as queries
from webapp.billing.terminal_forms import read_reader, read_tap
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.ids import new_id
from webapp.money import money
from webapp.practice import catalog
from webapp.routing import requires

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.billing.models import SimulatedCharge, SimulatedReader
    from webapp.errors import Refusal

blueprint = Blueprint("terminal", __name__)
TAKE = Permission.PAYMENT_TAKE

toasts.say("terminal.chosen", _l("The reader knows what to do."))
toasts.say("terminal.added", _l("The reader is ready."))

STATES = {
    "authorised": (_l("Authorized"), "info", "clock"),
    "captured": (_l("Collected"), "ok", "check"),
    "voided": (_l("Given back"), "neutral", "undo-2"),
    "declined": (_l("Declined"), "danger", "x"),
}
REASONS = {"expired_card": _l("Expired card"), "not_confirmed": _l("No card yet")}


@blueprint.get("/terminal")
@requires(TAKE, role=Role.DESK)
def page() -> Response:
    """The readers and the last cards."""
    return _page(None)


def _refused(refusal: Refusal, reader_id: UUID | None = None) -> Response:
    return _page(refusal, reader_id)


@blueprint.post("/terminal")
@requires(TAKE, role=Role.DESK, refused=_refused)
def add() -> Response:
    """Put up a reader."""
    wanted = read_reader(request.form)
    reader = new_id()
    actions.add_reader(reader, wanted.location_id, wanted.name)
    activity.note("changed", detail="terminal.added")
    return hypermedia.done("terminal.added", url_for("terminal.page"), reader=reader)


@blueprint.post("/terminal/<uuid:reader_id>")
@requires(TAKE, role=Role.DESK, refused=_refused)
def choose(reader_id: UUID) -> Response:
    """Choose what the reader does with the next card."""
    if not queries.is_reader(reader_id):
        raise NotFound
    wanted = read_tap(request.form)
    actions.choose_tap(reader_id, wanted.next_tap, keeps=wanted.keeps, version=wanted.version)
    activity.note("changed", detail="terminal.chosen")
    return hypermedia.done("terminal.chosen", url_for("terminal.page"), reader=reader_id)


def _page(refusal: Refusal | None, reader_id: UUID | None = None) -> Response:
    places = {place.id: place for place in catalog.things("locations")}
    readers = [_reader(one, places[one.location_id].name, refusal, reader_id) for one in queries.all_readers()]
    names = {one["id"]: f"{one['name']}, {one['place']}" for one in readers}
    adding = refusal if reader_id is None else None
    return hypermedia.page(
        "billing/terminal.html",
        readers=readers,
        charges=[_charge(one, names) for one in queries.last_charges()],
        zone=next((each.time_zone for each in places.values()), "UTC"),
        taps=_taps(),
        places=[("", _("Choose")), *((each.id, each.name) for each in places.values() if each.retired_at is None)],
        typed={name: request.form.get(name, "") if adding else "" for name in ("name", "location_id")},
        errors={} if adding is None else adding.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
    )


def _taps() -> list[dict[str, Any]]:
    return [
        {"value": APPROVE, "icon": "check", "label": _("Approve"), "detail": _("The card is charged")},
        {"value": DECLINE, "icon": "ban", "label": _("Decline"), "detail": _("The bank says no")},
        {"value": EXPIRED, "icon": "calendar-x", "label": _("Expired card"), "detail": _("The bank says no")},
        {"value": TIME_OUT, "icon": "hourglass", "label": _("Time out"), "detail": _("Charged, the answer is lost")},
        {"value": OFFLINE, "icon": "wifi-off", "label": _("Offline"), "detail": _("The reader cannot be reached")},
    ]


def _reader(one: SimulatedReader, place: str, refusal: Refusal | None, reader_id: UUID | None) -> dict[str, Any]:
    about = refusal is not None and reader_id == one.id
    return {
        "id": one.id,
        "name": one.name,
        "place": place,
        "next_tap": request.form.get("next_tap", one.next_tap) if about else one.next_tap,
        "keeps": bool(request.form.get("keeps")) if about else one.keeps,
        "version": one.version,
        "online": one.next_tap != OFFLINE,
        "usual": one.next_tap == APPROVE,
        "action": url_for("terminal.choose", reader_id=one.id),
        "errors": refusal.errors if about and refusal is not None else {},
    }


def _charge(one: SimulatedCharge, names: dict[UUID, str]) -> dict[str, Any]:
    label, shade, icon = STATES[one.state]
    if one.code in REASONS:
        label, shade = REASONS[one.code], "neutral" if one.code == "not_confirmed" else shade
    return {
        "at": one.at,
        "amount": money(one.cents, one.currency),
        "reader": "" if one.reader_id is None else names.get(one.reader_id, ""),
        "label": label,
        "tone": shade,
        "icon": icon,
        "lost": not one.answered,
        "refunded": money(one.refunded_cents, one.currency) if one.refunded_cents else "",
    }
