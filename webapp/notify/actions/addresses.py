"""Remember which addresses take nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from webapp.db import db
from webapp.news import News, tell_staff
from webapp.notify.models import Message, RefusedAddress
from webapp.notify.reach import digest

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.notify.reports import Report


def take_report(report: Report, *, at: datetime) -> None:
    """Use the addresses of a report no more, or again; what bounced is marked as not having arrived.

    A report that comes twice changes nothing the second time.
    """
    for address in report.addresses:
        if report.reason is None:
            db.session.execute(delete(RefusedAddress).where(RefusedAddress.digest == digest(address)))
            continue
        row = {"reason": report.reason, "at": at}
        statement = insert(RefusedAddress).values(digest=digest(address), **row)
        db.session.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=row))
    if report.reason == "bounced" and report.parcel_id is not None:
        bounced = update(Message).where(Message.parcel_id == report.parcel_id, Message.state == "sent")
        failed = bounced.values(state="failed", reason="bounced", sent_at=None).returning(Message.patient_id)
        for patient in set(db.session.scalars(failed)):
            tell_staff(News.UNDELIVERED, patient, at=at, hourly=True)
