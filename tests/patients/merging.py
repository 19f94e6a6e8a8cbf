"""Two records of Rosa Jimenez with all that a record can have, and what PostgreSQL holds of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import sql

from tests import factories
from tests.factories import NOW, Clinic, clock_time, insert
from webapp.db import Role, transactional
from webapp.ids import new_id
from webapp.patients.actions import merge, unmerge
from webapp.patients.models import PatientMerge

if TYPE_CHECKING:
    from psycopg import Connection

TABLES = (
    "appointment", "series", "waiting_wish", "waiting_offer", "encounter", "encounter_detail", "patient_telecom",
    "patient_address", "patient_contact", "patient_alert", "clinical_alert", "account_patient", "coverage",
    "patient_identifier", "appointment_history",
)  # fmt: skip
MOVING = TABLES[:13]


def rows(connection: Connection[Any], table: str, patient: UUID) -> set[str]:
    """The rows of a table that are a patient's, as text; what counts changes or says whose they are is left out."""
    query = sql.SQL("SELECT (to_jsonb(t) - 'patient_id')::text FROM {} AS t WHERE patient_id = %s")
    return {row[0] for row in connection.execute(query.format(sql.Identifier(table)), (patient,))}


def everything(connection: Connection[Any], patient: UUID) -> dict[str, set[str]]:
    return {table: rows(connection, table, patient) for table in TABLES}


def occupied(connection: Connection[Any], patient: UUID) -> int:
    found = connection.execute("SELECT count(*) FROM occupancy WHERE resource_id = %s", (patient,)).fetchone()
    assert found is not None
    return int(found[0])


def fill(connection: Connection[Any], clinic: Clinic, patient: UUID, hour: int, *, account: bool = True) -> UUID:
    """Give a patient one row in each table that can move; returns a booked visit of a series, today at that hour."""
    text = str(patient)
    series, wish, encounter = new_id(), new_id(), new_id()
    insert(
        connection, "series", id=series, patient_id=patient, frequency="weekly", count=2, time_zone="UTC",
        first_at=NOW, created_at=NOW,
    )  # fmt: skip
    visit = factories.appointment(connection, clinic, clock_time(hour), patient_id=patient, series_id=series)
    hold = factories.appointment(
        connection, clinic, clock_time(hour, 40), patient_id=patient, status="held",
        held_until=NOW + timedelta(hours=1), provider_id=clinic.providers[1],
    )  # fmt: skip
    insert(
        connection, "waiting_wish", id=wish, patient_id=patient, service_id=clinic.service, earliest=NOW.date(),
        created_at=NOW, appointment_id=visit,
    )  # fmt: skip
    insert(
        connection, "waiting_offer", id=new_id(), wish_id=wish, patient_id=patient, hold_id=hold, offered_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    insert(
        connection, "encounter", id=encounter, patient_id=patient, source_system="urn:x", source_id=text,
        status="finished", class_code="AMB", starts_at=NOW,
    )  # fmt: skip
    insert(connection, "encounter_detail", encounter_id=encounter, patient_id=patient)
    insert(connection, "patient_telecom", id=new_id(), patient_id=patient, system="phone", value=text, digits="5")
    insert(connection, "patient_address", id=new_id(), patient_id=patient, line=text)
    insert(connection, "patient_contact", id=new_id(), patient_id=patient, name=text)
    insert(connection, "patient_alert", id=new_id(), patient_id=patient, label=text)
    insert(connection, "clinical_alert", id=new_id(), patient_id=patient, label=text)
    insert(
        connection, "coverage", id=new_id(), patient_id=patient, payer_name=text, share_percent=25, valid_from=NOW,
    )  # fmt: skip
    insert(connection, "patient_identifier", id=new_id(), patient_id=patient, system="urn:x", value=text)
    if account:
        made = factories.account(connection)
        insert(connection, "account_patient", account_id=made, patient_id=patient, relation="self")
    return visit


@dataclass(frozen=True)
class Pair:
    """Two records of one person: `stays` and `goes`, each with one row of everything."""

    clinic: Clinic
    stays: UUID
    goes: UUID
    visit: UUID
    """A visit to come of the one that goes."""


def merged(stays: UUID, goes: UUID) -> UUID:
    with transactional(factories.scope(Role.MANAGER)):
        return merge(stays, goes, actor=None, at=NOW)


def parted(made: UUID) -> PatientMerge:
    with transactional(factories.scope(Role.MANAGER)):
        return unmerge(made, actor=None, at=NOW)


def leads_to(owner: Connection[Any], patient: UUID) -> UUID | None:
    row = owner.execute("SELECT merged_into FROM patient WHERE id = %s", (patient,)).fetchone()
    assert row is not None
    into: UUID | None = row[0]
    return into
