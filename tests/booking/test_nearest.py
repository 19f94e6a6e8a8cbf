"""The nearest free times, and many windows asked at once, are what looking at everything one by one finds."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests import factories
from tests.booking.test_first_free import crowd
from tests.booking.wishes import Open, Owner
from tests.factories import NOW, clock_time
from webapp.booking.availability import FreeStart, nearest_alternatives
from webapp.booking.queries import Hindrance, Near, Nearest, Search, Wanted, free_in, free_times, plan
from webapp.db import db
from webapp.practice.hours import Span

NEAR = timedelta(days=7)
NOWHERE = Span(NOW, NOW)


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def listen(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(db.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(db.engine, "before_cursor_execute", listen)


def one_by_one(search: Search, n: int, odd: bool) -> list[FreeStart]:  # noqa: FBT001 - some of them or all
    at = clock_time(10)
    window = Span(max(NOW, at + n * timedelta(hours=7) - NEAR), max(NOW, at + n * timedelta(hours=7)) + NEAR)
    found = free_times(replace(search, window=window), NOW)
    assert found is not None
    starts = [start for start in found.starts if not odd or start.start.minute == 20]
    return nearest_alternatives(starts, at + n * timedelta(hours=7), 3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("full", [0, 3, 9])
def test_they_are_the_nearest_of_all(desk: Open, owner: Owner, seed: int, full: int) -> None:
    chance = random.Random(seed)
    clinic = factories.clinic(owner, providers=3, rooms=3, buffer_after_minutes=10, notice_minutes=90)
    crowd(owner, clinic, chance, days=full)
    factories.leave(owner, clinic.providers[1], clock_time(9), clock_time(17))
    search = Search(clinic.service, NOWHERE, location_id=clinic.location, patient_id=clinic.patients[0])
    for asked in (search, replace(search, among=frozenset(clinic.providers[1:]))):
        with desk():
            wanted = [Near(asked, clock_time(10) + n * timedelta(hours=7), factories.NEW_YORK) for n in range(12)]
            near = Nearest(wanted, NEAR, 3, NOW)
            for n in range(12):
                assert near.of(n) == one_by_one(asked, n, odd=False)
                assert near.of(n, lambda start: start.start.minute == 20) == one_by_one(asked, n, odd=True)


def test_many_windows_at_once_are_the_same_as_one_after_the_other(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=3, rooms=2, buffer_before_minutes=5)
    crowd(owner, clinic, random.Random(1), days=9)
    factories.closure(owner, clinic.location, clock_time(12), clock_time(13))
    windows = [
        Span(clock_time(8) + n * timedelta(hours=11), clock_time(9) + n * timedelta(hours=13)) for n in range(15)
    ]
    for step in (None, 5):
        for search in (Search(clinic.service, NOWHERE), Search(clinic.service, NOWHERE, clinic.providers[0])):
            searches = [replace(search, window=window) for window in windows]
            with desk():
                together = [found and found.starts for found in free_in(searches, NOW, step=step)]
                alone = [found and found.starts for found in (free_times(each, NOW, step=step) for each in searches)]
            assert together == alone
            assert any(together)


def test_who_is_named_among_others_is_all_that_is_found(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=3, rooms=3)
    day = Span(NOW, NOW + timedelta(days=1))
    with desk():
        found = free_times(Search(clinic.service, day, among=frozenset(clinic.providers[:2])), NOW)
    assert found is not None
    assert {start.provider_id for start in found.starts} == set(clinic.providers[:2])


def test_a_hundred_and_four_weeks_are_looked_at_together(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=2, rooms=2)
    wanted = [
        Wanted(n, clock_time(10) + n * timedelta(days=7), search)
        for n in range(104)
        for search in [Search(clinic.service, NOWHERE, clinic.providers[0], clinic.location, clinic.patients[0])]
    ]
    taken = [n for n in range(104) if n % 4 == 1]
    for n in taken:
        factories.appointment(owner, clinic, wanted[n].starts_at, patient_id=clinic.patients[n % 8 == 1])
    with desk(), statements() as seen:
        planned = plan(wanted, timedelta(minutes=20), NOW)
    assert [each.key for each in planned if not each.free] == taken
    assert {each.hindrance for each in planned if each.key in taken} == {Hindrance.TAKEN}
    assert all(len(each.offers) == 3 for each in planned if each.key in taken)
    assert len(seen) < 16
