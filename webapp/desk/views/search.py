"""Search over everything: people by any part of what is known of them, and what one can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from webapp import activity, hypermedia
from webapp.booking.queries import Seen, patients_between, seen
from webapp.booking.wording import clock, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views.door import blueprint
from webapp.identity.permissions import Permission
from webapp.patients.queries import Found, by_ids
from webapp.patients.queries import search as find
from webapp.patients.search_terms import marked
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice.hours import local_day
from webapp.practice.letterhead import letterhead
from webapp.rate import SEARCHES
from webapp.routing import requires
from webapp.templating import may

TEMPLATE = "desk/search.html"
KEPT = ("service", "provider", "location", "at", "week", "half")
LONGEST = 100
FEWEST = 2
MOST_TODAY = 24


@blueprint.get("/search")
@requires(Permission.PATIENT_SEARCH, role=Role.DESK)
def search_page() -> Response:
    """Show the search before anything is typed."""
    return _results("search", MultiDict())


@blueprint.post("/search")
@requires(Permission.PATIENT_SEARCH, role=Role.DESK, asks=True, limit=SEARCHES)
def search() -> Response:
    """Find people and actions by what was typed so far; a POST, so that names stay out of addresses and logs."""
    return _results("search", request.form)


@blueprint.get("/patients")
@requires(Permission.PATIENT_SEARCH, role=Role.DESK)
def patients() -> Response:
    """Find a patient; before anything is typed, everyone who comes today."""
    return _results("patients", MultiDict())


def _results(section: str, asked: MultiDict[str, str]) -> Response:
    typed = asked.get("q", "")[:LONGEST].strip()
    at = scope().at
    site = queries.location()
    zone = "UTC" if site is None else site.time_zone
    today = local_date(at, zone)
    coming = set() if site is None else patients_between(site.id, local_day(zone, today))
    booking = asked.get("for") == "book" and may("visit.book")
    if len(typed) >= FEWEST:
        found = find(typed, today=today, first=coming)
    else:
        found = by_ids(sorted(coming)[:MOST_TODAY]) if section == "patients" else []
    activity.note("listed", listed={person.id for person in found})
    rows = _rows(found, typed, at, zone, booking=booking)
    return hypermedia.page(
        TEMPLATE,
        block="results",
        section=section,
        clinic=letterhead(site),
        typed=typed,
        today=today,
        rows=rows,
        title=_("Patients") if typed else _("Today"),
        actions=[] if booking else _actions(found if typed else [], typed),
        searched=len(typed) >= FEWEST,
        register="/patients/new?then=book" if booking else "/patients/new",
    )


def _rows(found: Sequence[Found], typed: str, at: datetime, zone: str, *, booking: bool) -> list[dict[str, Any]]:
    known = seen([person.id for person in found], at)
    return [_row(person, known.get(person.id, Seen()), typed, at, zone, booking=booking) for person in found]


def _row(person: Found, known: Seen, typed: str, at: datetime, zone: str, *, booking: bool) -> dict[str, Any]:
    details = [
        _("Born %(date)s", date=born(person.birth_date)),
        _("MRN %(number)s", number=record_number(person.record_number)),
        person.phone,
        _when(known, at, zone),
    ]
    href = _book(person) if booking else url_for("desk.record", patient_id=person.id)
    return {
        "href": href,
        "title": _marked(person.name, typed),
        "detail": " · ".join(detail for detail in details if detail),
        "initials": initials(person.name),
        "tone": tone(person.id),
        "deceased": person.deceased,
        "attrs": {"hx-get": href, "hx-target": "#dialog"} if booking else {},
    }


def _book(person: Found) -> str:
    kept = {name: request.form[name] for name in KEPT if request.form.get(name)}
    return f"{url_for('booking.book')}?{urlencode({'patient': str(person.id)} | kept)}"


def _when(known: Seen, at: datetime, zone: str) -> str:
    today: date = local_date(at, zone)
    if known.next is not None:
        day = local_date(known.next, zone)
        when = clock(known.next, zone)
        return _("today %(time)s", time=when) if day == today else _("next %(day)s", day=short_date(day))
    if known.last is not None:
        return _("last seen %(day)s", day=short_date(local_date(known.last, zone)))
    return _("never seen")


def _marked(name: str, typed: str) -> Markup:
    return Markup("").join(  # every piece is escaped; only the mark is ours
        Markup("<mark>{}</mark>").format(piece) if matched else escape(piece) for piece, matched in marked(name, typed)
    )


def _actions(found: Sequence[Found], typed: str) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if may("visit.book") and found and not found[0].deceased:
        href = url_for("booking.book", patient=found[0].id)
        text = Markup("{} <b>{}</b>").format(_("Book for"), found[0].name)
        actions.append(_action(href, "calendar-plus", text, dialog=True))
    places = (
        ("visit.book", url_for("booking.book"), "calendar-plus", _("Book a visit"), True),
        ("patient.edit", url_for("patients.new"), "user-plus", _("Register a new patient"), True),
        ("board.view", url_for("desk.today"), "layout-dashboard", _("Open today's board"), False),
        ("jobs.view", url_for("ops.jobs"), "activity", _("Open failed jobs"), False),
    )
    words = typed.casefold().split()
    for permission, href, icon, label, dialog in places:
        wanted = not words or all(word in label.casefold() for word in words) or permission == "patient.edit"
        if may(permission) and wanted:
            actions.append(_action(href, icon, label, dialog=dialog))
    return actions


def _action(href: str, icon: str, text: Markup | str, *, dialog: bool) -> dict[str, Any]:
    return {
        "href": href,
        "icon": icon,
        "text": text,
        "attrs": {"hx-get": href, "hx-target": "#dialog"} if dialog else {},
    }
