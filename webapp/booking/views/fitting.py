"""Who on the waiting list fits a time, where a dialog is about one: booking a free time, or canceling a visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import activity
from webapp.booking import queries
from webapp.booking.actions.waiting.freed import anybody_waits
from webapp.booking.forms import GROUP, Choice, write_instant
from webapp.booking.models import Appointment
from webapp.booking.queries.groups import Group
from webapp.booking.queries.waiting import Candidate, candidates, free_seat, place_of, seat_of
from webapp.booking.waiting import FreeSeat, FreeTime
from webapp.booking.waiting_wording import urgency_label, waited
from webapp.booking.wording import clock, day_name, local_date
from webapp.patients.wording import initials, tone
from webapp.practice import queries as practice
from webapp.templating import may, may_at

MOST = 12


def from_the_list(choice: Choice, at: datetime) -> dict[str, Any] | None:
    """Who fits the time or the group that a booking dialog was opened with, each with a way to book it.

    The first in line comes first.
    """
    free = _free(choice, at) if may("waiting_list.edit") else None
    if free is None or not may_at("visit.book", free.location_id):
        return None
    found = candidates(free, at)
    if not found:
        return None
    activity.note("listed", listed={person.patient_id for person in found[:MOST]})
    return {
        "title": _("From the waiting list"),
        "hint": _("for %(time)s", time=_moment(free.starts_at, free.zone, at)),
        "people": [_person(person, free, at) for person in found[:MOST]],
        "more": ngettext("%(num)s more", "%(num)s more", len(found) - MOST) if len(found) > MOST else "",
        "all": url_for("booking.waiting_list", provider=free.provider_id),
    }


def who_would_take(visit: Appointment, at: datetime) -> dict[str, str] | None:
    """How many on the list fit the time of a visit that is being canceled; None when nobody does."""
    free = place_of(visit, visit.location.time_zone)
    if visit.group_session_id is not None:
        free = seat_of(queries.group(visit.group_session_id), free.zone)
    found = candidates(free, at)
    others = {person.patient_id for person in found} - {visit.patient_id}
    if not others:
        return None
    return {
        "label": _("Offer the seat to the waiting list")
        if isinstance(free, FreeSeat)
        else _("Offer the time to the waiting list"),
        "hint": ngettext("%(num)s person fits this time.", "%(num)s people fit this time.", len(others)),
    }


def whoever_waits() -> dict[str, str] | None:
    """What is asked where a whole group gives up its time: how many fit it depends on what they would come for."""
    if not anybody_waits():
        return None
    return {
        "label": _("Offer the time to the waiting list"),
        "hint": _("Who is first in line is asked three minutes later."),
    }


def who_would_sit(group: Group, at: datetime) -> str:
    """How many on the list fit a group that has seats left; nothing when nobody does, or it is not this person's."""
    if not may_at("waiting_list.edit", group.location_id) or group.starts_at <= at:
        return ""
    others = {person.patient_id for person in candidates(seat_of(group, group.zone), at)}
    return (
        ngettext("%(num)s person waits for such a group.", "%(num)s people wait for such a group.", len(others))
        if others
        else ""
    )


def put_on_the_list(choice: Choice) -> str:
    """Where the person of a booking dialog is put on the list instead; nothing for those who may not."""
    if not may("waiting_list.edit"):
        return ""
    return url_for("booking.new_wish", patient=choice.patient, service=choice.service, provider=choice.provider)


def _free(choice: Choice, at: datetime) -> FreeTime | None:
    """What a dialog was opened for; None for nothing in particular, or a group that is full."""
    if choice.group is not None:
        return free_seat(choice.group, at)
    site = next((each for each in practice.locations() if choice.location in {None, each.id}), None)
    if choice.at is None or choice.provider is None or site is None:
        return None
    return FreeTime(choice.provider, site.id, site.time_zone, choice.at)


def _person(person: Candidate, free: FreeTime, at: datetime) -> dict[str, Any]:
    word, pill = urgency_label(person.urgency)
    details = [person.service, _("waits %(time)s", time=waited(person.since, at)), person.phone]
    if person.sooner_than is not None:
        details.insert(1, _("instead of %(visit)s", visit=_moment(person.sooner_than, free.zone, at)))
    href = _move(person.appointment_id, free) if person.appointment_id is not None else _book(person, free)
    return {
        "href": href,
        "name": person.name,
        "initials": initials(person.name),
        "tone": tone(person.patient_id),
        "detail": " · ".join(part for part in details if part),
        "urgency": word,
        "urgency_tone": pill,
        "button": _("Book") if person.appointment_id is None else _("Move"),
    }


def _book(person: Candidate, free: FreeTime) -> str:
    return url_for(
        "booking.book",
        patient=person.patient_id,
        service=person.service_id,
        provider=free.provider_id,
        location=free.location_id,
        at=_address(free),
        wish=person.id,
    )


def _move(appointment_id: UUID, free: FreeTime) -> str:
    return url_for("booking.move", appointment_id=appointment_id, provider=free.provider_id, at=_address(free))


def _address(free: FreeTime) -> str:
    return f"{GROUP}{free.session_id}" if isinstance(free, FreeSeat) else write_instant(free.starts_at)


def _moment(moment: datetime, zone: str, at: datetime) -> str:
    return f"{day_name(local_date(moment, zone), local_date(at, zone))}, {clock(moment, zone)}"
