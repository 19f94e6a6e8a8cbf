"""Why a time is not offered: the desk asks with provider, day and time, and gets the names of the rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.booking import queries
from webapp.booking.forms import read_choice, write_instant
from webapp.booking.queries import Answer, Asked
from webapp.booking.rule_words import OVERRIDABLE, rule_name, rule_sentence
from webapp.booking.views.door import blueprint
from webapp.booking.wording import clock, day_name, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound
from webapp.identity.permissions import Permission
from webapp.patients.queries import desk_record
from webapp.practice import queries as practice
from webapp.practice.forms.parsing import Clock, Day, Form, Id, OptionalId, parsed
from webapp.practice.wording import audience_label
from webapp.routing import requires
from webapp.templating import may

if TYPE_CHECKING:
    from webapp.booking.forms import Choice

BLOCKS = {"dialog": "sheet", "book-sheet": "sheet", "move-sheet": "sheet", "why-sheet": "sheet"}
FIELDS = ("service", "provider", "location", "patient", "day", "time")


class WhyForm(Form):
    """Which time, with whom, for what."""

    service: Id = ""  # type: ignore[assignment]
    provider: Id = ""  # type: ignore[assignment]
    location: Id = ""  # type: ignore[assignment]
    patient: OptionalId = None
    day: Day = ""  # type: ignore[assignment]
    time: Clock = ""  # type: ignore[assignment]


@blueprint.get("/why")
@requires(Permission.VISIT_BOOK, role=Role.DESK)
def why() -> Response:
    """Ask; with a time in the address, answer."""
    choice = read_choice(request.args)
    if choice.patient is not None:
        activity.note("opened", patient=desk_record(choice.patient).id)
    values = {name: request.args.get(name, "") for name in FIELDS}
    answer, errors, asked = None, {}, None
    if "time" in request.args:
        try:
            asked = _read()
            answer = queries.why(asked, scope().at)
        except FormInvalid as invalid:
            errors = invalid.errors
    zones = {place.id: place.time_zone for place in practice.locations()}
    today = local_date(scope().at, zones.get(choice.location or UUID(int=0), practice.time_zone()))
    values["day"] = values["day"] or (choice.week or today).isoformat()
    return hypermedia.page(
        "booking/why.html",
        targets=BLOCKS,
        block="sheet",
        status=422 if errors else 200,
        values=values,
        people=[(provider.id, provider.name) for provider in practice.providers()],
        services=[(offer.service.id, offer.service.name) for offer in practice.offers()],
        places=[(place.id, place.name) for place in practice.locations()],
        answer=None if answer is None or asked is None else _shown(answer, asked),
        errors=errors,
        back=_back(choice),
    )


def _read() -> Asked:
    names = {name: request.args.get(name, "") for name in FIELDS}
    sentences = {
        ("service", ""): _("Choose the type of visit"),
        ("provider", ""): _("Choose a provider"),
        ("location", ""): _("Choose where"),
        ("day", ""): _("Enter the day"),
        ("time", ""): _("Enter a time like 3:00 PM, in steps of 5 minutes"),
    }
    sent = parsed(WhyForm, type(request.args)(names), sentences)
    site = next((place for place in practice.locations() if place.id == sent.location), None)
    if site is None:
        raise NotFound
    start = datetime.combine(sent.day, sent.time, ZoneInfo(site.time_zone)).astimezone(UTC)
    return Asked(sent.service, sent.provider, sent.location, start, sent.patient)


def _shown(answer: Answer, asked: Asked) -> dict[str, Any]:
    zone = answer.location.time_zone
    day = day_name(local_date(asked.start, zone), local_date(scope().at, zone))
    knows = may(Permission.EXCEPTIONS_EDIT)
    book = url_for(
        "booking.book",
        patient=asked.patient_id,
        service=asked.service_id,
        provider=asked.provider_id,
        location=asked.location_id,
        at=write_instant(asked.start),
    )
    return {
        "title": _(
            "%(provider)s, %(day)s, %(time)s", provider=answer.provider.name, day=day, time=clock(asked.start, zone)
        ),
        "reasons": [
            {"name": rule_name(reason.rule), "text": rule_sentence(reason, answer, knows_leave=knows)}
            for reason in answer.reasons
        ],
        "book": book,
        "may_book": all(reason.rule in OVERRIDABLE for reason in answer.reasons),
        "online": _online(answer),
    }


def _online(answer: Answer) -> list[str]:
    """What keeps patients from booking it themselves, whatever the time."""
    if not answer.service.online:
        return [_("Only staff book this type of visit.")]
    return [audience_label(answer.service.audience)] if answer.service.audience != "any" else []


def _back(choice: Choice) -> str:
    return url_for(
        "booking.book",
        patient=choice.patient,
        service=choice.service,
        provider=choice.provider,
        location=choice.location,
        week=choice.week,
    )
