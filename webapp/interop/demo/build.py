"""Put the demo clinic and its people into the database; what is there already is left as it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from webapp.db import db
from webapp.ids import new_id
from webapp.interop.actions.store import store
from webapp.interop.demo import clinic
from webapp.interop.demo.people import SYSTEM, DemoPerson, generate
from webapp.interop.mapping.records import ImportedBundle
from webapp.patients.models import PatientAlert, PatientIdentifier
from webapp.practice.models import (
    Equipment,
    Location,
    Provider,
    Resource,
    Room,
    Schedule,
    Service,
    ServiceEquipment,
    ServiceLocation,
    ServicePart,
    ServiceProvider,
    ServiceRoom,
)

if TYPE_CHECKING:
    from datetime import datetime

_OPENED = dt.date(2020, 1, 1)
_WEEK = range(1, 8)


@dataclass(frozen=True, slots=True)
class Clinic:
    """The demo clinic as it stands in this database: ids by the names of the plan."""

    location_id: UUID
    providers: dict[tuple[str, str], UUID]
    services: dict[str, UUID]


def ensure_clinic() -> Clinic:
    """Open the demo clinic, or find it as its manager has left it."""
    location_id = db.session.scalar(select(Location.id).where(Location.name == clinic.NAME))
    if location_id is None:
        location_id = _open()
    providers = db.session.execute(select(Provider.given, Provider.family, Provider.id)).all()
    services = db.session.execute(select(Service.name, Service.id)).all()
    return Clinic(location_id, {(row[0], row[1]): row[2] for row in providers}, {row[0]: row[1] for row in services})


def people_are_there() -> bool:
    """Tell whether the last of the generated people has a record."""
    last = generate()[-1].patient.identifiers[0]
    found = PatientIdentifier.system == last.system, PatientIdentifier.value == last.value
    return db.session.scalar(select(PatientIdentifier.id).where(*found)) is not None


def add_people(at: datetime) -> int:
    """Give the generated people records with their alerts; returns how many are new."""
    people = generate()
    made = store(ImportedBundle(patients=tuple(person.patient for person in people)), at=at)
    if made.patients.created == len(people):
        _add_alerts(people)
    return made.patients.created


def _add_alerts(people: list[DemoPerson]) -> None:
    query = select(PatientIdentifier.value, PatientIdentifier.patient_id).where(PatientIdentifier.system == SYSTEM)
    ids = {value: patient_id for value, patient_id in db.session.execute(query)}  # noqa: C416 - rows are not pairs
    db.session.add_all(
        PatientAlert(
            id=new_id(),
            patient_id=ids[person.patient.identifiers[0].value],
            label=alert.label,
            detail=alert.detail,
            icon=alert.icon,
            tone=alert.tone,
            position=position,
        )
        for person in people
        for position, alert in enumerate(person.alerts)
    )
    db.session.flush()


def _open() -> UUID:
    location = Location(
        id=new_id(),
        name=clinic.NAME,
        time_zone=clinic.TIME_ZONE,
        phone=clinic.PHONE,
        line=clinic.LINE,
        city=clinic.CITY,
        state=clinic.STATE,
        postal_code=clinic.POSTAL_CODE,
    )
    db.session.add(location)
    rooms = {name: _resource("room") for name in clinic.ROOMS}
    providers = {provider.family: _resource("provider") for provider in clinic.PROVIDERS}
    db.session.flush()
    pieces = {name: _resource("equipment") for name, _kind in clinic.EQUIPMENT}
    db.session.flush()
    db.session.add_all(
        Equipment(id=pieces[name], location_id=location.id, kind=kind, name=name) for name, kind in clinic.EQUIPMENT
    )
    db.session.add_all(Room(id=rooms[name], location_id=location.id, name=name) for name in clinic.ROOMS)
    db.session.add_all(
        Provider(
            id=providers[each.family],
            given=each.given,
            family=each.family,
            prefix=each.prefix,
            credential=each.credential,
            specialty=each.specialty,
            position=position,
        )
        for position, each in enumerate(clinic.PROVIDERS)
    )
    db.session.flush()
    _add_hours(location.id, providers, rooms)
    services = _add_services(location.id, providers)
    _add_rules(services, rooms)
    return location.id


def _resource(kind: str) -> UUID:
    resource = Resource(id=new_id(), kind=kind)
    db.session.add(resource)
    return resource.id


def _add_hours(location_id: UUID, providers: dict[str, UUID], rooms: dict[str, UUID]) -> None:
    db.session.add_all(
        Schedule(
            id=new_id(),
            provider_id=providers[each.family],
            location_id=location_id,
            room_id=rooms[each.room] if each.room else None,
            weekday=weekday,
            starts=starts,
            ends=ends,
            valid_from=_OPENED,
        )
        for each in clinic.PROVIDERS
        for weekday in _WEEK
        for starts, ends in each.hours(weekday)
    )
    db.session.add_all(
        Schedule(
            id=new_id(),
            provider_id=providers[each.family],
            location_id=location_id,
            room_id=rooms[each.room] if each.room else None,
            weekday=each.evening.weekday,
            starts=starts,
            ends=ends,
            valid_from=_OPENED,
            every_weeks=each.evening.every_weeks,
        )
        for each in clinic.PROVIDERS
        if each.evening is not None
        for starts, ends in each.evening.hours
    )
    db.session.flush()


def _add_services(location_id: UUID, providers: dict[str, UUID]) -> dict[str, UUID]:
    services = {each.name: new_id() for each in clinic.SERVICES}
    db.session.add_all(
        Service(
            id=services[each.name],
            name=each.name,
            length_minutes=each.minutes,
            buffer_before_minutes=each.before,
            buffer_after_minutes=each.after,
            price_cents=each.cents,
            needs_room=each.needs_room,
            capacity=each.capacity,
            notice_minutes=each.notice,
            furthest_days=each.furthest,
            online=each.online,
            audience=each.audience,
            deposit_cents=each.deposit,
            cancel_notice_minutes=each.cancel_notice,
            cancel_fee_cents=each.cancel_fee,
            arrival_checks=list(each.checks),
            position=position,
        )
        for position, each in enumerate(clinic.SERVICES)
    )
    db.session.flush()
    for each in clinic.SERVICES:
        db.session.add(ServiceLocation(service_id=services[each.name], location_id=location_id))
        db.session.add_all(
            ServiceProvider(service_id=services[each.name], provider_id=providers[family]) for family in each.weights
        )
    db.session.flush()
    return services


def _add_rules(services: dict[str, UUID], rooms: dict[str, UUID]) -> None:
    for each in clinic.SERVICES:
        made = services[each.name]
        db.session.add_all(ServiceRoom(service_id=made, room_id=rooms[room]) for room in each.rooms)
        db.session.add_all(ServiceEquipment(service_id=made, kind=kind) for kind in each.equipment)
        db.session.add_all(
            ServicePart(service_id=made, position=position, part_id=services[part], gap_minutes=gap)
            for position, (part, gap) in enumerate(each.parts, 1)
        )
    db.session.flush()
