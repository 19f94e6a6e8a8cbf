"""The simulated terminal's own page, on which somebody pays or leaves a card: stands for the page of a real gateway."""

from __future__ import annotations

from flask import Response, g, request, url_for

from webapp import hypermedia
from webapp.billing.actions.events import promise_look
from webapp.billing.gateways import simulated
from webapp.billing.gateways import simulated_pages as pages
from webapp.billing.gateways.simulated import APPROVE, DECLINE
from webapp.billing.models import SimulatedPage
from webapp.billing.views.terminal import blueprint
from webapp.db import Role, Scope, transactional
from webapp.errors import BadRequest, NotFound
from webapp.money import money
from webapp.practice.letterhead import NOBODY
from webapp.routing import public

TEMPLATE = "billing/terminal_page.html"
LEAVE = "leave"


@blueprint.get("/terminal/pages/<name>")
@public
def payer(name: str) -> Response:
    """Show what is to be paid, and what the payer can do."""
    return _page(name)


@blueprint.post("/terminal/pages/<name>")
@public
def payer_does(name: str) -> Response:
    """Pay, have the card declined, or leave.  As a real gateway's message would, it has our side look at once."""
    choice = request.form.get("choice", "")
    if choice not in {APPROVE, DECLINE, LEAVE}:
        raise BadRequest
    with transactional(_nobody(), read_only=True):
        found = pages.named(name)
        if found is None:
            raise NotFound
        back = {APPROVE: found.success_url, LEAVE: found.cancel_url}.get(choice, "")
    order = simulated.choose(name, choice) if choice != LEAVE else None
    if order is not None:
        with transactional(_nobody()):
            promise_look(order)
    if choice == DECLINE or (choice == APPROVE and order is None):
        return hypermedia.see(url_for("terminal.payer", name=name))
    return hypermedia.away(back)


def _nobody() -> Scope:
    return Scope(Role.DESK, None, g.at, g.request_id)


def _page(name: str) -> Response:
    with transactional(_nobody(), read_only=True):
        found = pages.named(name)
        if found is None:
            raise NotFound
        return hypermedia.page(
            TEMPLATE,
            clinic=NOBODY,
            page=_shown(found),
            action=url_for("terminal.payer_does", name=name),
        )


def _shown(found: SimulatedPage) -> dict[str, object]:
    return {
        "title": found.title,
        "amount": "" if found.cents is None else money(found.cents, found.currency),
        "open": pages.is_open(found),
        "done": found.state == pages.DONE,
        "declined": bool(found.code),
        "back": found.success_url if found.state == pages.DONE else found.cancel_url,
    }
