"""The card of a line that books: what was understood, what is asked, and the form of the booking door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_time
from flask import request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import hypermedia
from webapp.booking.forms import read_choice, write_instant
from webapp.booking.line_words import Named
from webapp.booking.one_line import Understood, read_line
from webapp.booking.queries import BoardVisit, day_visits
from webapp.booking.states import LIVE, STATES
from webapp.booking.wording import LOCALE, clock, day_name, local_date, service_line
from webapp.desk.proposals import Desk, Proposal, propose
from webapp.identity.permissions import Permission
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice import queries as practice
from webapp.practice.hours import local_day
from webapp.practice.models import Provider
from webapp.practice.queries import Offer
from webapp.templating import may

MOST_CHIPS = 8
MOST_VISITS = 12


def read(typed: str, desk: Desk) -> tuple[Understood, list[Offer], list[Provider]]:
    """Take the line apart with the names that the clinic has today."""
    offers, providers = _within_reach(practice.offers()), practice.providers()
    line = read_line(
        typed,
        now=desk.wall,
        providers=[Named(each.id, each.family, each.given) for each in providers],
        services=[Named(offer.service.id, offer.service.name) for offer in offers],
    )
    return line, offers, providers


def card(line: Understood, offers: Sequence[Offer], providers: Sequence[Provider], desk: Desk) -> dict[str, Any] | None:
    """What the card shows; None when the line books nothing or nothing can be booked here."""
    if not (line.books and offers and may("visit.book")):
        return None
    made = propose(line, read_choice(request.form), offers, desk)
    names = {provider.id: provider.name for provider in providers}
    asked = [_people(made), _services(made), _providers(made, names), _times(made, desk)]
    questions = [question for question in asked if question["options"]]
    settled = {question["name"]: question["value"] for question in asked if not question["options"]}
    return {
        "id": f"line-{hypermedia.target() or 'search-results'}",
        "box": hypermedia.target() or "search-results",
        "title": _title(made),
        "facts": _facts(made, line, names, desk),
        "problem": _problem(made, line, names, desk),
        "questions": questions,
        "hidden": {name: value for name, value in settled.items() if value} | {"location": made.choice.location or ""},
        "bookable": bool(made.people) and (made.offer is None or bool(made.times)),
        "button": _("Book") if made.choice.at is None else _("Book %(time)s", time=_clock(made, desk)),
        "first": line.says_when,
        "people": made.people,
    }


def visits(line: Understood, desk: Desk) -> list[dict[str, Any]]:
    """Visits of the site at a day and time that were typed without anybody; of the whole day without a time."""
    zone = desk.site.time_zone
    found = []
    for day in line.days or (desk.today,):
        for visit in day_visits(desk.site.id, local_day(zone, day), desk.at):
            time = visit.starts_at.astimezone(ZoneInfo(zone)).time()
            if visit.status in LIVE and (time in line.times or (not line.times and visit.ends_at > desk.at)):
                found.append(visit)
    return [_visit(visit, zone, desk) for visit in found[:MOST_VISITS]]


def _visit(visit: BoardVisit, zone: str, desk: Desk) -> dict[str, Any]:
    day = local_date(visit.starts_at, zone)
    when = (
        clock(visit.starts_at, zone)
        if day == desk.today
        else f"{day_name(day, desk.today)}, {clock(visit.starts_at, zone)}"
    )
    return {
        "patient": visit.patient_id,
        "href": url_for("desk.visit", appointment_id=visit.id),
        "title": visit.patient_name,
        "detail": " · ".join((when, visit.service, visit.provider_name, _(STATES[visit.status].label))),
        "initials": initials(visit.patient_name),
        "tone": tone(visit.patient_id),
    }


def _within_reach(offers: Sequence[Offer]) -> list[Offer]:
    sites = current_user.sites_of(Permission.VISIT_BOOK)
    reached = [offer if sites is None else replace(offer, location_ids=offer.location_ids & sites) for offer in offers]
    return [offer for offer in reached if offer.location_ids and offer.provider_ids]


def _question(
    name: str, legend: str, options: Sequence[tuple[object, str]], value: object, *, asked: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "legend": legend,
        "options": [(str(option), text) for option, text in options[:MOST_CHIPS]] if asked else [],
        "value": "" if value is None else str(value),
    }


def _people(made: Proposal) -> dict[str, Any]:
    options = [
        (person.id, _("%(name)s, %(born)s", name=person.name, born=born(person.birth_date))) for person in made.people
    ]
    return _question("patient", _("Who is it for?"), options, made.choice.patient, asked=len(options) > 1)


def _services(made: Proposal) -> dict[str, Any]:
    # The usual one is only a guess: it can be changed in place.
    offers = sorted(made.offers, key=lambda offer: offer.service.id != made.choice.service)
    options = [(offer.service.id, offer.service.name) for offer in offers]
    return _question("service", _("What for?"), options, made.choice.service, asked=len(options) > 1)


def _providers(made: Proposal, names: dict[UUID, str]) -> dict[str, Any]:
    options = [(provider, name) for provider, name in names.items() if provider in made.providers]
    return _question("provider", _("With whom?"), options, made.choice.provider, asked=len(options) > 1)


def _times(made: Proposal, desk: Desk) -> dict[str, Any]:
    zone = desk.site.time_zone
    days = {local_date(moment, zone) for moment in made.times}
    options = [
        (
            write_instant(moment),
            clock(moment, zone)
            if len(days) == 1 and not made.gone
            else f"{day_name(local_date(moment, zone), desk.today)}, {clock(moment, zone)}",
        )
        for moment in made.times
    ]
    value = None if made.choice.at is None else write_instant(made.choice.at)
    asked = len(options) > 1 or (bool(options) and value is None)
    return _question("starts_at", _("When?"), options, value, asked=asked)


def _title(made: Proposal) -> str:
    return _("Book %(name)s", name=made.patient.name) if made.patient else _("Book a visit")


def _facts(made: Proposal, line: Understood, names: dict[UUID, str], desk: Desk) -> list[str]:
    """What is settled, in the order people say it."""
    zone, at = desk.site.time_zone, made.choice.at
    if at is not None:
        facts = [day_name(local_date(at, zone), desk.today), clock(at, zone)]
    else:
        facts = [day_name(day, desk.today) for day in line.days if len(line.days) == 1 and not made.gone]
        facts += [_clock_face(time) for time in line.times if len(line.times) == 1 and not made.gone]
    if made.choice.provider is not None:
        facts.append(names[made.choice.provider])
    elif made.offer is not None and not made.providers:
        facts.append(_("whoever is free"))
    if made.offer is not None:
        facts.append(service_line(made.offer.service))
    if made.patient is not None:
        facts.append(_("MRN %(number)s", number=record_number(made.patient.record_number)))
    return facts


def _problem(made: Proposal, line: Understood, names: dict[UUID, str], desk: Desk) -> str:
    """What stands in the way, with what to do; the first thing only."""
    if not made.people:
        return _("Nobody who can be booked is called “%(name)s”.", name=line.patient)
    if made.refused:
        said = ", ".join(names[provider] for provider in line.providers if provider in names)
        return _("%(name)s does not offer this type of visit. These do:", name=said)
    if made.gone is not None:
        zone = desk.site.time_zone
        when = f"{day_name(local_date(made.gone, zone), desk.today)}, {clock(made.gone, zone)}"
        return _("%(time)s is not free for this visit. Here are the nearest times.", time=when)
    if made.offer is not None and not made.times:
        return _("No free time then. Try another day or provider.")
    return ""


def _clock_face(time: dt.time) -> str:
    return format_time(time, "h:mm a", locale=LOCALE)


def _clock(made: Proposal, desk: Desk) -> str:
    return "" if made.choice.at is None else clock(made.choice.at, desk.site.time_zone)
