"""The projector of free times, as long as a worker lives: a job would wait for a poll, once for each booking."""

from __future__ import annotations

from webapp.booking.projection.project import Projector
from webapp.jobs import loop

REST_SECONDS = 0.25

_projector = Projector()


@loop("booking.project", rest=REST_SECONDS)
def project() -> bool:
    """Tell DynamoDB what changed since the last round; True when more waits."""
    return _projector.once()
