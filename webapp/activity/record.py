"""Writing the activity log: all notes of a request at once, before its answer is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request

from webapp import dynamo
from webapp.activity.items import TABLE, Origin, item_of, listed_items
from webapp.activity.notes import Note, start, taken

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


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
    wanted = [item_of(note, origin) for note in notes]
    for note in notes:
        wanted += listed_items(note, origin)
    items = list({(item["pk"], item["sk"]): item for item in wanted}.values())
    for first in range(0, len(items), TOGETHER):
        dynamo.client().put_many(TABLE, items[first : first + TOGETHER])


def write_once(note: Note, origin: Origin) -> bool:
    """Write a record unless it is there already, with whatever details it was written; False when it was."""
    try:
        dynamo.client().put(TABLE, item_of(note, origin), condition="attribute_not_exists(pk)")
    except dynamo.ConditionFailed:
        return False
    return True
