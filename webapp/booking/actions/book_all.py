"""Book several visits, all of them or none: others wait only from when it is known that all could be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from webapp.booking.actions.book import BOOK, booked, ready, wish_of
from webapp.booking.actions.placing import offered_each
from webapp.booking.plan_refusals import SeveralTaken
from webapp.booking.refusals import ScheduleChanged
from webapp.db import TRIP, swiftly_each
from webapp.errors import NotFound, Refusal
from webapp.practice import actions as practice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from webapp.booking.actions.book import BookRequest, How, Ready
    from webapp.booking.actions.placing import Offered

Found = TypeVar("Found")
Meant = TypeVar("Meant")


def look_all(requests: Sequence[BookRequest], how: How) -> list[Ready]:
    """Look at visits of one patient before any lock is taken: whoever was seen to be busy was so during the attempt.

    Raises SeveralTaken with what stands in the way of each that has no place, by its number in the order from 0.
    """
    wanted = offered_each([wish_of(request, how) for request in requests], how.at)
    return _all(requests, wanted, lambda request, found: ready(request, _offered(found), how))


def lock_looked(looked: Iterable[Ready], *, alone: bool) -> None:
    """Lock all that any of them could take, in one statement and one order, before the first is booked.

    `alone` keeps everybody else away meanwhile.  Raises NotFound.
    """
    parts: set[UUID] = set()
    for values in looked:
        parts |= {values["patient"], *values["providers"], *values["pieces"]}
        parts |= {room for room in values["rooms"] if room is not None}
    practice.lock_resources(parts, exclusive=alone)


def book_looked(requests: Sequence[BookRequest], looked: Sequence[Ready]) -> list[UUID]:
    """Book what was looked at and is locked, in the order it is given, by start.

    Raises SeveralTaken with some of those that were taken meanwhile, ScheduleChanged, or NotFound: what was booked by
    then is for the caller to undo, with its savepoint.
    """
    made: list[UUID] = []
    # Trip by trip: once one of them was taken by somebody quicker, nothing comes of the rest.
    for begin in range(0, len(looked), TRIP):
        some = slice(begin, begin + TRIP)
        made += _all(requests[some], swiftly_each(BOOK, looked[some]), booked, begin)
    return made


def _offered(found: Offered | Refusal) -> Offered:
    if isinstance(found, Refusal):
        raise found
    return found


def _all(
    requests: Sequence[BookRequest],
    found: Sequence[Found],
    understand: Callable[[BookRequest, Found], Meant],
    first: int = 0,
) -> list[Meant]:
    """What is understood of what was found for each request; raises SeveralTaken unless it is of every one."""
    meant: list[Meant] = []
    refused: dict[int, Refusal] = {}
    for place, (request, each) in enumerate(zip(requests, found, strict=True), first):
        try:
            meant.append(understand(request, each))
        except (NotFound, ScheduleChanged):
            raise
        except Refusal as refusal:
            refused[place] = refusal
    if refused:
        raise SeveralTaken(refused, patient=requests[0].patient_id)
    return meant
