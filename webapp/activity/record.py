"""Writing the activity log: all notes of a request at once, before its answer is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import g, request

from webapp import dynamo
from webapp.activity.items import TABLE, Origin, is_list, item_of, records_of_listed
from webapp.activity.lists import LISTS, promise_of
from webapp.activity.notes import Note, start, taken
from webapp.dynamo import Put

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from webapp.dynamo import Item

TOGETHER = 100
FEW = 10
"""Of so many listed people each gets their record in the request that showed them; of more, a job writes them."""


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


def origin_of(detail: str) -> str:
    """Where the current request comes from and what it does, for the audit: JSON, read by the job of the audit."""
    roles = sorted(g.get("roles", frozenset()))
    return json.dumps({"route": request.endpoint, "address": request.remote_addr, "roles": roles, "detail": detail})


def write(notes: list[Note], origin: Origin) -> None:
    """Write one record for each note, and one for each patient of a list, there and then or promised to a job.

    A hundred go together or not at all; of more, those of the notes are among the first, so that what is missing after
    an outage is never whom an answer showed: it was not sent.
    """
    notes = _merged(notes)
    whole = [Put(TABLE, item) for item in _apart(item_of(note, origin) for note in notes)]
    later = [Put(LISTS, promise_of(note, origin)) for note in notes if _is_long(note)]
    own = [record for note in notes if not _is_long(note) for record in records_of_listed(note, origin)]
    put_all([*whole, *later, *(Put(TABLE, item) for item in _apart(own))])


def _merged(notes: list[Note]) -> list[Note]:
    """Several lists of one request as one: they have the same key, and the last would stand for all."""
    lists: dict[object, Note] = {}
    for note in notes:
        if is_list(note):
            there = lists.setdefault((note.action, note.actor), note)
            lists[note.action, note.actor] = replace(there, listed=there.listed | note.listed)
    return [note for note in notes if not is_list(note)] + list(lists.values())


def put_all(steps: list[Put]) -> None:
    """Write them, a hundred together or not at all."""
    client = dynamo.client()
    if len(steps) == 1:
        client.put(steps[0].table, steps[0].item)
        return
    for first in range(0, len(steps), TOGETHER):
        client.transact(steps[first : first + TOGETHER])


def _is_long(note: Note) -> bool:
    return is_list(note) and len(note.listed) > FEW


def _apart(items: Iterable[Item]) -> Iterable[Item]:
    """Each key once: nobody twice in one request."""
    return {(item["pk"], item["sk"]): item for item in items}.values()


def write_once(note: Note, origin: Origin) -> bool:
    """Write a record unless it is there already, with whatever details it was written; False when it was."""
    try:
        dynamo.client().put(TABLE, item_of(note, origin), condition="attribute_not_exists(pk)")
    except dynamo.ConditionFailed:
        return False
    return True
