"""The day board: a grid of providers or a list, live, with one visit open beside it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking import queries as booking
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views import address, drawer, grid, listing, panel
from webapp.desk.views.address import Address
from webapp.desk.views.door import blueprint
from webapp.errors import NotFound, Sentence
from webapp.identity.permissions import Permission
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

TEMPLATE = "desk/board.html"
PARTS = frozenset({"board", "drawer", "main", "panel"})


@blueprint.get("/board")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def today() -> Response:
    """Show today, where the clinic is."""
    return _board(None)


@blueprint.get("/board/<day:day>")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def board(day: date) -> Response:
    """Show one day; `visit` in the address opens its drawer."""
    return _board(day)


@blueprint.get("/appointments/<uuid:appointment_id>")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def visit(appointment_id: UUID) -> Response:
    """Lead to the board of the visit's day with its drawer open."""
    detail = booking.visit(appointment_id)
    if detail is None:
        raise NotFound
    day = local_date(detail.appointment.starts_at, detail.appointment.location.time_zone)
    return hypermedia.see(url_for("desk.board", day=day, visit=appointment_id))


def _board(day: date | None) -> Response:
    if day is not None and day.year not in address.YEARS:
        raise NotFound
    at = scope().at
    asked = address.read(request.args, day or at.date())
    site = queries.location(asked.location, current_user.sites_of(Permission.BOARD_VIEW) or ())
    if site is None:
        return hypermedia.page("desk/no_clinic.html")
    if day is None:
        asked = address.read(request.args, local_date(at, site.time_zone))
    if hypermedia.wants_fragment() and hypermedia.target() not in PARTS:
        # A dialog's form led here: the whole page follows, wherever the dialog was opened.
        return hypermedia.leave(asked.url())
    if hypermedia.wants_fragment() and hypermedia.target() == "drawer":
        return _drawer_alone(asked)
    return whole(asked, queries.day(site, asked.day, at))


def _drawer_alone(asked: Address) -> Response:
    opened = None if asked.visit is None else booking.visit(asked.visit)
    if opened is None:
        raise NotFound
    activity.note("opened", patient=opened.appointment.patient_id)
    response = hypermedia.page(TEMPLATE, block="visit", drawer=drawer.context(opened, asked, scope().at))
    return hypermedia.tick(response)


def whole(asked: Address, day: queries.Day, problem: Sentence | None = None) -> Response:
    """Answer with the board: all of the page, or the part that refreshes; 304 to a poll when nothing changed."""
    at = scope().at
    tag = _revision(asked, day)
    same = None if problem else hypermedia.unchanged(tag)
    if same is not None:
        return same
    activity.note("listed", listed={visit.patient_id for visit in day.visits})
    opened = None
    if asked.visit is not None and not hypermedia.wants_fragment():
        opened = booking.visit(asked.visit)
        if opened is None:
            raise NotFound
        activity.note("opened", patient=opened.appointment.patient_id)
    shown = grid.context(asked, day, at) if asked.view == "day" else listing.context(asked, day, at)
    return hypermedia.page(
        TEMPLATE,
        block="board",
        tag=tag,
        revision=tag,
        here=asked,
        head=panel.head(asked, day, at),
        panel=panel.context(asked, day, at),
        shown=shown,
        drawer=None if opened is None else drawer.context(opened, asked, at),
        alone=hypermedia.wants_fragment(),
        problem=problem,
        clinic=letterhead(day.location),
    )


def _revision(asked: Address, day: queries.Day) -> str:
    """Name what the board shows: changes when a visit, a filter or the minute does, not with the open drawer."""
    minute = int(scope().at.timestamp() // 60)
    facts = (
        replace(asked, visit=None),
        minute,
        sorted((str(visit.id), visit.version) for visit in day.visits),
        sorted(day.facts.items()),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=9).hexdigest()
