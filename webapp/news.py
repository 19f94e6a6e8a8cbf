"""What everybody who works here is told of: promised in the transaction of what happened, whatever slice that is in."""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from webapp.jobs import announce

if TYPE_CHECKING:
    from datetime import datetime

TELL = "notify.tell_staff"


class News(StrEnum):
    """What happened; the values stand in DynamoDB and in arguments of jobs."""

    REGISTRATION = "registration"
    UNDELIVERED = "undelivered"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELED = "canceled"
    OFFER_TAKEN = "offer_taken"
    LIST_RAN_OUT = "list_ran_out"
    NOT_COLLECTED = "not_collected"
    NOT_REFUNDED = "not_refunded"
    JOB_FAILED = "job_failed"
    AUDIT_BROKEN = "audit_broken"


def tell_staff(kind: News, subject: object, *, at: datetime, hourly: bool = False) -> None:
    """Promise a notice for everybody whom it concerns; it exists when the caller's transaction commits.

    `subject` is the id of what it is about and `at` when that happened: the same three are the same notice, however
    often it is promised.  Of what comes in bursts (`hourly`) the first of an hour is told, for each subject.
    """
    utc = at.astimezone(UTC)
    slot = utc.replace(minute=0, second=0, microsecond=0) if hourly else utc
    announce(TELL, kind=kind.value, subject=str(subject), happened=utc.isoformat(), slot=slot.isoformat())
