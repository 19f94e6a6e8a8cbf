"""The rules that keep a time from being offered, in the words of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from webapp.booking.why import Rule
from webapp.booking.wording import clock, minutes
from webapp.practice.wording import audience_label, duration, kind_label

if TYPE_CHECKING:
    from webapp.booking.queries import Answer
    from webapp.booking.why import Reason
    from webapp.practice.hours import Span

BLOCKED = "blocked:"
# What the desk may go by all the same: it names the time itself.
OVERRIDABLE = frozenset({Rule.NOTICE, Rule.FURTHEST})


def rule_name(rule: Rule) -> str:
    """What the rule is called, as a manager would look for it."""
    words = {
        Rule.SERVICE_RETIRED: _("Service retired"),
        Rule.PROVIDER_RETIRED: _("Provider retired"),
        Rule.LOCATION_RETIRED: _("Location retired"),
        Rule.NOT_PERFORMED: _("Not performed"),
        Rule.NOT_OFFERED_THERE: _("Not offered there"),
        Rule.AUDIENCE: _("Not for this patient"),
        Rule.OFF_LATTICE: _("Every 5 minutes"),
        Rule.PASSED: _("Over"),
        Rule.NOTICE: _("Minimum notice"),
        Rule.FURTHEST: _("Furthest day"),
        Rule.OTHER_WEEK: _("Not in this week"),
        Rule.OUTSIDE_HOURS: _("Outside hours"),
        Rule.HOURS_TOO_SHORT: _("Hours end before it would"),
        Rule.AWAY: _("Away"),
        Rule.CLOSED: _("Closed"),
        Rule.PROVIDER_BUSY: _("Busy"),
        Rule.PATIENT_BUSY: _("Patient busy"),
        Rule.NO_ROOM: _("No such room"),
        Rule.ROOM_BUSY: _("Room busy"),
        Rule.NO_EQUIPMENT: _("No such equipment"),
        Rule.EQUIPMENT_BUSY: _("Equipment busy"),
    }
    return words[rule]


def rule_sentence(reason: Reason, answer: Answer, *, knows_leave: bool) -> str:
    """What the rule says of this time; why somebody is away is said to those who write it down only."""
    return (
        _of_settings(reason, answer) or _of_hours(reason, answer, knows_leave=knows_leave) or _of_time(reason, answer)
    )


def _of_settings(reason: Reason, answer: Answer) -> str:
    service, who, where = answer.service, answer.provider.name, answer.location.name
    words = {
        Rule.SERVICE_RETIRED: _("%(service)s is no longer offered.", service=service.name),
        Rule.PROVIDER_RETIRED: _("%(provider)s no longer works here.", provider=who),
        Rule.LOCATION_RETIRED: _("%(place)s is no longer used.", place=where),
        Rule.NOT_PERFORMED: _("%(provider)s does not perform %(service)s.", provider=who, service=service.name),
        Rule.NOT_OFFERED_THERE: _("%(service)s is not offered at %(place)s.", service=service.name, place=where),
        Rule.AUDIENCE: audience_label(service.audience),
        Rule.NOTICE: _(
            "%(service)s needs %(time)s notice.", service=service.name, time=duration(service.notice_minutes)
        ),
        Rule.FURTHEST: _(
            "%(service)s is booked at most %(time)s ahead.",
            service=service.name,
            time=duration((service.furthest_days or 0) * 24 * 60),
        ),
        Rule.OFF_LATTICE: _("Visits begin every 5 minutes."),
        Rule.PASSED: _("That time is over."),
    }
    return words.get(reason.rule, "")


def _of_hours(reason: Reason, answer: Answer, *, knows_leave: bool) -> str:
    who, where, zone = answer.provider.name, answer.location.name, answer.location.time_zone
    if reason.rule is Rule.CLOSED:
        return _("%(place)s is closed: %(reason)s.", place=where, reason=reason.detail)
    if reason.rule is Rule.AWAY and knows_leave and answer.leave:
        return _("%(provider)s is away: %(kind)s.", provider=who, kind=kind_label(answer.leave))
    if reason.rule is Rule.PROVIDER_BUSY and reason.span is not None:
        return _busy(reason, who, reason.span, zone)
    length = minutes(answer.service.length_minutes)
    words = {
        Rule.AWAY: _("%(provider)s is away.", provider=who),
        Rule.OUTSIDE_HOURS: _("%(provider)s does not work at %(place)s then.", provider=who, place=where),
        Rule.HOURS_TOO_SHORT: _(
            "The hours of %(provider)s end before %(length)s are over.", provider=who, length=length
        ),
        Rule.OTHER_WEEK: _("%(provider)s has these hours in other weeks only.", provider=who),
    }
    return words.get(reason.rule, "")


def _busy(reason: Reason, who: str, span: Span, zone: str) -> str:
    until = clock(span.end, zone)
    if reason.detail.startswith(BLOCKED):
        what = reason.detail.removeprefix(BLOCKED)
        return _("%(provider)s is blocked until %(time)s: %(what)s.", provider=who, time=until, what=what)
    if reason.detail == "held":
        return _("The time of %(provider)s is held for somebody until it is booked or let go.", provider=who)
    if reason.detail == "group":
        return _("%(provider)s has a group visit until %(time)s.", provider=who, time=until)
    return _("%(provider)s has another visit until %(time)s, tidying up included.", provider=who, time=until)


def _of_time(reason: Reason, answer: Answer) -> str:
    where = answer.location.name
    words = {
        Rule.PATIENT_BUSY: _("The patient has another visit then."),
        Rule.NO_ROOM: _("%(place)s has none of the rooms that it may take.", place=where),
        Rule.ROOM_BUSY: _("Every room that it may take is busy."),
        Rule.NO_EQUIPMENT: _("%(place)s has no %(kind)s.", place=where, kind=reason.detail),
        Rule.EQUIPMENT_BUSY: _("Every %(kind)s is busy.", kind=reason.detail),
    }
    return words.get(reason.rule, "")
