"""Make the reminders that are due: each rule of a visit at most once for each time that the visit was told for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from sqlalchemy import select

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.notify.actions.telling import Notice, tell
from webapp.notify.models import ContactPreference, Message, ReminderRule, VisitTold
from webapp.notify.notices import GRACE, Kind
from webapp.notify.queries.recipients import recipient, wishes
from webapp.notify.queries.schedules import last_switch
from webapp.notify.timing import DEFAULT_REMINDERS, NIGHT, reminders
from webapp.patients.models import Patient
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webapp.notify.reach import Wishes

_PLANNED = [Status.BOOKED.value, Status.CONFIRMED.value]
# Reminders that fall into quiet hours come up to half a day before them.
_EARLIER = timedelta(days=1)
_ALWAYS = datetime.min.replace(tzinfo=UTC)
Rules: TypeAlias = "dict[UUID | None, dict[int, datetime]]"
SOON = timedelta(hours=1)
"""A reminder that is late is left out when the next one comes within this."""

MOST_AT_ONCE = 300
"""Of one sweep: when quiet hours begin, those of a whole night are due, and the next minute goes on."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A visit to come, as far as its reminders go; `news_at` is when its time was last told, or booked."""

    id: UUID
    patient_id: UUID
    location_id: UUID
    zone: str
    starts_at: datetime
    version: int
    news_at: datetime
    moments: dict[int, datetime]

    def due(self, at: datetime, known: Iterable[int]) -> int | None:
        """The rule that is due: the last one, unless it was, its time was told later, or the next one is near."""
        passed = [minutes for minutes, moment in self.moments.items() if self.news_at < moment <= at]
        if not passed or min(passed) in known:
            return None
        ahead = [moment for moment in self.moments.values() if at < moment <= at + SOON]
        return None if ahead and self.moments[min(passed)] < at - SOON else min(passed)


def remind(*, at: datetime) -> int:
    """Queue the reminders that are due and were not, the next visits first; returns how many visits that were."""
    switched = last_switch()
    if switched is not None and not switched.sends:
        return 0
    visits = _coming(at, _ALWAYS if switched is None else switched.since)
    known = _known([visit.id for visit in visits])
    made = 0
    for visit in visits:
        minutes = visit.due(at, known.get((visit.id, visit.starts_at), ()))
        if minutes is not None:
            tell(_notice(visit, minutes), recipient(visit.patient_id, at), at=at)
            made += 1
        if made == MOST_AT_ONCE:
            break
    return made


def _notice(visit: Coming, minutes: int) -> Notice:
    return Notice(
        key=f"reminder:{visit.id}:{int(visit.starts_at.timestamp())}:{minutes}",
        kind=Kind.REMINDER,
        patient_id=visit.patient_id,
        subject_id=visit.id,
        location_id=visit.location_id,
        zone=visit.zone,
        useless_at=visit.starts_at,
        turn=minutes,
        version=visit.version,
        starts_at=visit.starts_at,
    )


def _coming(at: datetime, begun: datetime) -> list[Coming]:
    """Visits to come with the moments of their reminders, of those after reminding had `begun`."""
    rules = _rules()
    longest = max(*(minutes for some in rules.values() for minutes in some), *DEFAULT_REMINDERS, *_longest_of_people())
    query = (
        select(
            Appointment.id, Appointment.patient_id, Appointment.service_id, Appointment.location_id,
            Appointment.starts_at, Appointment.version, Appointment.booked_at, Location.time_zone,
            VisitTold.starts_at.label("told_starts_at"), VisitTold.told_at, Patient.language, ContactPreference,
        )
        .join(Location, Location.id == Appointment.location_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(VisitTold, VisitTold.appointment_id == Appointment.id)
        .outerjoin(ContactPreference, ContactPreference.patient_id == Appointment.patient_id)
        .where(Appointment.status.in_(_PLANNED), Patient.deceased_at.is_(None))
        .where(Appointment.starts_at > at, Appointment.starts_at <= at + timedelta(minutes=longest) + _EARLIER)
        .order_by(Appointment.starts_at, Appointment.id)
    )  # fmt: skip
    found = []
    for row in db.session.execute(query):
        # Its new time will be told first; a reminder of it would come twice.
        if row.told_starts_at is not None and row.told_starts_at != row.starts_at:
            continue
        chosen = wishes(row.ContactPreference, row.language)
        since = _since(chosen, row.service_id, rules)
        moments = reminders(row.starts_at, since, chosen.quiet or NIGHT, row.time_zone)
        moments = {minutes: moment for minutes, moment in moments.items() if max(since[minutes], begun) < moment}
        news_at = row.told_at or row.booked_at + GRACE
        found.append(
            Coming(row.id, row.patient_id, row.location_id, row.time_zone, row.starts_at, row.version, news_at, moments)
        )
    return found


def _since(chosen: Wishes, service_id: UUID, rules: Rules) -> Mapping[int, datetime]:
    """Which minutes before hold for a visit, and since when."""
    if chosen.reminder_minutes is not None:
        return dict.fromkeys(chosen.reminder_minutes, _ALWAYS)
    return rules.get(service_id) or rules.get(None) or dict.fromkeys(DEFAULT_REMINDERS, _ALWAYS)


def _rules() -> Rules:
    rules: Rules = {}
    for row in db.session.execute(select(ReminderRule.service_id, ReminderRule.minutes, ReminderRule.since)):
        rules.setdefault(row.service_id, {})[row.minutes] = row.since or _ALWAYS
    return rules


def _longest_of_people() -> list[int]:
    query = select(ContactPreference.reminder_minutes).where(ContactPreference.reminder_minutes.is_not(None)).distinct()
    return [minutes for some in db.session.scalars(query) for minutes in some or ()]


def _known(visit_ids: list[UUID]) -> dict[tuple[UUID, datetime | None], list[int]]:
    query = select(Message.subject_id, Message.starts_at, Message.turn).where(
        Message.kind == Kind.REMINDER.value, Message.subject_id.in_(visit_ids)
    )
    known: dict[tuple[UUID, datetime | None], list[int]] = {}
    for row in db.session.execute(query) if visit_ids else ():
        known.setdefault((row.subject_id, row.starts_at), []).append(row.turn)
    return known
