"""Who looked at what: by day, by patient, by person; reading it is itself recorded, and nothing clinical is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.activity import queries as log_of
from webapp.activity.queries import Part, Record, Wanted
from webapp.cycle import scope
from webapp.db import Role, db, transactional
from webapp.errors import FormInvalid, NotFound
from webapp.identity import queries as identity
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.words import ACTION_NAMES, DETAIL_NAMES, ROLE_NAMES
from webapp.ops.activity_csv import Line, as_csv
from webapp.ops.views.door import blueprint
from webapp.patients import queries as patients
from webapp.practice import queries as practice
from webapp.rate import EXPORTS, LOOK_UPS
from webapp.routing import requires

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.errors import Sentence

VIEW = Permission.ACTIVITY_VIEW
TEMPLATE = "ops/activity.html"
MOST_EXPORTED = 2000
YEARS = range(2000, 2200)
LONGEST_NUMBER = 9
AHEAD = timedelta(minutes=1)
"""How far another machine's clock may be ahead of ours."""
MOST_ALIKE = 10
"""Records of one request about different patients that a page shows one by one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page of the log is about: a day in the clinic's zone, a patient or a person who works here."""

    day: date | None = None
    patient: UUID | None = None
    account: UUID | None = None
    title: str = ""

    @property
    def name(self) -> str:
        return "day" if self.day else "patient" if self.patient else "person"

    def url(self, **query: object) -> str:
        """The page of this subject."""
        if self.patient is not None:
            return url_for("ops.activity_of_patient", patient_id=self.patient, **query)  # type: ignore[arg-type]
        if self.account is not None:
            return url_for("ops.activity_of_person", account_id=self.account, **query)  # type: ignore[arg-type]
        return url_for("ops.activity_of_day", day=self.day, **query)  # type: ignore[arg-type]

    def read(self, wanted: Wanted, before: str, zone: str, size: int = log_of.PAGE) -> Part:
        """A part of the log about it."""
        if self.patient is not None:
            return log_of.part_of_patient(self.patient, wanted, before, size)
        if self.account is not None:
            return log_of.part_of_actor(self.account, wanted, before, size)
        day = self.day or date.min
        first, last = (datetime.combine(each, time(), tzinfo=ZoneInfo(zone)) for each in (day, day + timedelta(days=1)))
        # What is still to come is not asked for: that would be eight questions more.
        return log_of.part_of_span(first, max(first, min(last, scope().at + AHEAD)), wanted, before, size)


@blueprint.get("/activity")
@requires(VIEW, role=Role.AUDITOR, gateway=True)
def activity_of_day() -> Response:
    """What happened on a day, today without one."""
    zone = _zone()
    return _page(_day(request.args.get("day", ""), zone), zone)


@blueprint.get("/activity/patients/<uuid:patient_id>")
@requires(VIEW, role=Role.AUDITOR, gateway=True)
def activity_of_patient(patient_id: UUID) -> Response:
    """Who opened, changed, exported or listed one patient."""
    return _page(_patient(patient_id), _zone())


@blueprint.get("/activity/people/<uuid:account_id>")
@requires(VIEW, role=Role.AUDITOR, gateway=True)
def activity_of_person(account_id: UUID) -> Response:
    """What one person did."""
    return _page(_person(account_id), _zone())


@blueprint.post("/activity/find")
@requires(VIEW, role=Role.AUDITOR, gateway=True, asks=True, limit=LOOK_UPS)
def find_activity() -> Response:
    """Lead from a record number to that patient's page; the number stays out of addresses."""
    number = request.form.get("number", "").strip()
    zone = _zone()
    if number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER:
        with transactional(scope(), read_only=True):
            found = patients.by_record_number(int(number))
        if found is not None:
            return hypermedia.see(url_for("ops.activity_of_patient", patient_id=found))
    errors = {"number": [_("No patient has this record number")]}
    return _page(_day("", zone), zone, errors=errors, status=422)


@blueprint.post("/activity/export")
@requires(Permission.ACTIVITY_EXPORT, role=Role.AUDITOR, gateway=True, asks=True, recent=True, limit=EXPORTS)
def export_activity() -> Response:
    """The same lines as a CSV file, newest first; that they left the clinic is recorded."""
    zone = _zone()
    subject = _subject_of(request.form, zone)
    part = subject.read(_wanted(request.form), "", zone, MOST_EXPORTED)
    names = _Names(part.records)
    lines = [_line(record, names) for record in part.records]
    activity.note(
        "exported", patient=subject.patient, account=subject.account, listed=names.patients, detail="activity"
    )
    response = Response(as_csv(lines, cut=part.before is not None), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="activity-{scope().at:%Y-%m-%d-%H%M}.csv"'
    return response


class _Names:
    """Names of everybody in some records, as an auditor may see them: name and record number, no more."""

    def __init__(self, records: list[Record]) -> None:
        people = {who for record in records for who in (record.actor, record.account) if who is not None}
        wanted = {record.patient for record in records if record.patient is not None}
        with transactional(scope(), read_only=True) as session:
            self._people = identity.names_of(session, people)
            self._patients = patients.names_of(wanted)
        self.patients = frozenset(self._patients)

    def person(self, account_id: UUID | None) -> str:
        return _("Nobody signed in") if account_id is None else self._people.get(account_id, _("Unknown"))

    def patient(self, patient_id: UUID | None) -> tuple[int, str] | None:
        return None if patient_id is None else self._patients.get(patient_id)


def _page(subject: Subject, zone: str, *, errors: dict[str, list[str]] | None = None, status: int = 200) -> Response:
    wanted = _wanted(request.args)
    before = request.args.get("before", "")
    part = subject.read(wanted, before if log_of.is_mark(before) else "", zone)
    records = _folded(part.records)
    names = _Names(records)
    activity.note(
        "reviewed", patient=subject.patient, account=subject.account, listed=names.patients, detail=subject.name
    )
    kept = {"action": wanted.action or None, "role": wanted.role or None}
    return hypermedia.page(
        TEMPLATE,
        status=status,
        subject=subject,
        title=subject.title,
        zone=zone,
        records=[_row(record, names) for record in records],
        wanted=wanted,
        cut=part.cut,
        actions=[("", _("Everything")), *ACTION_NAMES.items()],
        roles=[("", _("Any role")), *((role.value, ROLE_NAMES[role]) for role in StaffRole)],
        older=subject.url(before=part.before, **kept) if part.before else None,
        newest=subject.url(**kept) if before else None,
        days=_days(subject, kept),
        errors=errors or {},
    )


def _folded(records: list[Record]) -> list[Record]:
    """One line in place of the hundreds that an import writes about as many patients; the file has them all."""
    folded: list[Record] = []
    for _same, group in groupby(records, key=lambda record: (record.mark, record.action, record.actor, record.detail)):
        alike = list(group)
        if len(alike) > MOST_ALIKE:
            everybody = frozenset(record.patient for record in alike if record.patient is not None)
            alike = [replace(alike[0], patient=None, listed=everybody)]
        folded += alike
    return folded


def _row(record: Record, names: _Names) -> dict[str, Any]:
    found = names.patient(record.patient)
    return {
        "at": record.at,
        "who": names.person(record.actor),
        "who_href": record.actor and url_for("ops.activity_of_person", account_id=record.actor),
        "roles": _roles(record),
        "what": _what(record),
        "detail": DETAIL_NAMES.get(record.detail, record.detail),
        "patient": found and f"{found[1]} · {_('MRN')} {found[0]}",
        "patient_href": record.patient and url_for("ops.activity_of_patient", patient_id=record.patient),
        "account": record.account and names.person(record.account),
        "count": len(record.listed),
        "address": record.address,
        "reference": record.request.replace("-", "")[-10:].upper(),
    }


def _what(record: Record) -> Sentence:
    # On a patient's own page a list is about them alone: the others in it stay out of it.
    alone = record.action == "listed" and record.patient is not None
    return _("Listed") if alone else ACTION_NAMES.get(record.action, record.action)


def _line(record: Record, names: _Names) -> Line:
    found = names.patient(record.patient)
    return Line(
        at=record.at,
        who=names.person(record.actor),
        who_id=record.actor,
        roles=_roles(record),
        action=record.action,
        detail=record.detail,
        patient=found[1] if found else "",
        record_number=str(found[0]) if found else "",
        listed=len(record.listed),
        account=names.person(record.account) if record.account else "",
        route=record.route,
        address=record.address,
        request=record.request,
    )


def _roles(record: Record) -> str:
    return ", ".join(str(ROLE_NAMES[role]) for role in StaffRole if role.value in record.roles)


def _wanted(values: Mapping[str, str]) -> Wanted:
    action, role = values.get("action", ""), values.get("role", "")
    known = {each.value for each in StaffRole}
    return Wanted(action if action in ACTION_NAMES else "", role if role in known else "")


def _zone() -> str:
    with transactional(scope(), read_only=True):
        return practice.time_zone()


def _day(text: str, zone: str) -> Subject:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = scope().at.astimezone(ZoneInfo(zone)).date()
    if day.year not in YEARS:
        raise NotFound
    return Subject(day=day, title=_("Who looked at what"))


def _patient(patient_id: UUID) -> Subject:
    with transactional(scope(), read_only=True):
        found = patients.names_of({patient_id}).get(patient_id)
    if found is None:
        raise NotFound
    return Subject(patient=patient_id, title=_("Who looked at %(name)s", name=found[1]))


def _person(account_id: UUID) -> Subject:
    with transactional(scope(), read_only=True):
        name = identity.names_of(db.session(), [account_id]).get(account_id)
    if name is None:
        raise NotFound
    return Subject(account=account_id, title=_("What %(name)s did", name=name))


def _subject_of(form: Mapping[str, str], zone: str) -> Subject:
    about, text = form.get("about", ""), form.get("of", "")
    try:
        if about == "day":
            return _day(date.fromisoformat(text).isoformat(), zone)
        if about == "patient":
            return _patient(UUID(text))
        if about == "person":
            return _person(UUID(text))
    except ValueError:
        pass
    raise FormInvalid({"about": [_("Choose a day, a patient or a person")]})


def _days(subject: Subject, kept: dict[str, str | None]) -> dict[str, str] | None:
    if subject.day is None:
        return None
    step = timedelta(days=1)
    return {
        "previous": Subject(day=subject.day - step).url(**kept),
        "next": Subject(day=subject.day + step).url(**kept),
    }
