"""Load the demo clinic and keep its days full: everything in the order in which it depends on each other."""

from __future__ import annotations

import datetime as dt
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.db import Role, Scope, db, transactional
from webapp.identity.demo_accounts import DemoLinks, demo_email, ensure_demo_accounts
from webapp.identity.models import Account
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id
from webapp.interop.demo import build, fill, money, wishes
from webapp.interop.demo.clinic import PROVIDERS, TIME_ZONE
from webapp.interop.demo.people import ROSA
from webapp.interop.importing import Import
from webapp.interop.mapping.reading import find_files
from webapp.patients.models import PatientIdentifier

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from webapp.identity.gateways.cognito import SignInService
    from webapp.interop.demo.build import Clinic

DAYS_BEFORE, DAYS_AFTER = 3, 7


class DemoIncomplete(Exception):  # noqa: N818 - the demo is at fault, in words for the terminal
    """The demo clinic could not be loaded whole."""


def local_today(now: datetime) -> dt.date:
    """The day it is at the demo clinic."""
    return now.astimezone(ZoneInfo(TIME_ZONE)).date()


def load_people(bundles: Path, now: datetime) -> tuple[Clinic, UUID]:
    """Open the clinic and register its people once; returns the clinic and Rosa Jimenez's id (DemoIncomplete)."""
    with transactional(_scope(Role.IMPORT, now)):
        clinic = build.ensure_clinic()
        there = build.people_are_there()
    if not there:
        _import(bundles, now)
        with transactional(_scope(Role.IMPORT, now)):
            build.add_people(now)
    with transactional(_scope(Role.IMPORT, now), read_only=True):
        return clinic, _rosa()


def load_accounts(service: SignInService, clinic: Clinic, rosa: UUID, now: datetime) -> None:
    """Make the demo accounts: the clinician is Dr. Osei, the patient Rosa Jimenez (SignInUnavailable)."""
    osei = PROVIDERS[0]
    links = DemoLinks(
        provider_id=clinic.providers.get(osei.key),
        provider_name=f"{osei.prefix} {osei.given} {osei.family}",
        patient_id=rosa,
        patient_name=f"{ROSA.patient.given} {ROSA.patient.family}",
    )
    ensure_demo_accounts(service, now, request=str(new_id()), links=links)


def load_days(clinic: Clinic, now: datetime, *, before: int = DAYS_BEFORE, after: int = DAYS_AFTER) -> int:
    """Fill the days around today that are not filled yet (`before` and `after` it); returns the number of visits made.

    On the first run of a day the visits before are brought to their end, today's to where the clock is.
    """
    today = local_today(now)
    actor = _receptionist(now)
    with transactional(_scope(Role.DESK, now, actor)):
        fill.plan_leave(clinic, today, now)
    with transactional(_scope(Role.DESK, now, actor)):
        if not fill.is_opened(clinic, today):
            fill.advance(clinic, today, now)
    days = [today + timedelta(days=each) for each in range(-before, after + 1)]
    made = sum(_load_day(clinic, day, actor, now) for day in days)
    with transactional(_scope(Role.DESK, now, actor)):
        wishes.put_on_list(clinic, today, actor=actor, now=now)
    with transactional(_scope(Role.DESK, now, actor)):
        money.fill_tills(clinic, today, owes=_rosa(), actor=actor, now=now)
    return made


def to_bill(clinic: Clinic, now: datetime) -> list[UUID]:
    """Old visits that `bill_rest` would bill."""
    with transactional(_scope(Role.DESK, now), read_only=True):
        return money.rest(clinic)


def bill_rest(clinic: Clinic, now: datetime) -> int:
    """Bill what is older than the desk's first drawer but for a dozen; returns how many.

    One transaction for each, so that nobody at the desk waits for more than one of them.
    """
    actor, made = _receptionist(now), 0
    for number, visit in enumerate(to_bill(clinic, now), 1):
        with transactional(_scope(Role.DESK, now, actor)):
            made += money.bill(visit, number, actor=actor, now=now)
    return made


def load_one(clinic: Clinic, day: dt.date, now: datetime) -> int:
    """Fill one local day wherever it lies; returns the number of visits made."""
    return _load_day(clinic, day, _receptionist(now), now)


def _load_day(clinic: Clinic, day: dt.date, actor: UUID | None, now: datetime) -> int:
    """Fill one local day, all of it or nothing; 0 when it is filled already."""
    with transactional(_scope(Role.DESK, now), read_only=True):
        if fill.is_laid(clinic, day):
            return 0
    with transactional(_scope(Role.MANAGER, now, actor)):
        fill.block_admin_time(clinic, day, now)
    with transactional(_scope(Role.DESK, now, actor)):
        return fill.lay_day(clinic, day, actor=actor, now=now)


def _rosa() -> UUID:
    rosa = ROSA.patient.identifiers[0]
    theirs = PatientIdentifier.system == rosa.system, PatientIdentifier.value == rosa.value
    return db.session.scalars(select(PatientIdentifier.patient_id).where(*theirs)).one()


def _receptionist(now: datetime) -> UUID | None:
    with transactional(_scope(Role.IDENTITY, now), read_only=True):
        return db.session.scalar(select(Account.id).where(Account.email == demo_email(StaffRole.RECEPTIONIST)))


def _import(bundles: Path, now: datetime) -> None:
    course = Import(now)
    for path in find_files([bundles]):
        course.add(path)
    if course.failed:
        path, fault = course.failed[0]
        raise DemoIncomplete(f"{path.name}: {fault}")


def _scope(role: Role, now: datetime, actor: UUID | None = None) -> Scope:
    return Scope(role=role, actor=actor, at=now, request=str(new_id()))
