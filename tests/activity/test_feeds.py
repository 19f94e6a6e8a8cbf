"""What a page of the activity log costs, whatever lies in the log: calls of DynamoDB, and records that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import NOW
from webapp import dynamo
from webapp.activity import queries
from webapp.activity.items import TABLE, Origin, item_of
from webapp.activity.notes import Note
from webapp.activity.queries import MOST_AT_ONCE, PAGE, SIFTED, Part, Wanted
from webapp.dynamo import Dynamo, Put
from webapp.ids import new_id

PATIENT, ACTOR = new_id(), new_id()
FIRST, LAST = NOW - timedelta(hours=20), NOW + timedelta(hours=4)


@dataclass
class Read:
    """Calls so far, and the records that DynamoDB looked at for each, shown or sifted out."""

    looked_at: list[int] = field(default_factory=list)


@pytest.fixture
def read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    heard = Read()
    call = Dynamo._call

    def listening(client: Dynamo, operation: str, *given: Any, **options: Any) -> dict[str, Any]:
        answer = call(client, operation, *given, **options)
        heard.looked_at.append(answer.get("ScannedCount", 0))
        return answer

    with app.app_context():
        monkeypatch.setattr(Dynamo, "_call", listening)
        yield heard


def records(number: int, *, patient: UUID = PATIENT, actor: UUID = ACTOR) -> None:
    """One record a second, the newest of them now; every fiftieth is an export."""
    items = [
        item_of(
            Note("exported" if n % 50 == 0 else "opened", patient),
            Origin(actor, NOW - timedelta(seconds=n), str(new_id()), "desk.visit"),
        )
        for n in range(number)
    ]
    for start in range(0, number, 100):
        dynamo.client().transact([Put(TABLE, item) for item in items[start : start + 100]])


Page = Callable[[Wanted, str], Part]
PAGES: dict[str, tuple[Page, int]] = {
    "of a patient": (lambda wanted, before: queries.part_of_patient(PATIENT, wanted, before), 1),
    "of a person": (lambda wanted, before: queries.part_of_actor(ACTOR, wanted, before), 1),
    "of a day": (lambda wanted, before: queries.part_of_span(FIRST, LAST, wanted, before), 4),
}


def test_a_page_reads_as_much_as_it_shows_however_long_the_log_is(read: Read) -> None:
    for more in (300, 1200):
        records(more)
        for name, (page, calls) in PAGES.items():
            for wanted, most in ((Wanted(), PAGE + MOST_AT_ONCE), (Wanted(action="exported"), SIFTED)):
                read.looked_at.clear()
                part = page(wanted, "")
                assert part.records, name
                assert len(read.looked_at) <= calls, name
                assert max(read.looked_at) <= most, name
                # The next page costs no more than the first.
                if part.before:
                    read.looked_at.clear()
                    page(wanted, part.before)
                    assert len(read.looked_at) <= calls, name
                    assert max(read.looked_at) <= most, name
