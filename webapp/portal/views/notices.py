"""Notices of an account: what happened to the visits and payments of whom it acts for."""

from __future__ import annotations

from typing import Any

from flask import Response, g, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.notify import in_app, letters
from webapp.notify.in_app import Notice
from webapp.notify.notices import ABOUT_MONEY, Kind
from webapp.notify.parcels import Place
from webapp.notify.queries.places import places
from webapp.notify.wording import when_short
from webapp.portal.views.door import blueprint
from webapp.routing import requires

READ = "portal.notices_read"

toasts.say(READ, _l("All notices are marked as read."))


def _waiting() -> list[Notice]:
    return in_app.of_account(current_user.account_id, g.at)


@blueprint.get("/me/notices")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT, prefetch=_waiting)
def notices() -> Response:
    """List the notices of those for whom one may still act in what they are about."""
    found: list[Notice] = [notice for notice in g.prefetched if _may_see(notice)]
    known = places({notice.location_id for notice in found})
    activity.note("listed", listed={notice.patient_id for notice in found})
    return hypermedia.page(
        "portal/notices.html",
        notices=[_row(notice, known[notice.location_id]) for notice in found if notice.location_id in known],
        unread=any(notice.unread for notice in found),
    )


@blueprint.post("/me/notices/read")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT, gateway=True)
def read_notices() -> Response:
    """Mark all as read; twice is the same as once."""
    in_app.all_read(current_user.account_id)
    return hypermedia.done(READ, url_for("portal.notices"))


def _may_see(notice: Notice) -> bool:
    needed = Permission.OWN_MONEY if notice.kind in ABOUT_MONEY else Permission.OWN_VISITS_VIEW
    return bool(current_user.may_for(needed, notice.patient_id))


def _row(notice: Notice, place: Place) -> dict[str, Any]:
    words = letters.words_of_notice(notice, place)
    return {
        "title": words.subject,
        "line": words.lines[0],
        "when": when_short(notice.created_at, place),
        "unread": notice.unread,
        "who": _who(notice),
        "href": _href(notice),
    }


def _who(notice: Notice) -> str:
    grant = current_user.grant_for(notice.patient_id)
    return grant.name if grant is not None and grant.relation != "self" else ""


def _href(notice: Notice) -> str:
    """Where it leads: to the page of what it is about."""
    person: dict[str, Any] = {"patient_id": notice.patient_id}
    if notice.kind not in {*ABOUT_MONEY, Kind.OFFER}:
        return url_for("portal.visit", appointment_id=notice.line.subject_id, **person)
    if notice.kind is Kind.OFFER:
        return url_for("portal.offer", offer_id=notice.line.subject_id, **person)
    return url_for("portal.invoices", **person)
