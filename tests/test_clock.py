"""One clock, aware and replaceable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from webapp import clock
from webapp.ids import new_id

MOMENT = datetime(2026, 11, 22, 10, 42, tzinfo=timezone(timedelta(hours=-5)))


def test_the_time_is_aware_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_the_clock_can_stand_still_and_goes_on_afterwards() -> None:
    with clock.stopped_at(MOMENT):
        assert clock.now() == clock.now() == MOMENT
        assert clock.now().tzinfo is UTC
    assert clock.now() != MOMENT


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.stopped_at(datetime(2026, 11, 22)):  # noqa: DTZ001
        pass


def test_identifiers_sort_by_time() -> None:
    moments = [MOMENT + timedelta(milliseconds=step) for step in range(5)]
    ids = []
    for moment in moments:
        with clock.stopped_at(moment):
            ids.append(new_id())
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}
