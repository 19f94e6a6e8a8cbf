"""What the card gateway tells us by itself: signed, stored before it has any effect, and never believed."""

from __future__ import annotations

from flask import Response, g, request

from webapp import clock
from webapp.billing import service
from webapp.billing.actions.events import keep_event
from webapp.billing.gateways.protocol import BadSignature, NoMessages
from webapp.billing.views.door import blueprint
from webapp.db import Role, Scope, transactional
from webapp.errors import BadRequest
from webapp.problems import DATABASE_ERRORS
from webapp.routing import public
from webapp.security import csrf

SIGNATURE = "Stripe-Signature"


@blueprint.post("/webhooks/stripe")
@csrf.exempt  # type: ignore[untyped-decorator]  # no browser, no session: the signature is the token
@public
def stripe_event() -> Response:
    """Store the event once and promise to ask the gateway about its attempt; 503 lets the gateway send it again.

    What is stored twice, late or out of order promises nothing that was not promised: the job looks at the truth.
    """
    try:
        event = service.gateway().event(request.get_data(), request.headers.get(SIGNATURE, ""), clock.now())
    except (BadSignature, NoMessages):
        raise BadRequest from None
    nobody = Scope(Role.DESK, None, g.at, g.request_id)
    try:
        with transactional(nobody):
            keep_event("stripe", event, at=g.at)
    except DATABASE_ERRORS:
        return Response(status=503)
    return Response(status=200)
