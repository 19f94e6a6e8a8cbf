"""Times and channels of visits in the words of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask_babel import gettext as _

from webapp.booking.queries import Step
from webapp.booking.recurrence import Frequency
from webapp.booking.refusals import WrongState
from webapp.booking.states import STATES, Action, Status
from webapp.errors import Refusal, VersionConflict
from webapp.money import money
from webapp.practice.models import Service

LOCALE = "en_US"
_MINUTES_OF_HOUR = 60


@lru_cache(maxsize=16_384)
def clock(moment: datetime, zone: str) -> str:
    """Wall clock at a place: 10:42 AM; with the zone's name when clocks show that time twice that day.

    The same few hundred times of a day are asked for by every board, and a formatted time costs more than its card.
    """
    local = moment.astimezone(ZoneInfo(zone))
    label = format_datetime(local, "h:mm a", locale=LOCALE)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return f"{label} {local.tzname()}"
    return label


def time_span(start: datetime, end: datetime, zone: str) -> str:
    """From when to when: "10:45 to 11:15 AM", "11:45 AM to 12:15 PM"."""
    first, last = clock(start, zone), clock(end, zone)
    if first[-2:] == last[-2:] and first[-2:] in {"AM", "PM"}:
        first = first[:-3]
    return _("%(start)s to %(end)s", start=first, end=last)


def local_date(moment: datetime, zone: str) -> date:
    """The calendar day of a moment at a place."""
    return moment.astimezone(ZoneInfo(zone)).date()


def day_name(day: date, today: date) -> str:
    """A day as people say it: "Today, Wed, Nov 18", "Tomorrow, Thu, Nov 19", "Fri, Nov 20"; other years too."""
    short = format_date(day, "EEE, MMM d" if day.year == today.year else "EEE, MMM d, y", locale=LOCALE)
    if day == today:
        return _("Today, %(day)s", day=short)
    if day == today + timedelta(days=1):
        return _("Tomorrow, %(day)s", day=short)
    return short


@lru_cache(maxsize=1024)
def long_day(day: date) -> str:
    """Wednesday, November 18."""
    return format_date(day, "EEEE, MMMM d", locale=LOCALE)


@lru_cache(maxsize=1024)
def short_day(day: date) -> str:
    """Wed, Nov 18."""
    return format_date(day, "EEE, MMM d", locale=LOCALE)


def short_date(day: date) -> str:
    """Nov 18, 2026."""
    return format_date(day, "MMM d, y", locale=LOCALE)


def week_title(first: date, last: date) -> str:
    """November 18 to 24; November 28 to December 4."""
    begin = format_date(first, "MMMM d", locale=LOCALE)
    end = format_date(last, "d" if first.month == last.month else "MMMM d", locale=LOCALE)
    return _("%(first)s to %(last)s", first=begin, last=end)


def minutes(count: int) -> str:
    """A length: "30 min", "1 h", "1 h 30 min"."""
    hours, rest = divmod(count, _MINUTES_OF_HOUR)
    if not hours:
        return _("%(minutes)s min", minutes=rest)
    if not rest:
        return _("%(hours)s h", hours=hours)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def distance(moment: datetime, now: datetime) -> str:
    """How far a moment of today is: "in 3 min", "12 min ago", "now"."""
    away = round((moment - now).total_seconds() / 60)
    if away == 0:
        return _("now")
    if away > 0:
        return _("in %(time)s", time=minutes(away))
    return _("%(time)s ago", time=minutes(-away))


def happened(step: Step, zone: str) -> str:
    """What a step of a visit's life was: "Checked in", "Moved to Thu, Nov 19, 11:00 AM"."""
    if step.from_status == step.to_status:
        day, on = local_date(step.starts_at, zone), local_date(step.at, zone)
        time = clock(step.starts_at, zone)
        return _("Moved to %(when)s", when=time if day == on else f"{day_name(day, on)}, {time}")
    words = {
        Status.BOOKED: _("Booked"),
        Status.ARRIVED: _("Checked in"),
        Status.IN_ROOM: _("Taken to the room"),
        Status.FINISHED: _("Visit finished"),
    }
    return words.get(step.to_status, _(STATES[step.to_status].label))


def what_changed(steps: Sequence[Step], zone: str) -> str:
    """The last step with its author: "Moved to 11:00 AM by Robin Example at 9:42 AM." Empty before the first."""
    if not steps:
        return ""
    step = steps[-1]
    time = clock(step.at, zone)
    if step.actor:
        return _("%(what)s by %(who)s at %(time)s.", what=happened(step, zone), who=step.actor, time=time)
    return _("%(what)s at %(time)s.", what=happened(step, zone), time=time)


def refused_because(refusal: Refusal, steps: Sequence[Step], zone: str) -> str:
    """The sentence of a refusal; with what somebody else did meanwhile, when it is about that."""
    if not isinstance(refusal, VersionConflict | WrongState):
        return str(refusal.message)
    return f"{what_changed(steps, zone)} {refusal.message}".strip()


def service_line(service: Service) -> str:
    """A type of visit with its length and price: "Follow-up, 20 min, $120.00"."""
    return ", ".join([service.name, minutes(service.length_minutes), money(service.price_cents, service.currency)])


def via_label(via: str) -> str:
    """How a visit came to be booked."""
    words = {
        "desk": _("At the desk"),
        "phone": _("By phone"),
        "portal": _("Online"),
        "walk_in": _("Walk-in"),
    }
    return words.get(via, via)


def check_label(check: str) -> str:
    """What to look at when somebody arrives, as the arrival checks of a service name it."""
    words = {"identity": _("Identity"), "coverage": _("Coverage"), "forms": _("Forms"), "balance": _("Balance")}
    return words.get(check, check)


def check_question(check: str) -> str:
    """What the desk confirms with a tick when somebody arrives."""
    words = {
        "identity": _("Identity and address checked"),
        "coverage": _("Insurance card seen"),
        "forms": _("Forms signed"),
        "balance": _("Balance talked about"),
    }
    return words.get(check, check)


def action_label(action: Action) -> str:
    """The verb on the button of a step."""
    words = {
        Action.CONFIRM: _("Confirm"),
        Action.CHECK_IN: _("Check in"),
        Action.START: _("To room"),
        Action.FINISH: _("Finish visit"),
        Action.CANCEL: _("Cancel visit"),
        Action.MARK_NO_SHOW: _("Did not attend"),
    }
    return words[action]


def unit_labels() -> list[tuple[str, str]]:
    """What a visit can repeat by, for a select."""
    return [
        ("", _("Does not repeat")),
        (Frequency.DAILY.value, _("Days")),
        (Frequency.WEEKLY.value, _("Weeks")),
        (Frequency.MONTHLY.value, _("Months")),
    ]


def rhythm_label(frequency: str, every: int) -> str:
    """How often a series repeats: "weekly", "every 2 weeks"."""
    if every == 1:
        once = {Frequency.DAILY: _("daily"), Frequency.WEEKLY: _("weekly"), Frequency.MONTHLY: _("monthly")}
        return once[Frequency(frequency)]
    often = {
        Frequency.DAILY: _("every %(n)s days", n=every),
        Frequency.WEEKLY: _("every %(n)s weeks", n=every),
        Frequency.MONTHLY: _("every %(n)s months", n=every),
    }
    return often[Frequency(frequency)]
