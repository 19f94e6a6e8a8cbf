"""The board: a day or a week as a grid, or a list, live, with one visit open beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking import queries as booking
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views import address, drawer, panel, tags, views
from webapp.desk.views.address import Address
from webapp.desk.views.door import blueprint
from webapp.desk.views.tags import Tag
from webapp.desk.views.views import View
from webapp.errors import NotFound, Sentence
from webapp.identity.permissions import Permission
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

TEMPLATE = "desk/board.html"
NOBODYS_ID = UUID(int=0)
"""Stands in an address for the visit that the browser will put there."""
PARTS = frozenset({"board", "drawer", "main", "panel", "said"})


@blueprint.get("/board")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def today() -> Response:
    """Show today, where the clinic is."""
    return _board(None)


def _same(day: date) -> Response | None:
    """Answer a poll of a board that still shows the truth, which nearly all of them do."""
    if day.year not in address.YEARS or not hypermedia.wants_fragment() or hypermedia.target() != "board":
        return None
    known = tags.read(hypermedia.sent_tag())
    if known is None:
        return None
    asked, at = address.read(request.args, day), scope().at
    revision = queries.glance(asked.location, *asked.days, at, _own())
    if revision is None or tags.shown(asked, revision, at) != known.shown:
        return None
    return hypermedia.unchanged(str(known))


@blueprint.get("/board/<day:day>")
@requires(Permission.BOARD_VIEW, role=Role.DESK, still=_same)
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
    if day is None:
        site = queries.location(asked.location, _own())
        if site is None:
            return hypermedia.page("desk/no_clinic.html")
        asked = replace(asked, day=local_date(at, site.time_zone))
    target = hypermedia.target() if hypermedia.wants_fragment() else None
    if hypermedia.wants_fragment() and target not in PARTS:
        # A dialog's form led here: the whole page follows, wherever the dialog was opened.
        return hypermedia.leave(asked.url())
    if target == "drawer":
        return _drawer_alone(asked)
    if target == "said":
        # Something was moved or put back where it was shown, which looks again now; other pages are opened anew.
        if not hypermedia.came_from().startswith("/board"):
            return hypermedia.leave(hypermedia.came_from())
        return hypermedia.tick(hypermedia.page("desk/said.html", block="said"))
    return whole(asked)


def _own() -> list[UUID]:
    """The sites that a person's role holds at, of which the first is shown to who asks for none; empty for all."""
    return list(current_user.sites_of(Permission.BOARD_VIEW) or ())


def _drawer_alone(asked: Address) -> Response:
    opened = None if asked.visit is None else booking.visit(asked.visit)
    if opened is None:
        raise NotFound
    activity.note("opened", patient=opened.appointment.patient_id)
    response = hypermedia.page(TEMPLATE, block="visit", drawer=drawer.context(opened, asked, scope().at))
    return hypermedia.tick(response)


def whole(asked: Address, problem: Sentence | None = None) -> Response:
    """Answer with the board: all of the page, or the part that refreshes; 304 to a poll when nothing changed."""
    at = scope().at
    revision = queries.revision(asked.location, *asked.days, at, _own())
    if revision is None:
        return hypermedia.page("desk/no_clinic.html")
    shown = tags.shown(asked, revision, at)
    known = tags.read(hypermedia.sent_tag()) if hypermedia.wants_fragment() else None
    return _fresh(asked, shown, known, problem)


def _fresh(asked: Address, shown: str, known: Tag | None, problem: Sentence | None) -> Response:
    at = scope().at
    view = views.read(asked, at, _own())
    if view is None:
        raise NotFound
    tag = str(_recorded(view, shown, known, at))
    opened = None
    if asked.visit is not None and not hypermedia.wants_fragment():
        opened = booking.visit(asked.visit)
        if opened is None:
            raise NotFound
        activity.note("opened", patient=opened.appointment.patient_id)
    return hypermedia.page(
        TEMPLATE,
        block="board",
        tag=tag,
        revision=tag,
        here=asked,
        head=panel.head(asked, view.visits, view.day, at),
        panel=panel.context(asked, view.visits, view.day, at),
        shown=view.shown,
        server=int(at.timestamp()),
        mover=url_for("booking.move_it", appointment_id=NOBODYS_ID),
        drawer=None if opened is None else drawer.context(opened, asked, at),
        alone=hypermedia.wants_fragment(),
        problem=problem,
        clinic=letterhead(view.day.location),
    )


def _recorded(view: View, shown: str, known: Tag | None, at: datetime) -> Tag:
    """Record whose names the board shows, unless the record of a moment ago says the same of this very board."""
    names = tags.people(view.listed)
    if known is not None and known.stands(names, at):
        return Tag(shown, names, known.recorded)
    activity.note("listed", listed=view.listed)
    return Tag(shown, names, int(at.timestamp()))
