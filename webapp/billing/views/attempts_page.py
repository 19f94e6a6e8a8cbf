"""One attempt to charge or refund a card: its story as it can be read out to a caller, and what to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import charging, wording
from webapp.billing.attempts import FINAL, State
from webapp.billing.queries import desk
from webapp.billing.views.book_paid import booked
from webapp.billing.views.door import blueprint
from webapp.booking.wording import clock, day_name, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.patients.models import Patient
from webapp.patients.queries import desk_record
from webapp.practice.catalog import thing
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.models import Attempt
    from webapp.errors import Refusal

TEMPLATE = "billing/attempt.html"
AGAIN, ENDED, LOOKED = "attempt.again", "attempt.ended", "attempt.looked"
ENDABLE = frozenset({State.CREATED, State.AUTHORISING, State.WAITING, State.UNKNOWN, State.DECLINED})

toasts.say(AGAIN, _l("The card was asked again."), "info")
toasts.say(ENDED, _l("The attempt is ended. Nothing is charged."))
toasts.say(LOOKED, _l("The card company was asked."), "info")


@blueprint.get("/billing/attempts/<uuid:attempt_id>")
@requires(Permission.BILLING_VIEW, role=Role.DESK)
def attempt(attempt_id: UUID) -> Response:
    """Show an attempt; while it is open the page looks again by itself."""
    return _page(attempt_id)


def _refused(refusal: Refusal, attempt_id: UUID) -> Response:
    return _page(attempt_id, refusal)


@blueprint.post("/billing/attempts/<uuid:attempt_id>/again")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK, refused=_refused, gateway=True)
def again(attempt_id: UUID) -> Response:
    """Charge another card after a decline; a press that is sent twice asks once."""
    standing = charging.try_again(attempt_id, cycle.form_claim({"attempt_id": attempt_id}), scope())
    if standing.settled and standing.appointment_id is not None:
        return booked(standing.appointment_id)
    return _done(AGAIN, attempt_id)


@blueprint.post("/billing/attempts/<uuid:attempt_id>/end")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK, refused=_refused, gateway=True)
def end(attempt_id: UUID) -> Response:
    """Give an attempt up, and what it reserved back."""
    charging.end(attempt_id, scope())
    return _done(ENDED, attempt_id)


@blueprint.post("/billing/attempts/<uuid:attempt_id>/look")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK, refused=_refused, gateway=True)
def look(attempt_id: UUID) -> Response:
    """Ask the card company now what became of it."""
    charging.carry_on(attempt_id, scope())
    return _done(LOOKED, attempt_id)


def _done(code: str, attempt_id: UUID) -> Response:
    activity.note("changed", detail=code)
    hypermedia.announce(code)
    return hypermedia.see(url_for("billing.attempt", attempt_id=attempt_id))


def _page(attempt_id: UUID, refusal: Refusal | None = None) -> Response:
    found = desk.attempt(attempt_id)
    tag = f"{found.version}"
    same = hypermedia.unchanged(tag)
    if same is not None and refusal is None:
        return same
    activity.note("opened", patient=found.patient_id)
    site = thing("locations", found.location_id)
    state = State(found.state)
    tone, icon = wording.state_tone(state)
    return hypermedia.page(
        TEMPLATE,
        block="story",
        tag=tag,
        revision=tag,
        clinic=letterhead(site),
        open=state not in FINAL or (found.settled_at is None and state is State.CAPTURED),
        href=url_for("billing.attempt", attempt_id=found.id),
        title=_title(found),
        pill={"text": wording.state_label(found), "tone": tone, "icon": icon},
        next=wording.what_next(found),
        why=wording.reason_label(found.code),
        steps=_steps(found, site.time_zone, scope().at),
        facts=_facts(found, desk_record(found.patient_id)),
        actions=_actions(found, state),
        message="" if refusal is None else refusal.message,
    )


def _title(found: Attempt) -> str:
    amount = money(found.cents, found.currency)
    if found.direction == "refund":
        return _("Refund of %(amount)s to the card", amount=amount)
    return _("Card payment of %(amount)s", amount=amount)


def _steps(found: Attempt, zone: str, at: datetime) -> list[dict[str, str]]:
    names = desk.names_of({each.actor_id for each in found.events if each.actor_id})
    today = local_date(at, zone)
    return [
        {
            "text": wording.step_label(each.kind, each.code, refund=found.direction == "refund"),
            "who": names.get(each.actor_id or found.id, ""),
            "when": _when(each.at, zone, today == local_date(each.at, zone), today),
        }
        for each in found.events
    ]


def _when(moment: datetime, zone: str, is_today: bool, today: Any) -> str:  # noqa: ANN401, FBT001
    return clock(moment, zone) if is_today else f"{day_name(local_date(moment, zone), today)}, {clock(moment, zone)}"


def _facts(found: Attempt, patient: Patient) -> list[dict[str, Any]]:
    numbers = desk.numbers_of([each.invoice_id for each in found.allocations])
    invoices = [
        {
            "text": _(
                "%(number)s, %(amount)s", number=numbers[each.invoice_id], amount=money(each.cents, found.currency)
            ),
            "href": url_for("billing.invoice", invoice_id=each.invoice_id),
        }
        for each in found.allocations
    ]
    facts = [
        {
            "term": _("Patient"),
            "links": [{"text": patient.name, "href": url_for("desk.record", patient_id=patient.id)}],
        },
        {"term": _("How"), "links": [{"text": wording.method_label(found.method), "href": ""}]},
    ]
    if invoices:
        facts.append({"term": _("Pays for"), "links": invoices})
    payment = found.payment_id or desk.payment_of(found.id)
    if payment is not None:
        link = {"text": _("Open"), "href": url_for("billing.payment", payment_id=payment)}
        facts.append({"term": _("Payment"), "links": [link]})
    if found.appointment_id is not None:
        link = {"text": _("Open"), "href": url_for("desk.visit", appointment_id=found.appointment_id)}
        facts.append({"term": _("Visit"), "links": [link]})
    if found.reason:
        facts.append({"term": _("Reason"), "links": [{"text": found.reason, "href": ""}]})
    if found.external_id:
        facts.append({"term": _("Reference"), "links": [{"text": found.external_id, "href": ""}]})
    return facts


def _held(found: Attempt, state: State) -> str:
    """Where the time of a declined attempt is paid for in another way; empty for any other."""
    if found.purpose != "booking" or found.appointment_id is None or state is not State.DECLINED:
        return ""
    return url_for("billing.held", appointment_id=found.appointment_id)


def _actions(found: Attempt, state: State) -> dict[str, str]:
    """Where forms lead, by name; empty where they do not apply."""
    takes = may_at("payment.take", found.location_id)
    charge = found.direction == "charge"
    first = next(iter(found.allocations), None)
    back = "" if first is None else url_for("billing.invoice", invoice_id=first.invoice_id)

    def door(name: str, *, shown: bool) -> str:
        return url_for(f"billing.{name}", attempt_id=found.id) if shown and takes else ""

    return {
        "again": door("again", shown=charge and state is State.DECLINED),
        "end": door("end", shown=charge and state in ENDABLE),
        "look": door("look", shown=state in {State.UNKNOWN, State.WAITING, State.AUTHORISING}),
        "back": back,
        "held": _held(found, state) if takes else "",
        "other": back if charge and state in {State.DECLINED, State.VOIDED, State.FAILED, State.CAPTURE_FAILED} else "",
    }
