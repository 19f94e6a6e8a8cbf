"""Long lists: one record and one promise at once, the records of those who were on it by a job soon after.

A board of two hundred people would otherwise write two hundred records before it is sent, an eighth of its cost.  The
list itself names everybody, so nothing is unrecorded meanwhile, and the job can always make up for what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.activity.items import item_of

if TYPE_CHECKING:
    from webapp.activity.items import Origin
    from webapp.activity.notes import Note
    from webapp.dynamo import Item

LISTS = "notifications"
"""The table of the promises: the activity log itself lets nobody take anything away."""
PARTITION = "activity.lists"


def promise_of(note: Note, origin: Origin) -> Item:
    """What the job needs to find the record of a list again."""
    whole = item_of(note, origin)
    pk, sk = whole["pk"], whole["sk"]
    return {"account": PARTITION, "sk": f"{sk!s}#{pk!s}", "list_pk": pk, "list_sk": sk}
