"""Notices of staff in words: one sentence each, made for whoever reads it, of what is true by now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.wording import clock, day_name, local_date, short_day
from webapp.news import News
from webapp.notify.queries.staff_news import OF_MONEY

if TYPE_CHECKING:
    from datetime import date, datetime

    from webapp.notify.queries.staff_news import About
    from webapp.notify.staff_list import StaffNotice

ICONS = {
    News.REGISTRATION: "user-plus",
    News.UNDELIVERED: "mail",
    News.BOOKED: "calendar-check",
    News.MOVED: "calendar-clock",
    News.CANCELED: "calendar-x",
    News.OFFER_TAKEN: "hourglass",
    News.LIST_RAN_OUT: "hourglass",
    News.NOT_COLLECTED: "credit-card",
    News.NOT_REFUNDED: "credit-card",
    News.JOB_FAILED: "activity",
    News.AUDIT_BROKEN: "shield-alert",
}


def sentence(notice: StaffNotice, about: About, now: datetime) -> str:
    """What happened, in one sentence."""
    if about.starts_at is not None:
        return _of_a_time(notice.kind, about, when(about.starts_at, about.zone, now))
    if notice.kind is News.REGISTRATION:
        return _of_a_registration(about)
    if notice.kind is News.UNDELIVERED:
        return _("A message to %(name)s did not arrive.", name=about.name)
    if notice.kind in OF_MONEY:
        return _of_money(notice.kind, about)
    if notice.kind is News.JOB_FAILED:
        return _("Background work was given up after eight attempts: %(task)s.", task=notice.subject)
    return _("The audit is not as it was sealed: a row was changed, added or taken out.")


def _of_a_registration(about: About) -> str:
    if about.open:
        return _("%(name)s signed up for the portal and waits to be matched with a record.", name=about.name)
    return _("%(name)s signed up for the portal. Somebody has seen to it.", name=about.name)


def _of_money(kind: News, about: About) -> str:
    if kind is News.NOT_REFUNDED:
        return _("The refund of %(amount)s to %(name)s did not go through.", amount=about.amount, name=about.name)
    return _(
        "%(amount)s of %(name)s could not be collected. The amount is owed again.", amount=about.amount, name=about.name
    )


def _of_a_time(kind: News, about: About, when: str) -> str:
    if kind is News.OFFER_TAKEN:
        return _("%(name)s took the time from the waiting list, %(when)s.", name=about.name, when=when)
    if kind is News.LIST_RAN_OUT:
        return _(
            "Nobody on the waiting list took the time of %(provider)s, %(when)s.", provider=about.provider, when=when
        )
    if kind is News.CANCELED:
        return _("%(name)s canceled in the portal: the visit %(when)s.", name=about.name, when=when)
    if not about.open:
        return _("%(name)s had a visit %(when)s, changed in the portal. It is canceled.", name=about.name, when=when)
    if kind is News.MOVED:
        return _("%(name)s moved a visit in the portal. It is now %(when)s.", name=about.name, when=when)
    return _("%(name)s booked in the portal: a visit %(when)s.", name=about.name, when=when)


def when(moment: datetime, zone: str, now: datetime) -> str:
    """Day and time within a sentence: "today at 10:00 AM", "on Thu, Nov 26 at 10:00 AM"."""
    day, today, time = local_date(moment, zone), local_date(now, zone), clock(moment, zone)
    if day == today:
        return _("today at %(time)s", time=time)
    if day == today + timedelta(days=1):
        return _("tomorrow at %(time)s", time=time)
    return _("on %(day)s at %(time)s", day=short_day(day), time=time)


def heading(day: date, today: date) -> str:
    """The day above its notices: "Today, Thu, Nov 26", "Yesterday, Wed, Nov 25", "Tue, Nov 24"."""
    if day == today - timedelta(days=1):
        return _("Yesterday, %(day)s", day=short_day(day))
    return day_name(day, today)


def href(notice: StaffNotice, about: About) -> str:
    """The page where one sees to it."""
    pages = {
        News.REGISTRATION: "desk.registrations",
        News.UNDELIVERED: "notify.undelivered",
        News.JOB_FAILED: "ops.jobs",
        News.AUDIT_BROKEN: "ops.audit_chain",
    }
    if notice.kind in pages:
        return url_for(pages[notice.kind])
    if notice.kind in OF_MONEY:
        return url_for("billing.attempt", attempt_id=notice.subject)
    if notice.kind is News.LIST_RAN_OUT and about.starts_at is not None:
        return url_for("desk.board", day=local_date(about.starts_at, about.zone), location=about.location_id)
    return url_for("desk.visit", appointment_id=about.visit_id)
