"""Weekly patterns: what overlaps, and what is left of a block when some of its weeks are taken out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from webapp.practice.hours import Block
from webapp.practice.patterns import anchored, cut, overlaps

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
MORNING = Block(UUID(int=1), UUID(int=2), None, 1, time(9), time(12), MONDAY)
WINDOW = [MONDAY - 30 * DAY + DAY * n for n in range(260)]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    begins = MONDAY + DAY * draw(st.integers(-20, 40))
    lasts = draw(st.one_of(st.none(), st.integers(0, 120)))
    hour = draw(st.integers(8, 15))
    return replace(
        MORNING,
        weekday=draw(st.integers(1, 7)),
        starts=time(hour),
        ends=time(hour + draw(st.integers(1, 4))),
        valid_from=begins,
        valid_to=None if lasts is None else begins + DAY * lasts,
        every_weeks=draw(st.integers(1, 4)),
    )


def worked(block: Block) -> set[date]:
    return {day for day in WINDOW if block.applies_on(day)}


@given(blocks(), st.integers(-25, 60), st.one_of(st.none(), st.integers(0, 40)))
def test_cutting_takes_exactly_the_days_out_and_keeps_the_rhythm(block: Block, first: int, length: int | None) -> None:
    begins = MONDAY + DAY * first
    ends = None if length is None else begins + DAY * length
    pieces = cut(block, begins, ends)
    left = {day for day in worked(block) if day < begins or (ends is not None and day > ends)}
    assert set[date]().union(*map(worked, pieces)) == left
    assert all(piece.valid_to is None or piece.valid_from <= piece.valid_to for piece in pieces)


@given(blocks(), blocks())
def test_two_blocks_overlap_exactly_when_somebody_would_be_in_two_places(one: Block, other: Block) -> None:
    meets = one.starts < other.ends and other.starts < one.ends
    assert bool(overlaps([one, other])) == bool(meets and worked(one) & worked(other))


@given(blocks(), st.integers(0, 60))
def test_an_anchor_is_the_first_day_from_which_the_same_weeks_are_counted(block: Block, after: int) -> None:
    day = max(block.valid_from, MONDAY + DAY * after)
    moved = replace(block, valid_from=anchored(block, day))
    assert worked(moved) == {each for each in worked(block) if each >= day}


def test_hours_of_two_people_never_overlap() -> None:
    assert overlaps([MORNING, replace(MORNING, provider_id=UUID(int=9))]) == []
    assert overlaps([MORNING, MORNING])
    assert overlaps([MORNING, replace(MORNING, starts=time(12), ends=time(13))]) == []
