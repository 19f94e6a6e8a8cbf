"""A copy of everything the clinic holds about a person: what the patient's role may read, and no list to forget.

Tables are found by their column of the patient and by what PostgreSQL lets the role read, so a new table is in the copy
as soon as it exists; row security gives the rows of exactly whom the transaction acts for.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from webapp.billing.queries.own import records_of
from webapp.db import Base, db
from webapp.identity.permissions import Purpose
from webapp.practice.models import Location, Provider, Room, Service

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from flask_babel import LazyString
    from sqlalchemy import Column, Table

# What only our own machinery reads: search keys, digests, versions, what a card gateway calls somebody.
NOT_CONTENT = frozenset(
    {"family_key", "given_key", "name_key", "source_digest", "digits", "version", "customer", "method", "merged_into"}
)
ALLOWED = text("""
    select c.relname, a.attname from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and has_column_privilege(c.oid, a.attnum, 'SELECT')
""")
TITLES: dict[str, LazyString] = {
    "patient": _l("About you"),
    "patient_telecom": _l("Phone numbers and email addresses"),
    "patient_address": _l("Addresses"),
    "patient_contact": _l("People to call"),
    "patient_identifier": _l("Numbers you are known by"),
    "patient_alert": _l("Notes for the front desk"),
    "clinical_alert": _l("Clinical alerts"),
    "encounter": _l("Visits elsewhere, or from before"),
    "encounter_detail": _l("What these visits were about"),
    "coverage": _l("Insurance"),
    "appointment": _l("Visits"),
    "appointment_history": _l("What happened with your visits"),
    "series": _l("Repeated visits"),
    "waiting_wish": _l("Waiting list"),
    "waiting_offer": _l("Offers from the waiting list"),
    "invoice": _l("Invoices"),
    "invoice_line": _l("What was charged"),
    "payment": _l("Payments"),
    "refund": _l("Refunds"),
    "card_on_file": _l("Saved cards"),
}
NAMED = {"service_id": "service", "provider_id": "provider", "location_id": "location", "room_id": "room"}


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the copy; values are text, numbers, true, false or nothing."""

    name: str
    title: str
    columns: list[str]
    rows: list[dict[str, Any]]


def sections_of(patient_id: UUID, may: Collection[Purpose]) -> list[Section]:
    """Everything about a patient in what somebody may act for them in; called in a transaction of their scope.

    With what stayed with records that were merged into theirs.
    """
    people = records_of(patient_id)
    allowed: dict[str, set[str]] = {}
    for table, column in db.session.execute(ALLOWED):
        allowed.setdefault(table, set()).add(column)
    names = _names()
    tables = [each for each in _about_patients() if each.name in allowed and _purpose_of(each) in may]
    order = {name: place for place, name in enumerate(TITLES)}
    tables.sort(key=lambda table: (order.get(table.name, len(order)), table.name))
    return [_section(table, allowed[table.name], people, names) for table in tables]


def zipped(page: str, content: dict[str, Any], at: datetime) -> bytes:
    """The copy as one file: a page to read and the same for machines, under names of our own."""
    buffer, moment = io.BytesIO(), at.timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (("record.html", page), ("record.json", json.dumps(content, ensure_ascii=False, indent=1))):
            entry = zipfile.ZipInfo(name, date_time=moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, body.encode("utf-8", "replace"))
    return buffer.getvalue()


def readable(value: object, zone: str) -> str:
    """A value as the page shows it: times at the clinic."""
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(plain(value))


def plain(value: object) -> Any:  # noqa: ANN401 - what JSON knows
    """A value as JSON knows it: times in UTC, everything that is no number as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return str(value)


def _about_patients() -> Iterable[Table]:
    """Every table with rows of a patient, the patient's own first."""
    for table in Base.metadata.sorted_tables:
        if table.name == "patient" or "patient_id" in table.columns:
            yield table


def _purpose_of(table: Table) -> Purpose:
    """What a table is about, by the slice whose model it is."""
    for mapper in Base.registry.mappers:
        if mapper.local_table is table:
            slice_name = mapper.class_.__module__.split(".")[1]
            return {"billing": Purpose.MONEY, "booking": Purpose.VISITS}.get(slice_name, Purpose.RECORDS)
    return Purpose.RECORDS


def _section(table: Table, allowed: set[str], people: Collection[UUID], names: dict[UUID, str]) -> Section:
    columns = [each for each in table.columns if each.name in allowed and each.name not in NOT_CONTENT]
    owner: Column[Any] = table.c.id if table.name == "patient" else table.c.patient_id
    order = [each for each in table.primary_key if each.name in allowed]
    rows = [
        _row(dict(zip([each.name for each in columns], row, strict=True)), names)
        for row in db.session.execute(select(*columns).where(owner.in_(people)).order_by(*order))
    ]
    shown = list(rows[0]) if rows else [each.name for each in columns]
    return Section(table.name, str(TITLES.get(table.name) or table.name.replace("_", " ").capitalize()), shown, rows)


def _row(found: dict[str, Any], names: dict[UUID, str]) -> dict[str, Any]:
    """A row with names beside the ids that stand for something; what is only bytes says nothing to anybody."""
    told: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, bytes | memoryview):
            continue
        told[name] = value
        if name in NAMED and isinstance(value, UUID):
            told[NAMED[name]] = names.get(value, "")
    return told


def _names() -> dict[UUID, str]:
    """Names of what visits are about; the clinic's, so every role may read them."""
    found: dict[UUID, str] = {}
    for each in db.session.scalars(select(Provider)):
        found[each.id] = each.name
    for column_of in (Location, Room, Service):
        found |= {row.id: row.name for row in db.session.execute(select(column_of.id, column_of.name))}
    return found
