"""Health for machines, and the style guide for us."""

from __future__ import annotations

from flask import Response, current_app

from webapp import draining, hypermedia
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.ops import readiness
from webapp.ops.views.door import blueprint
from webapp.routing import public, requires


@blueprint.get("/livez")
@public
def livez() -> Response:
    """Answer that this process can answer; asks no service."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """Answer 200 when a balancer should send people here, else 503 and why: `draining`, `postgresql` or `clock`.

    DynamoDB is not asked: without it every instance says so on a page of ours, which is more than a balancer would say.
    """
    missing = "draining" if draining.begun() else readiness.probe().missing()
    return Response(f"{missing or 'ok'}\n", 503 if missing else 200, mimetype="text/plain")


@blueprint.get("/styleguide")
@requires(Permission.HOME_VIEW, role=None)
def styleguide() -> Response:
    """Show every component in every state; not in production."""
    if current_app.config["ANTEROOM"].environment == "production":
        raise NotFound
    return hypermedia.page("ops/styleguide.html")
