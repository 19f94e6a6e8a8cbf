"""The items of the activity table: keys that sort by time, and the same key for the same fact."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.activity.notes import Note
    from webapp.dynamo import Item

TABLE = "activity"
DAY_SHARDS = 2
"""One page of a day asks all of them, of two UTC days; each takes a thousand small records in a second."""


PRINTED = ("exported", "day_sheet")
"""Action and detail of a day that somebody printed. The hourly copies are one record each: nobody looked at them."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: who, when (aware UTC), which request, which route, which network address, as what."""

    actor: UUID | None
    at: datetime
    request: str
    route: str = ""
    address: str = ""
    roles: frozenset[str] = frozenset()


def stamp(at: datetime) -> str:
    """A moment as text that sorts: UTC with microseconds, always 27 characters."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def patient_key(patient: UUID) -> str:
    return f"P#{patient}"


def actor_key(actor: UUID | None) -> str:
    return f"A#{actor or 'nobody'}"


def day_shards(day: str) -> list[str]:
    """All shards of one day (YYYY-MM-DD), so that a busy day is not one hot key."""
    return [f"{day}#{number}" for number in range(DAY_SHARDS)]


def item_of(note: Note, origin: Origin) -> Item:
    """One record.  Its key is made of patient (or actor), time, request and action alone.

    So whoever writes the same fact, the request itself or the job that follows it, writes the same record.
    """
    actor = note.actor or origin.actor
    at_id = f"{stamp(origin.at)}#{origin.request}"
    about_patient = note.patient is not None and note.action != "listed"
    item: Item = {
        "pk": patient_key(note.patient) if about_patient and note.patient else actor_key(actor),
        "sk": f"{at_id}#{note.action}",
        "action": note.action,
        "actor": str(actor or "nobody"),
        "at_id": at_id,
        "day_shard": _day_shard(origin),
        "request": origin.request,
        "route": origin.route,
    }
    if origin.address:
        item["address"] = origin.address
    if origin.roles:
        item["roles"] = frozenset(str(role) for role in origin.roles)
    if note.account is not None:
        item["account"] = str(note.account)
    if note.detail:
        item["detail"] = note.detail
    if note.listed:
        item["listed"] = frozenset(str(patient) for patient in note.listed)
    return item


def is_list(note: Note) -> bool:
    """Whether it showed people in passing, so that each of them gets a record: a list, or a day that was printed."""
    return note.action == "listed" or (note.action, note.detail) == PRINTED


def records_of_listed(note: Note, origin: Origin) -> list[Item]:
    """For each patient whom a list or a printed day showed a record of their own: no other page about them says so."""
    return listed_records(item_of(note, origin)) if is_list(note) else []


def listed_records(whole: Item) -> list[Item]:
    """The records of the patients of a list, made of its own.

    They have no attribute of an index, so each costs one small write and stands on no other page.
    """
    kept = {name: value for name, value in whole.items() if name not in {"pk", "actor", "day_shard", "listed"}}
    listed = whole.get("listed")
    patients = sorted(listed) if isinstance(listed, set | frozenset) else []
    return [{**kept, "by": whole["actor"], "pk": f"P#{patient}"} for patient in patients]


def _day_shard(origin: Origin) -> str:
    digest = hashlib.sha256(origin.request.encode()).digest()
    return f"{stamp(origin.at)[:10]}#{digest[0] % DAY_SHARDS}"
