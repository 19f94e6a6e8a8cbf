"""Health for machines, and the style guide for us."""

from __future__ import annotations

from flask import Response, current_app, g
from sqlalchemy.exc import SQLAlchemyError

from webapp import dynamo, hypermedia
from webapp.db import Role, Scope, transactional
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.ops import queries
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
    """Answer 200 when PostgreSQL and DynamoDB answer, else 503 with the name of the one that does not."""
    missing = [
        name for name, answers in (("postgresql", _database_answers), ("dynamodb", _dynamo_answers)) if not answers()
    ]
    return Response("\n".join(missing or ["ok"]) + "\n", 503 if missing else 200, mimetype="text/plain")


@blueprint.get("/styleguide")
@requires(Permission.HOME_VIEW, role=None)
def styleguide() -> Response:
    """Show every component in every state; not in production."""
    if current_app.config["ANTEROOM"].environment == "production":
        raise NotFound
    return hypermedia.page("ops/styleguide.html")


def _database_answers() -> bool:
    nobody = Scope(Role.IDENTITY, None, g.at, g.request_id)
    try:
        with transactional(nobody, read_only=True) as session:
            return queries.ready(session)
    except SQLAlchemyError:
        return False


def _dynamo_answers() -> bool:
    try:
        dynamo.client().get("counters", {"pk": "readyz"})
    except dynamo.DynamoUnavailable:
        return False
    return True
