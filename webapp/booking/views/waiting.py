"""The waiting list: who waits for what and for how long, and the answers of those who are being offered a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp import activity, hypermedia, toasts
from webapp.booking.actions.waiting import offers
from webapp.booking.queries.waiting_list import Line, OpenOffer, open_offers, who_waits
from webapp.booking.views.door import blueprint
from webapp.booking.waiting_forms import read_id
from webapp.booking.waiting_wording import left_of, suits, urgency_label, waited, with_whom
from webapp.booking.wording import clock, day_name, local_date, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.patients.wording import initials, phone_of, tone
from webapp.practice import queries as practice
from webapp.routing import requires
from webapp.templating import may, may_at

TEMPLATE = "booking/waiting.html"
BLOCKS = {"waiting": "waiting", "offers": "offers"}
ACCEPTED, REFUSED = "waiting.accepted", "waiting.refused"

toasts.say(ACCEPTED, _l("Booked. They are off the waiting list."))
toasts.say(REFUSED, _l("Refused. The time goes to the next in line."))


@blueprint.get("/waiting")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK)
def waiting_list() -> Response:
    """Show who waits; `service` and `provider` narrow it."""
    if hypermedia.wants_fragment() and hypermedia.target() not in BLOCKS:
        # A dialog's form led here: the whole page follows.
        return hypermedia.leave(url_for("booking.waiting_list"))
    return _page()


@blueprint.get("/waiting/offers")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, touches=False)
def waiting_offers() -> Response:
    """Show what is being offered right now; the page asks by itself."""
    if not hypermedia.wants_fragment():
        return hypermedia.see(url_for("booking.waiting_list"))
    return _page()


def _refused(refusal: Refusal, offer_id: UUID) -> Response:  # noqa: ARG001 - the list shows which are left
    return _page(refusal)


@blueprint.post("/waiting/offers/<uuid:offer_id>/accept")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=_refused)
def accept_offer(offer_id: UUID) -> Response:
    """The person takes the time that is held for them."""
    visit = offers.accept(offer_id, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=visit.patient_id, detail=ACCEPTED)
    return hypermedia.done(ACCEPTED, url_for("booking.waiting_list"), appointment=visit.id)


@blueprint.post("/waiting/offers/<uuid:offer_id>/refuse")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=_refused)
def refuse_offer(offer_id: UUID) -> Response:
    """The person does not want the time; the next one is asked."""
    offer = offers.refuse(offer_id, at=scope().at)
    activity.note("changed", patient=offer.patient_id, detail=REFUSED)
    return hypermedia.done(REFUSED, url_for("booking.waiting_list"))


def _page(refusal: Refusal | None = None) -> Response:
    at = scope().at
    service, provider = read_id(request.args.get("service", "")), read_id(request.args.get("provider", ""))
    found = who_waits(service_id=service, provider_id=provider)
    offered = open_offers(at)
    activity.note(
        "listed", listed={line.wish.patient_id for line in found.lines} | {o.wish.patient_id for o in offered}
    )
    sites = practice.locations()
    zone = sites[0].time_zone if sites else "UTC"
    names = {each.id: each.name for each in practice.providers()}
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="waiting",
        clinic=practice.signboard(),
        problem="" if refusal is None else str(refusal.message),
        offers=[_offer(each, at) for each in offered],
        lines=[_line(line, names, zone, at) for line in found.lines],
        count=ngettext("%(num)s person waits", "%(num)s people wait", found.total),
        more=found.total > len(found.lines),
        filters={
            "service": service or "",
            "provider": provider or "",
            "services": [("", _("All types")), *((each.service.id, each.service.name) for each in practice.offers())],
            "providers": [("", _("All providers")), *names.items()],
        },
        narrowed=service is not None or provider is not None,
    )


def _offer(each: OpenOffer, at: datetime) -> dict[str, Any]:
    """One offer, with what the desk says on the phone."""
    zone, patient = each.hold.location.time_zone, each.wish.patient
    day = day_name(local_date(each.hold.starts_at, zone), local_date(at, zone))
    moves = "" if each.visit is None else _when(each.visit.starts_at, each.visit.location.time_zone, at)
    until, asks = clock(each.offer.expires_at, zone), each.wish.service.deposit_cents > 0
    return {
        "id": each.offer.id,
        "name": patient.name,
        "href": url_for("desk.record", patient_id=patient.id),
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "phone": phone_of(patient),
        "when": f"{day}, {time_span(each.hold.starts_at, each.hold.ends_at, zone)}",
        "what": _("%(service)s with %(provider)s", service=each.wish.service.name, provider=each.hold.provider.name),
        "moves": moves,
        "until": _("offered until %(time)s", time=until),
        "left": left_of(each.offer.expires_at, at),
        "accept": url_for("booking.accept_offer", offer_id=each.offer.id),
        # Whoever moves has paid for their visit already.
        "pay": url_for("billing.held", appointment_id=each.hold.id) if each.visit is None and asks else "",
        "refuse": url_for("booking.refuse_offer", offer_id=each.offer.id),
        "may_answer": may("visit.move") and may_at("visit.move", each.hold.location_id),
    }


def _line(line: Line, names: dict[UUID, str], zone: str, at: datetime) -> dict[str, Any]:
    wish, patient = line.wish, line.wish.patient
    word, pill = urgency_label(wish.urgency)
    visit = line.visit
    has = "" if visit is None else _when(visit.starts_at, visit.location.time_zone, at)
    book = url_for("booking.book", patient=patient.id, service=wish.service_id, wish=wish.id)
    return {
        "id": wish.id,
        "name": patient.name,
        "href": url_for("desk.record", patient_id=patient.id),
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "phone": phone_of(patient),
        "urgency": word,
        "urgency_tone": pill,
        "service": wish.service.name,
        "whom": with_whom(wish, names),
        "suits": suits(wish, local_date(at, zone)),
        "has": has,
        "note": wish.note,
        "waited": waited(wish.created_at, at),
        "offered": line.offered,
        "edit": url_for("booking.wish", wish_id=wish.id),
        "book": book if visit is None else url_for("booking.move", appointment_id=visit.id),
        "moves": visit is not None,
        "withdraw": url_for("booking.withdraw", wish_id=wish.id),
        "version": wish.version,
    }


def _when(moment: datetime, zone: str, at: datetime) -> str:
    return f"{day_name(local_date(moment, zone), local_date(at, zone))}, {clock(moment, zone)}"
