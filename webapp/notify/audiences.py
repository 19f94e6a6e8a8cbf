"""Whom news concerns: each kind has one audience, and an audience is who may open the page that it leads to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webapp.identity.permissions import Permission
from webapp.news import News

if TYPE_CHECKING:
    from collections.abc import Callable


class Audience(StrEnum):
    """People who are told the same; the values are attributes of items in DynamoDB, and none of its reserved words."""

    FRONT = "of_front"
    MONEY = "of_money"
    PORTAL = "of_portal"
    WORK = "of_work"
    AUDIT = "of_audit"


NEEDED = {
    Audience.FRONT: Permission.WAITING_LIST_EDIT,
    Audience.MONEY: Permission.BILLING_VIEW,
    Audience.PORTAL: Permission.PORTAL_INVITE,
    Audience.WORK: Permission.JOBS_VIEW,
    Audience.AUDIT: Permission.ACTIVITY_VIEW,
}
AUDIENCES = {
    News.REGISTRATION: Audience.PORTAL,
    News.UNDELIVERED: Audience.FRONT,
    News.BOOKED: Audience.FRONT,
    News.MOVED: Audience.FRONT,
    News.CANCELED: Audience.FRONT,
    News.OFFER_TAKEN: Audience.FRONT,
    News.LIST_RAN_OUT: Audience.FRONT,
    News.NOT_COLLECTED: Audience.MONEY,
    News.NOT_REFUNDED: Audience.MONEY,
    News.JOB_FAILED: Audience.WORK,
    News.AUDIT_BROKEN: Audience.AUDIT,
}


def audiences_of(may: Callable[[Permission], bool]) -> tuple[Audience, ...]:
    """The audiences that somebody with these permissions belongs to."""
    return tuple(audience for audience, needed in NEEDED.items() if may(needed))
