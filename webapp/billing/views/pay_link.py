"""The public door "payment link": whoever has the link sees where, which number and how much, and pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, g, request, url_for

from webapp import activity, hypermedia, idempotency
from webapp.billing import charging, paying_page, returns, service
from webapp.billing.actions.links import PayByLink, pay_by_link
from webapp.billing.pay_links import hash_of
from webapp.billing.queries import links
from webapp.billing.refusals import LinkOver
from webapp.billing.views.door import blueprint
from webapp.booking.wording import clock, local_date, short_date
from webapp.db import Role, Scope, transactional
from webapp.errors import BadRequest, NotFound, Refusal
from webapp.idempotency import Claim
from webapp.money import MOST_CENTS, money
from webapp.practice.catalog import thing
from webapp.practice.letterhead import letterhead
from webapp.routing import public

if TYPE_CHECKING:
    from webapp.billing.models import Attempt

TEMPLATE, BACK = "billing/pay_link.html", "billing/paid_back.html"


@blueprint.get("/pay/<token>")
@public
def pay_link(token: str) -> Response:
    """Show what is to be paid: nothing clinical, no name, no service."""
    return _page(token)


@blueprint.post("/pay/<token>")
@public
def pay_by_page(token: str) -> Response:
    """Make the page on which the card is charged, or find the one that is open, and lead there."""
    try:
        led = paying_page.lead(lambda now: pay_by_link(_wanted(token), at=now.at), _nobody())
    except (BadRequest, NotFound):
        raise
    except Refusal as refusal:
        return _page(token, refusal)
    return _led(led)


@blueprint.get("/pay/back/<uuid:attempt_id>")
@public
def paid_back(attempt_id: UUID) -> Response:
    """Tell somebody who comes back how the attempt stands, whatever the address says."""
    with transactional(_nobody(), read_only=True):
        attempt = links.attempt_by_link(attempt_id)
        if attempt is None:
            raise NotFound
        tag = f"{attempt.version}"
        same = hypermedia.unchanged(tag)
        if same is not None:
            return same
        return _back(attempt, tag)


@blueprint.post("/pay/back/<uuid:attempt_id>")
@public
def pay_on(attempt_id: UUID) -> Response:
    """Lead somebody who left the page without paying to the same page again; else ask how it stands."""
    scope = _nobody()
    with transactional(scope, read_only=True):
        if links.attempt_by_link(attempt_id) is None:
            raise NotFound
    if request.form.get("look"):
        charging.carry_on(attempt_id, scope)
        return hypermedia.see(url_for("billing.paid_back", attempt_id=attempt_id))
    return _led(paying_page.lead_on(attempt_id, scope))


def _led(led: paying_page.Led) -> Response:
    if led.url is None:
        return hypermedia.see(url_for("billing.paid_back", attempt_id=led.standing.id))
    return hypermedia.away(led.url)


def _nobody() -> Scope:
    return Scope(Role.DESK, None, g.at, g.request_id)


def _wanted(token: str) -> PayByLink:
    try:
        key, cents = UUID(request.form["_key"]), int(request.form.get("due", ""))
    except (KeyError, ValueError):
        raise BadRequest from None
    if not 0 < cents <= MOST_CENTS:
        raise BadRequest
    hashed = hash_of(token)
    digest = idempotency.hash_request("billing.pay_by_page", {"link": hashed.hex()}, request.form.items(multi=True))
    # Nobody has an account here: whoever has the form is who pressed.
    once = Claim(UUID(int=0), key, digest)
    return PayByLink(hashed, cents, request.form.get("currency", ""), service.gateway_name(), once, returns.STAYS)


def _page(token: str, refusal: Refusal | None = None) -> Response:
    with transactional(_nobody(), read_only=True):
        found = links.to_pay(hash_of(token), g.at)
        if found is None:
            over = LinkOver()
            return hypermedia.page(
                TEMPLATE, status=over.status, clinic=letterhead(None), pay=None, messages=[over.message]
            )
        activity.note("opened", patient=found.patient_id, detail="payment_link")
        return hypermedia.page(
            TEMPLATE,
            status=200 if refusal is None else refusal.status,
            clinic=letterhead(found.location),
            pay=_pay(token, found),
            messages=[] if refusal is None else [refusal.message],
        )


def _pay(token: str, found: links.ToPay) -> dict[str, Any]:
    zone = found.location.time_zone
    going = found.going
    amount = found.free if going is None else going.cents
    return {
        "action": url_for("billing.pay_by_page", token=token),
        "number": found.number,
        "cents": max(0, found.free),
        "currency": found.currency,
        "amount": money(max(0, amount), found.currency),
        "due": money(found.due, found.currency),
        "paid": found.due <= 0,
        "until": short_date(local_date(found.expires_at, zone)),
        "open_until": "" if going is None else clock(going.expires_at, zone),
        "elsewhere": going is None and found.due > 0 and found.free <= 0,
    }


def _back(attempt: Attempt, tag: str) -> Response:
    site = thing("locations", attempt.location_id)
    back = returns.back_of(attempt)
    activity.note("opened", patient=attempt.patient_id, detail="payment_link")
    truth = paying_page.truth_of(attempt, g.at)
    return hypermedia.page(
        BACK,
        block="story",
        tag=tag,
        revision=tag,
        clinic=letterhead(site),
        href=url_for("billing.paid_back", attempt_id=attempt.id),
        number="" if back is None else back.text,
        amount=money(attempt.cents, attempt.currency),
        until=clock(attempt.expires_at, site.time_zone),
        truth=truth,
        fresh=truth in paying_page.FRESH,
        left=returns.LEFT in request.args,
    )
