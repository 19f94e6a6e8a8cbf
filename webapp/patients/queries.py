"""Find people and read what the desk may see of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, literal, or_, select, text, union_all
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from webapp.db import db, swiftly
from webapp.errors import NotFound
from webapp.patients import phones
from webapp.patients.models import ClinicalAlert, Patient, PatientTelecom
from webapp.patients.names import name_keys
from webapp.patients.search_terms import FEWEST_DIGITS, SearchTerms, read_terms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute

    from webapp.patients.registration import NewPatient

    Column = InstrumentedAttribute[Any] | ColumnElement[Any]
    Branch = tuple[Select[Any], Sequence[Column]]
    """A query of ids and the order in which it walks its index."""

_LAST = "\U0010ffff"
_LONGEST_RECORD_NUMBER = 18
_FEWEST_LAST_DIGITS = 4
_TRIGRAM = 3
# The phone to call them at, and the records that were merged into theirs.
_FOUND = """
    select p.id, p.record_number, p.given, p.family, p.birth_date, p.gender, p.deceased_at is not null,
        coalesce((
            select t.value from patient_telecom as t
            where t.patient_id = p.id and t.system = 'phone' order by t.rank, t.id limit 1
        ), ''),
        coalesce((
            select json_agg(json_build_array(m.given || ' ' || m.family, m.record_number) order by m.record_number)
            from patient as m where m.merged_into = p.id
        ), '[]')
    from patient as p where p.id = any(%(ids)s)
"""
_SEQUENTIAL_SCANS = text("select set_config('enable_seqscan', :allowed, true)")


@dataclass(frozen=True, slots=True)
class Found:
    """A person in a list: enough to tell them from their namesakes."""

    id: UUID
    record_number: int
    given: str
    family: str
    birth_date: dt.date
    gender: str
    deceased: bool
    phone: str = ""
    former: tuple[tuple[str, int], ...] = ()
    """Name and number of each record that was merged into this one."""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def search(typed: str, *, today: dt.date, limit: int = 8, first: Collection[UUID] = ()) -> list[Found]:
    """Find people by the beginnings of their names in any order, birth date, phone or record number.

    Every branch walks one index and stops after `limit` rows, so one letter costs no more than a whole name at a
    million people.  Only when that finds too few are the middles of names searched.  `first` lists ids that go before
    others, such as who has a visit today.  What a merged record says leads to the one that stayed.
    """
    terms = read_terms(typed, today)
    if terms.empty:
        return []
    branches = [*_preferred(terms, first), *_by_birth_date(terms), *_by_name(terms), *_by_digits(terms)]
    ids = _run(branches, limit)
    if len(ids) < limit and terms.words and max(map(len, terms.words)) >= _TRIGRAM:
        ids = list(dict.fromkeys([*ids, *_inside(terms, limit)]))
    return _found(ids[:limit])


def possible_duplicates(new: NewPatient, limit: int = 5) -> list[Found]:
    """Find people who may be the same: born on the same day with a name in common, or one phone and one given name."""
    keys = name_keys(new.given, new.family)
    digits = phones.digits(new.phone)
    same_day = select(Patient.id).where(
        Patient.birth_date == new.birth_date,
        or_(
            Patient.family_key == keys.family,
            Patient.given_key == keys.given,
            Patient.name_key.like(f"%{_escaped(keys.family)}%") if keys.family else literal(value=False),
        ),
    )
    same_phone = (
        select(Patient.id)
        .join(PatientTelecom, PatientTelecom.patient_id == Patient.id)
        .where(PatientTelecom.digits == digits, Patient.given_key == keys.given)
    )
    found = db.session.scalars(same_day.where(Patient.merged_into.is_(None)).order_by(Patient.id).limit(limit))
    ids = dict.fromkeys(found)
    if digits:
        shared = same_phone.where(Patient.merged_into.is_(None)).order_by(Patient.id)
        ids |= dict.fromkeys(db.session.scalars(shared.limit(limit)))
    return _found(list(ids)[:limit])


def desk_record(patient_id: UUID) -> Patient:
    """Read a person as the front desk sees them, with contacts and alerts, nothing clinical; raises NotFound."""
    parts = (Patient.telecoms, Patient.addresses, Patient.contacts, Patient.alerts)
    query = select(Patient).where(Patient.id == patient_id).options(*(selectinload(part) for part in parts))
    patient = db.session.scalars(query).one_or_none()
    if patient is None:
        raise NotFound
    return patient


def own_record(patient_id: UUID) -> Patient:
    """Read a person as they see themselves, with how they are reached; raises NotFound."""
    parts = (selectinload(Patient.telecoms), selectinload(Patient.addresses))
    patient = db.session.scalars(select(Patient).where(Patient.id == patient_id).options(*parts)).one_or_none()
    if patient is None:
        raise NotFound
    return patient


def by_ids(ids: Sequence[UUID]) -> list[Found]:
    """Read some people as lists show them, by name."""
    return sorted(_found(ids), key=lambda person: (person.family, person.given, person.id))


def names_of(ids: Collection[UUID]) -> dict[UUID, tuple[int, str]]:
    """Record number and name of some people and nothing else, for lists of who looked at whom."""
    if not ids:
        return {}
    query = select(Patient.id, Patient.record_number, Patient.given, Patient.family).where(Patient.id.in_(ids))
    return {row.id: (row.record_number, f"{row.given} {row.family}") for row in db.session.execute(query)}


def clinical_alerts(ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Label and detail of what clinicians must know of some people; PostgreSQL lets no role of the desk ask."""
    if not ids:
        return {}
    query = select(ClinicalAlert).where(ClinicalAlert.patient_id.in_(ids)).order_by(ClinicalAlert.id)
    found: dict[UUID, list[tuple[str, str]]] = {}
    for alert in db.session.scalars(query):
        found.setdefault(alert.patient_id, []).append((alert.label, alert.detail))
    return found


def by_record_number(number: int) -> UUID | None:
    """Whose record a number names."""
    return db.session.execute(select(Patient.id).where(Patient.record_number == number)).scalar_one_or_none()


def _inside(terms: SearchTerms, limit: int) -> list[UUID]:
    """Find the words anywhere in names, by trigrams."""
    query = _people(*_contains(terms.words), *_born(terms)).limit(limit)
    # LIKE is guessed to match so many rows that reading the table until the limit looks cheap; it takes 350 ms at a
    # million people when nobody matches, the index 1 ms.
    db.session.execute(_SEQUENTIAL_SCANS, {"allowed": "off"})
    found = list(db.session.scalars(query))
    db.session.execute(_SEQUENTIAL_SCANS, {"allowed": "on"})
    return found


def _run(branches: Sequence[Branch], limit: int) -> list[UUID]:
    limited = [
        select(query.order_by(*order).limit(limit).subquery().c.id, literal(number).label("branch"))
        for number, (query, order) in enumerate(branches)
    ]
    rows = db.session.execute(union_all(*limited))
    ranked = sorted(rows, key=lambda row: int(row.branch))
    return list(dict.fromkeys(row.id for row in ranked))


def _by_name(terms: SearchTerms) -> Iterable[Branch]:
    if terms.birth_date is not None:
        return
    for family, given in terms.splits:
        # The order of the index that the first condition reads, so that it can stop after the first rows.
        keys = (Patient.family_key, Patient.given_key) if family else (Patient.given_key, Patient.family_key)
        conditions = [*_begins(Patient.family_key, family), *_begins(Patient.given_key, given)]
        yield _people(*conditions), tuple(_bytewise(key) for key in keys)


def _by_birth_date(terms: SearchTerms) -> Iterable[Branch]:
    if terms.birth_date is not None:
        yield _people(*_born(terms), *_contains(terms.words)), (Patient.family_key, Patient.given_key, Patient.id)


def _by_digits(terms: SearchTerms) -> Iterable[Branch]:
    if len(terms.digits) < FEWEST_DIGITS:
        return
    if len(terms.digits) <= _LONGEST_RECORD_NUMBER:
        yield _people(Patient.record_number == int(terms.digits)), (Patient.id,)
    number = PatientTelecom.digits
    with_phone = _people().join(PatientTelecom, PatientTelecom.patient_id == Patient.id)
    wanted = phones.digits(terms.digits)
    if len(wanted) >= _FEWEST_LAST_DIGITS:
        backwards = func.reverse(number)
        yield with_phone.where(*_begins(backwards, wanted[::-1])), (_bytewise(backwards),)
    yield with_phone.where(*_begins(number, wanted)), (_bytewise(number),)


def _preferred(terms: SearchTerms, first: Collection[UUID]) -> Iterable[Branch]:
    if not first or not terms.words:
        return
    splits = [
        (*_begins(Patient.family_key, family), *_begins(Patient.given_key, given)) for family, given in terms.splits
    ]
    matching = or_(*(split[0] if len(split) == 1 else _all(split) for split in splits))
    yield _people(Patient.id.in_(first), matching, *_born(terms)), (Patient.family_key, Patient.given_key, Patient.id)


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return conditions[0] & _all(conditions[1:]) if len(conditions) > 1 else conditions[0]


def _people(*conditions: ColumnElement[bool]) -> Select[Any]:
    # A merged record is met as the person it turned out to be.
    return select(func.coalesce(Patient.merged_into, Patient.id).label("id")).where(*conditions)


def _born(terms: SearchTerms) -> list[ColumnElement[bool]]:
    return [] if terms.birth_date is None else [Patient.birth_date == terms.birth_date]


def _contains(words: Iterable[str]) -> list[ColumnElement[bool]]:
    return [Patient.name_key.like(f"%{_escaped(word)}%") for word in words]


def _begins(key: Column, beginning: str) -> list[ColumnElement[bool]]:
    # A range by bytes, not LIKE: a prepared statement with a placeholder behind LIKE could not use the index.
    if not beginning:
        return []
    return [key.op("~>=~", is_comparison=True)(beginning), key.op("~<~", is_comparison=True)(beginning + _LAST)]


def _bytewise(key: Column) -> ColumnElement[str]:
    """ORDER BY key USING ~<~: the order of a text_pattern_ops index."""
    return UnaryExpression(key, modifier=custom_op("USING ~<~"))  # type: ignore[arg-type]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _found(ids: Sequence[UUID]) -> list[Found]:
    """Read what a list shows of people, in the order given."""
    if not ids:
        return []
    people: dict[UUID, Found] = {}
    for *known, former in swiftly(_FOUND, {"ids": list(ids)}):
        person = Found(*known)
        merged = tuple((name, number) for name, number in former)
        people[person.id] = replace(person, former=merged) if merged else person
    return [people[each] for each in ids if each in people]


def record_now(patient_id: UUID) -> UUID:
    """The record that somebody's is by now: the one that it was merged into, or itself (NotFound)."""
    query = select(func.coalesce(Patient.merged_into, Patient.id)).where(Patient.id == patient_id)
    found: UUID | None = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found
