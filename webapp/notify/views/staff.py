"""The notices of everybody who works here, and the bell that counts the ones somebody has not read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, g, request, url_for
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking.wording import clock, local_date
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.dynamo import DynamoUnavailable
from webapp.identity.permissions import Permission
from webapp.notify import staff_list, staff_words
from webapp.notify.audiences import audiences_of
from webapp.notify.queries.staff_news import abouts
from webapp.notify.views.door import blueprint
from webapp.practice.queries import site_names, time_zone
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.notify.queries.staff_news import About
    from webapp.notify.staff_list import StaffNotice

VIEW = Permission.STAFF_HOME_VIEW


@blueprint.get("/notices")
@requires(VIEW, role=Role.DESK, gateway=True)
def staff_notices() -> Response:
    """List what happened lately, of what the reader may see to, and note that they have read it.

    That is no change of data but how far somebody has looked, like when they were last seen.
    """
    audiences, counted = audiences_of(current_user.may), current_user.counted
    new = staff_list.unread(audiences, counted, current_user.read)
    found = staff_list.listed(audiences, new, g.at)
    # Whoever sees no patient reads as a role that sees none: what they are told of is none.
    role = Role.DESK if current_user.may(Permission.PATIENT_VIEW) else Role.AUDITOR
    with transactional(replace(scope(), role=role), read_only=True):
        page = hypermedia.page("notify/notices.html", days=_days(found))
    if counted is not None and any(new.values()) and request.method == "GET":
        # They stay unread: what matters is that they were shown.
        with suppress(DynamoUnavailable):
            staff_list.mark_read(current_user.account_id, audiences, counted, g.at)
    return page


@blueprint.get("/notices/bell")
@requires(VIEW, role=None, touches=False)
def bell() -> Response:
    """The bell alone: pages that stay open ask for it by themselves."""
    if not hypermedia.wants_fragment():
        return hypermedia.see(url_for("notify.staff_notices"))
    return hypermedia.page("notify/bell.html")


def _days(found: list[StaffNotice]) -> list[dict[str, Any]]:
    zone, about, sites = time_zone(), abouts(found), site_names()
    today = local_date(g.at, zone)
    shown = [notice for notice in found if (notice.kind, notice.subject) in about]
    people = {each.patient_id for each in about.values() if each.patient_id is not None}
    if people:
        activity.note("listed", listed=people)
    return [
        {
            "name": staff_words.heading(day, today),
            "rows": [_row(notice, about[notice.kind, notice.subject], zone, sites) for notice in notices],
        }
        for day, notices in groupby(shown, lambda notice: local_date(notice.at, zone))
    ]


def _row(notice: StaffNotice, about: About, zone: str, sites: dict[UUID, str]) -> dict[str, Any]:
    several = about.location_id is not None and len(sites) > 1
    return {
        "time": clock(notice.at, zone),
        "words": staff_words.sentence(notice, about, g.at),
        "href": staff_words.href(notice, about),
        "icon": staff_words.ICONS[notice.kind],
        "where": sites.get(about.location_id, "") if several and about.location_id else "",
        "new": notice.new,
    }
