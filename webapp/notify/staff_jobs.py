"""Background work of the notices of staff: put what was promised on its list, and forget what is no longer there."""

from __future__ import annotations

from datetime import datetime

from webapp import clock
from webapp.jobs import job
from webapp.news import TELL, News
from webapp.notify import staff_list


@job(TELL)
def tell(kind: str, subject: str, happened: str, slot: str) -> None:
    """Publish a notice; done again it finds it there.  Without DynamoDB it fails, and so comes again."""
    staff_list.publish(News(kind), subject, datetime.fromisoformat(happened), datetime.fromisoformat(slot))


@job("notify.forget_staff_notices", every="19 2 * * *")
def forget(timestamp: int) -> None:
    """Count the notices that lists no longer show, once a night."""
    del timestamp
    staff_list.forget_gone(clock.now())
