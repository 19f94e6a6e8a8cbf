"""Search over everything: people by any part of what is known of them, and what one can do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from webapp import activity, hypermedia
from webapp.booking.forms import read_choice
from webapp.booking.queries import NextVisit, Seen, next_visits, patients_between, seen
from webapp.booking.wording import clock, day_name, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.proposals import Desk
from webapp.desk.views import invoices_found, one_line
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
PURPOSES = {"book": "booking.book", "walk_in": "booking.walk_in"}
"""What somebody is looked for, and the dialog that goes on with them."""
LONGEST = 100
FEWEST = 2
MOST_TODAY = 24
WITH_VISITS = 3


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
    purpose = asked.get("for", "")
    booking = purpose in PURPOSES and may("visit.book")
    merging = purpose == "merge" and may("patient.merge") and _merging() is not None
    line, visits = (None, []) if site is None or purpose else _line(typed, Desk(site, at, coming))
    found = [person for person in _found(section, typed, line, today, coming) if not merging or person.id != _merging()]
    asked_about = [] if line is None else line["people"]
    invoices = [] if purpose else invoices_found.rows(typed)
    listed = (
        {each["patient"] for each in invoices}
        | {person.id for person in (*found, *asked_about)}
        | {visit["patient"] for visit in visits}
    )
    activity.note("listed", listed=listed)
    return hypermedia.page(
        TEMPLATE,
        block="results",
        section=section,
        clinic=letterhead(site),
        typed=typed,
        today=today,
        line=line,
        visits=visits,
        invoices=invoices,
        rows=_rows(found, typed, at, zone, purpose if booking or merging else ""),
        title=_("Patients") if typed else _("Today"),
        actions=[] if purpose else _actions(found if typed else [], typed),
        searched=len(typed) >= FEWEST,
        register=url_for("patients.new", then=asked["for"] if booking else None),
    )


def _line(typed: str, desk: Desk) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The card of a line that books, or the visits at a time that was typed without anybody: "today 10:20"."""
    if len(typed) < FEWEST:
        return None, []
    line, offers, providers = one_line.read(typed, desk)
    if line.says_when and not line.patient:
        return None, one_line.visits(line, desk)
    return one_line.card(line, offers, providers, desk), []


def _found(
    section: str, typed: str, line: dict[str, Any] | None, today: date, coming: Collection[UUID]
) -> Sequence[Found]:
    if len(typed) >= FEWEST:
        found = find(typed, today=today, first=coming)
        return found if found or line is None else line["people"]
    return by_ids(sorted(coming)[:MOST_TODAY]) if section == "patients" else []


def _rows(found: Sequence[Found], typed: str, at: datetime, zone: str, purpose: str) -> list[dict[str, Any]]:
    known = seen([person.id for person in found], at)
    visits = {} if purpose else next_visits([person.id for person in found[:WITH_VISITS]], at)
    return [
        _row(person, known.get(person.id, Seen()), typed, at, zone, purpose)
        | {"visits": [_visit(visit, at) for visit in visits.get(person.id, [])]}
        for person in found
    ]


def _visit(visit: NextVisit, at: datetime) -> dict[str, str]:
    zone = visit.time_zone
    day, today = local_date(visit.starts_at, zone), local_date(at, zone)
    when = _("today %(time)s", time=clock(visit.starts_at, zone))
    if day != today:
        when = f"{day_name(day, today)}, {clock(visit.starts_at, zone)}"
    return {
        "href": url_for("desk.visit", appointment_id=visit.id),
        "when": when,
        "what": _("%(service)s with %(provider)s", service=visit.service, provider=visit.provider),
    }


def _row(person: Found, known: Seen, typed: str, at: datetime, zone: str, purpose: str) -> dict[str, Any]:
    details = [
        _("Born %(date)s", date=born(person.birth_date)),
        _("MRN %(number)s", number=record_number(person.record_number)),
        *(
            _("formerly %(name)s, MRN %(number)s", name=name, number=record_number(number))
            for name, number in person.former
        ),
        person.phone,
        _when(known, at, zone),
    ]
    href = url_for("desk.record", patient_id=person.id)
    attrs: dict[str, str] = {}
    if purpose in PURPOSES:
        href = _book(person)
        attrs = {"hx-get": href, "hx-target": "#dialog"}
    elif purpose == "merge":
        href = url_for("desk.compare", patient_id=_merging(), other_id=person.id)
    return {
        "href": href,
        "title": _marked(person.name, typed),
        "detail": " · ".join(detail for detail in details if detail),
        "initials": initials(person.name),
        "tone": tone(person.id),
        "deceased": person.deceased,
        "attrs": attrs,
    }


def _merging() -> UUID | None:
    """The record that another one is looked for to be merged with."""
    return read_choice(request.form).patient


def _book(person: Found) -> str:
    kept = {name: request.form[name] for name in KEPT if request.form.get(name)}
    page = url_for(PURPOSES[request.form["for"]])
    return f"{page}?{urlencode({'patient': str(person.id)} | kept)}"


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
        ("visit.check_in", url_for("booking.walk_in"), "user-check", _("Walk-in: check somebody in now"), True),
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
