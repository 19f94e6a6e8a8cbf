"""Failed jobs: what could not be finished in the background, and one more attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, url_for
from flask_babel import lazy_gettext as _l

from webapp import cycle, hypermedia, toasts
from webapp.db import Role, db
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.ops import actions, queries
from webapp.ops.views.door import blueprint
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.errors import Refusal

MOST_BIGINT = 2**63 - 1

toasts.say("job_retried", _l("The job will be tried again within a few seconds."))


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


def _jobs_page(refusal: Refusal | None) -> Response:
    failed = queries.failed_jobs(db.session())
    return hypermedia.page("ops/jobs.html", block="main", jobs=failed, refusal=refusal)
