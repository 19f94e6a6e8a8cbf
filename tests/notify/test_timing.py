"""Quiet hours and reminders in the clinic's wall time, over midnight and over clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.notices import Kind
from webapp.notify.timing import NIGHT, Quiet, after, before, due, reminders

ZONE = "America/New_York"
NOON = Quiet(time(12), time(14))
FAR = datetime(2027, 1, 1, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(ZONE), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "moment", "waited", "earlier"),
    [
        (None, at(23, 3), at(23, 3), at(23, 3)),
        (NIGHT, at(23, 20, 59), at(23, 20, 59), at(23, 20, 59)),
        (NIGHT, at(23, 21), at(24, 8), at(23, 20, 59)),
        (NIGHT, at(24, 3), at(24, 8), at(23, 20, 59)),
        (NIGHT, at(24, 7, 59), at(24, 8), at(23, 20, 59)),
        (NIGHT, at(24, 8), at(24, 8), at(24, 8)),
        (NOON, at(23, 13), at(23, 14), at(23, 11, 59)),
        (NOON, at(23, 14), at(23, 14), at(23, 14)),
    ],
)
def test_quiet_hours_are_waited_for_or_come_before(
    quiet: Quiet | None, moment: datetime, waited: datetime, earlier: datetime
) -> None:
    assert after(quiet, moment, ZONE) == waited
    assert before(quiet, moment, ZONE) == earlier


def test_what_is_urgent_breaks_quiet_hours_that_end_too_late() -> None:
    late, early_visit, noon_visit = at(23, 22), at(24, 8, 30), at(24, 12)
    assert due(Kind.CANCELLATION, late, early_visit, NIGHT, ZONE) == late
    assert due(Kind.CHANGE, late, noon_visit, NIGHT, ZONE) == at(24, 8)
    assert due(Kind.CONFIRMATION, late, early_visit, NIGHT, ZONE) == at(24, 8)
    assert due(Kind.OFFER, late, late + timedelta(minutes=30), NIGHT, ZONE) == at(24, 8)


def test_reminders_of_days_keep_the_wall_time_over_a_clock_change() -> None:
    # Clocks go back on November 1: two days before ten is ten, 49 hours earlier.
    moments = reminders(at(2, 10), (2880, 120), None, ZONE)
    assert moments == {2880: at(31, 10, month=10), 120: at(2, 8)}
    assert at(2, 10) - moments[2880] == timedelta(hours=49)


def test_a_reminder_of_an_early_visit_comes_the_evening_before() -> None:
    assert reminders(at(24, 8), (120,), NIGHT, ZONE) == {120: at(23, 20, 59)}


@given(
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from([ZONE, "America/Los_Angeles", "Pacific/Honolulu", "UTC"]),
)
def test_nothing_ever_falls_into_quiet_hours(starts: time, ends: time, naive: datetime, zone: str) -> None:
    if starts == ends:
        return
    quiet, moment = Quiet(starts, ends), naive.replace(tzinfo=UTC)
    waited, earlier = after(quiet, moment, zone), before(quiet, moment, zone)
    assert earlier <= moment <= waited
    assert waited - moment <= timedelta(hours=26)
    if waited != moment:
        # The hour that is skipped in spring has no wall time of its own: its end is the same moment.
        assert waited.astimezone(ZoneInfo(zone)).utcoffset() is not None
