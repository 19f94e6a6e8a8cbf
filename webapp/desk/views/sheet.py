"""The day on paper: a page that prints, and the same as a PDF; either is recorded as an export of its patients."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking.wording import local_date, long_day
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.paper import Paper
from webapp.desk.views import address
from webapp.desk.views.door import blueprint
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.practice import queries as practice
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

PDF = "application/pdf"


@blueprint.get("/sheets")
@requires(Permission.DAY_SHEET_PRINT, role=Role.DESK)
def sheets_today() -> Response:
    """Lead to the sheets of today, where the clinic is."""
    site = queries.location(None, current_user.sites_of(Permission.DAY_SHEET_PRINT) or ())
    today = scope().at.date() if site is None else local_date(scope().at, site.time_zone)
    return hypermedia.see(url_for("desk.day_sheets", day=today))


@blueprint.get("/sheets/<day:day>")
@requires(Permission.DAY_SHEET_PRINT, role=Role.DESK)
def day_sheets(day: date) -> Response:
    """Show a day as it will be printed, a page for each provider."""
    paper = _paper(day)
    if paper is None:
        return hypermedia.page("desk/no_clinic.html")
    return hypermedia.page(
        "desk/day_sheet.html",
        clinic=letterhead(paper.site),
        title=long_day(day),
        paper=paper.data(),
        chosen=_choices(paper),
        pdf=_url("desk.day_sheets_pdf", paper, day),
        previous=_url("desk.day_sheets", paper, day - timedelta(days=1)),
        next=_url("desk.day_sheets", paper, day + timedelta(days=1)),
        board=url_for("desk.board", day=day, location=paper.site.id),
    )


@blueprint.get("/sheets/<day:day>/pdf")
@requires(Permission.DAY_SHEET_PRINT, role=Role.DESK)
def day_sheets_pdf(day: date) -> Response:
    """The same as a PDF file."""
    paper = _paper(day)
    if paper is None:
        raise NotFound
    response = Response(paper.pdf(), mimetype=PDF)
    response.headers["Content-Disposition"] = f'inline; filename="day-sheet-{day.isoformat()}.pdf"'
    return response


def _paper(day: date) -> Paper | None:
    if day.year not in address.YEARS:
        raise NotFound
    asked = address.read(request.args, day)
    site = queries.location(asked.location, current_user.sites_of(Permission.DAY_SHEET_PRINT) or ())
    if site is None:
        return None
    paper = Paper(site, day, scope().at, asked.providers)
    activity.note("exported", listed=paper.patients, detail="day_sheet")
    return paper


def _url(endpoint: str, paper: Paper, day: date) -> str:
    chosen = [] if paper.wanted == paper.busy else sorted(str(provider) for provider in paper.wanted)
    return url_for(endpoint, day=day, location=paper.site.id, provider=chosen)


def _choices(paper: Paper) -> dict[str, Any]:
    return {
        "action": url_for("desk.day_sheets", day=paper.day),
        "locations": [(str(site.id), site.name) for site in practice.locations()],
        "location": str(paper.site.id),
        "providers": [
            {"id": provider.id, "name": provider.name, "checked": provider.id in paper.wanted}
            for provider in paper.providers
        ],
        "label": _("Providers"),
    }
