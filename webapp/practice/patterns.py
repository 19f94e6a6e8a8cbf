"""Weekly patterns of hours: what overlaps, what is left when some weeks are taken out, when a rhythm comes round."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from math import gcd
from typing import TYPE_CHECKING

from webapp.practice.hours import Block, monday

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def overlaps(blocks: Sequence[Block]) -> list[tuple[Block, Block]]:
    """List the pairs of blocks that would have somebody in two places: same weekday, times, and a week they share.

    Times are compared as the wall clock reads them; people who work in two time zones on one day check that themselves.
    """
    return [pair for pair in combinations(blocks, 2) if _clash(*pair)]


def _clash(one: Block, other: Block) -> bool:
    if one.provider_id != other.provider_id or one.weekday != other.weekday:
        return False
    if one.ends <= other.starts or other.ends <= one.starts:
        return False
    first = max(one.valid_from, other.valid_from)
    last = min((block.valid_to for block in (one, other) if block.valid_to is not None), default=None)
    if last is not None and last < first:
        return False
    # Two rhythms meet if their anchors agree modulo what they share, and then at the latest after their least common
    # multiple of weeks.
    if _weeks(one.valid_from, other.valid_from) % gcd(one.every_weeks, other.every_weeks):
        return False
    round_ = one.every_weeks * other.every_weeks
    days = (first + _DAY * n for n in range(7 * (round_ + 1)))
    return any(one.applies_on(day) and other.applies_on(day) for day in days)


def cut(block: Block, first: date, last: date | None) -> list[Block]:
    """What is left of a block outside of the days [first, last], in order; no `last` takes everything from `first` on.

    What lies after `last` begins in a week of the block's own rhythm, so that the weeks it is worked in stay the same.
    """
    pieces = []
    if block.valid_from < first:
        ends = first - _DAY if block.valid_to is None else min(block.valid_to, first - _DAY)
        pieces.append(replace(block, valid_to=ends))
    if last is not None and (block.valid_to is None or block.valid_to > last):
        begins = block.valid_from if block.valid_from > last else anchored(block, last + _DAY)
        if block.valid_to is None or begins <= block.valid_to:
            pieces.append(replace(block, valid_from=begins))
    return pieces


def anchored(block: Block, day: date) -> date:
    """The first day from `day` on that lies in a week of the block's rhythm: from there it counts the same weeks."""
    behind = _weeks(block.valid_from, day) % block.every_weeks
    return day if behind == 0 else monday(day) + _WEEK * (block.every_weeks - behind)


def on_the_way(blocks: Iterable[Block], day: date) -> list[Block]:
    """Blocks that are valid on a day or later, by weekday and time."""
    valid = [block for block in blocks if block.valid_to is None or block.valid_to >= day]
    return sorted(valid, key=lambda block: (block.weekday, block.starts, block.valid_from))


def _weeks(one: date, other: date) -> int:
    return (monday(other) - monday(one)).days // 7
