"""Writing the activity log: all notes of a request at once, before its answer is sent."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING

from flask import g, request

from webapp import dynamo
from webapp.activity.items import TABLE, Origin, item_of, listed_item, patient_key
from webapp.activity.notes import Note, start, taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from webapp.dynamo import Item

TOGETHER = 100


def flush(*, actor: UUID | None, at: datetime) -> None:
    """Write the notes of the current request; raises DynamoUnavailable when they can't be written.

    They stay noted then, so that nothing is lost by asking again.
    """
    notes = taken()
    if not notes:
        return
    roles: frozenset[str] = g.get("roles", frozenset())
    origin = Origin(actor, at, g.request_id, request.endpoint or "", request.remote_addr or "", roles)
    write(notes, origin)
    start()


def write(notes: list[Note], origin: Origin) -> None:
    """Write one record for each note, and one for each patient of a list.

    A hundred go together or not at all; of more, those of the notes are among the first, so that what is missing after
    an outage is never whom an answer showed: it was not sent.
    """
    client = dynamo.client()
    whole = list({(item["pk"], item["sk"]): item for item in (item_of(note, origin) for note in notes)}.values())
    while len(whole) >= TOGETHER:
        client.put_many(TABLE, whole[:TOGETHER])
        whole = whole[TOGETHER:]
    for shared, patients in _lists(notes, origin):
        own: list[Item] = [{"pk": patient_key(patient)} for patient in patients]
        room = TOGETHER - len(whole)
        client.put_alike(TABLE, shared, own[:room], besides=whole)
        whole = []
        for first in range(room, len(own), TOGETHER):
            client.put_alike(TABLE, shared, own[first : first + TOGETHER])
    client.put_many(TABLE, whole)


def _lists(notes: list[Note], origin: Origin) -> Iterator[tuple[Item, list[UUID]]]:
    """What the records of listed patients share, and who they are; nobody twice in one request."""
    seen: dict[object, set[UUID]] = defaultdict(set)
    for note in notes:
        shared = listed_item(note, origin)
        if shared is not None and (new := note.listed - seen[shared["sk"]]):
            seen[shared["sk"]] |= new
            yield shared, sorted(new, key=attrgetter("int"))


def write_once(note: Note, origin: Origin) -> bool:
    """Write a record unless it is there already, with whatever details it was written; False when it was."""
    try:
        dynamo.client().put(TABLE, item_of(note, origin), condition="attribute_not_exists(pk)")
    except dynamo.ConditionFailed:
        return False
    return True
