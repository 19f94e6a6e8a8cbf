"""Background work of bookings: holds that ran out."""

from __future__ import annotations

from webapp import jobs
from webapp.booking import actions
from webapp.db import transactional
from webapp.jobs import job


@job("booking.lapse_holds", every="* * * * *")
def lapse_holds(timestamp: int) -> None:
    """End every hold whose time is over, each in its own transaction; whoever takes a time first ends its hold, too."""
    del timestamp
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        over = actions.overdue(scope.at)
    for hold in over:
        with transactional(jobs.scope()) as _:
            actions.lapse(hold, at=scope.at)
