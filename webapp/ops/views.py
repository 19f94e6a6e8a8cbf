"""Health for machines, failed jobs for managers, and the style guide for us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import SQLAlchemyError

from webapp import cycle, dynamo, hypermedia, toasts
from webapp.db import Role, Scope, db, transactional
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.ops import actions, queries
from webapp.routing import public, requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

MOST_BIGINT = 2**63 - 1

blueprint = Blueprint("ops", __name__)

toasts.say("job_retried", _l("The job will be tried again within a few seconds."))


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


@blueprint.get("/jobs")
@requires(Permission.JOBS_VIEW, role=Role.MANAGER)
def jobs() -> Response:
    """List the jobs that were given up."""
    return _jobs_page(None)


def _retry_refused(refusal: Refusal, job_id: int) -> Response:  # noqa: ARG001 - the list shows which are left
    return _jobs_page(refusal)


@blueprint.post("/jobs/<int:job_id>/retry")
@requires(Permission.JOBS_RETRY, role=Role.MANAGER, refused=_retry_refused)
def retry(job_id: int) -> Response:
    """Try a failed job again."""
    if job_id > MOST_BIGINT:
        raise NotFound
    actions.retry_job(db.session(), job_id, cycle.scope().at)
    return hypermedia.done("job_retried", url_for("ops.jobs"))


@blueprint.get("/styleguide")
@requires(Permission.HOME_VIEW, role=None)
def styleguide() -> Response:
    """Show every component in every state; not in production."""
    if current_app.config["ANTEROOM"].environment == "production":
        raise NotFound
    return hypermedia.page("ops/styleguide.html")


def _jobs_page(refusal: Refusal | None) -> Response:
    failed = queries.failed_jobs(db.session())
    return hypermedia.page("ops/jobs.html", block="main", jobs=failed, refusal=refusal)


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
