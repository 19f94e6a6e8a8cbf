"""Organizations and practitioners of imported records: shared by many bundles, matched by identifier.

The first bundle that names one describes it, later ones only fill what is still empty: where two sources disagree,
importing both again would otherwise change rows back and forth for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert

from webapp.db import db
from webapp.ids import new_id
from webapp.interop.actions.tally import Tally
from webapp.interop.actions.wanted import as_table
from webapp.interop.mapping.records import Identifier
from webapp.practice.models import Organization, Practitioner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from webapp.interop.mapping.records import ImportedOrganization, ImportedPractitioner

    Known = dict[Identifier, UUID]

E = TypeVar("E", Organization, Practitioner)


def store_organizations(
    organizations: Sequence[ImportedOrganization], referred: Iterable[Identifier | None]
) -> tuple[Known, Tally]:
    """Store organizations; returns the ids of these and of all `referred` ones the clinic knows."""
    described = {
        each.identifier: {
            "name": each.name,
            "phone": each.phone,
            "line": each.address.line,
            "city": each.address.city,
            "state": each.address.state,
            "postal_code": each.address.postal_code,
        }
        for each in organizations
    }
    return _store(Organization, described, referred)


def store_practitioners(
    practitioners: Sequence[ImportedPractitioner], referred: Iterable[Identifier | None]
) -> tuple[Known, Tally]:
    """Store practitioners; returns the ids of these and of all `referred` ones the clinic knows."""
    described = {
        each.identifier: {"family": each.family, "given": each.given, "prefix": each.prefix} for each in practitioners
    }
    return _store(Practitioner, described, referred)


def _store(
    model: type[E], described: Mapping[Identifier, dict[str, str]], referred: Iterable[Identifier | None]
) -> tuple[Known, Tally]:
    wanted = set(described) | {each for each in referred if each is not None}
    known = _find(model, wanted)
    missing = sorted(each for each in described if each not in known)
    if missing:
        rows = [_row(each, described[each]) for each in missing]
        # Another import may have been quicker; then its row is found below.
        db.session.execute(insert(model).values(rows).on_conflict_do_nothing())
        known |= _find(model, missing)
    changed = sum(_fill(known[each], described[each]) for each in described if each not in missing)
    db.session.flush()
    tally = Tally(len(missing), changed, len(described) - len(missing) - changed)
    return {identifier: entry.id for identifier, entry in known.items()}, tally


def _find(model: type[E], wanted: Iterable[Identifier]) -> dict[Identifier, E]:
    identifiers = as_table(wanted)
    query = select(model).join(
        identifiers,
        and_(identifiers.c.system == model.identifier_system, identifiers.c.value == model.identifier_value),
    )
    return {Identifier(each.identifier_system, each.identifier_value): each for each in db.session.scalars(query)}


def _row(identifier: Identifier, values: dict[str, str]) -> dict[str, Any]:
    return {"id": new_id(), "identifier_system": identifier.system, "identifier_value": identifier.value, **values}


def _fill(entry: E, values: dict[str, str]) -> bool:
    empty = {name: value for name, value in values.items() if value and not getattr(entry, name)}
    for name, value in empty.items():
        setattr(entry, name, value)
    return bool(empty)
