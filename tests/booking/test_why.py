"""Why a time is not offered: the exact opposite of the times that are, and each rule by its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.booking.test_availability import (
    DAY,
    FIVE,
    HARBOR,
    MIDNIGHT,
    NAIR,
    OSEI,
    ROOM_1,
    ROOM_2,
    ROSA,
    at,
    calendar,
    situations,
    span,
    wanted,
    weekly,
)
from webapp.booking.availability import Busy, Calendar, Closed, Rules, Wanted, free_starts
from webapp.booking.why import Facts, Question, Reason, Rule, why_not
from webapp.practice.hours import Block

ECG_1, ECG_2, EASTSIDE = (UUID(int=n) for n in range(20, 23))


@st.composite
def full_situations(draw: st.DrawFn) -> tuple[Wanted, Calendar]:
    """Situations with all rules: rhythms, equipment, leave, rooms that the service may take, the furthest day."""
    ask, known = draw(situations())

    def anywhere() -> datetime:
        return ask.window.start + timedelta(minutes=draw(st.integers(-24, 480)) * 5)

    def some_length() -> int:
        return draw(st.integers(1, 60)) * 5

    rhythms = tuple(
        replace(
            block,
            every_weeks=draw(st.sampled_from([1, 1, 1, 2, 3])),
            valid_from=date(1970, 1, 1) + timedelta(days=draw(st.integers(0, 20))),
        )
        for block in known.blocks
    )
    one, both = (ECG_1,), (ECG_1, ECG_2)
    equipment = {HARBOR: draw(st.sampled_from([(), (), (both,), (both,), (one,), (one, both), ((),)]))}
    busy = tuple(
        Busy(
            draw(st.sampled_from([ECG_1, ECG_2])),
            span(anywhere(), some_length()),
            draw(st.sampled_from([None, ask.now])),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    absences = tuple(
        Busy(draw(st.sampled_from([OSEI, NAIR])), span(anywhere(), some_length()))
        for _ in range(draw(st.integers(0, 2)))
    )
    some = frozenset({ROOM_1}), frozenset({ROOM_2}), frozenset[UUID]()
    rooms = draw(st.sampled_from([None, None, None, *some]))
    rules = replace(ask.rules, furthest=draw(st.sampled_from([None, None, 0, 1])))
    asked = replace(ask, room_ids=rooms, rules=rules, provider_ids=draw(st.sampled_from([ask.provider_ids, {OSEI}])))
    ends = st.sampled_from([None, ask.now, ask.now + FIVE])
    all_busy = (*(replace(each, lapses_at=draw(ends)) for each in known.busy), *busy)
    return asked, replace(known, blocks=rhythms, busy=all_busy, absences=absences, equipment=equipment)


@settings(max_examples=400, deadline=None)
@given(full_situations())
def test_a_time_is_offered_exactly_when_nothing_speaks_against_it(situation: tuple[Wanted, Calendar]) -> None:
    ask, known = situation
    offered = {(free.start, free.provider_id) for free in free_starts(ask, known, step=5)}
    silent = set()
    # Free times begin on the lattice, wherever the window does.
    start = ask.window.start
    while start < ask.window.end:
        for provider in (OSEI, NAIR):
            if not why_not(Question(provider, HARBOR, start), ask, known):
                silent.add((start, provider))
        start += FIVE
    assert silent == offered


def rules_of(start: datetime, ask: Wanted, known: Calendar, facts: Facts | None = None, who: UUID = OSEI) -> list[Rule]:
    return [reason.rule for reason in why_not(Question(who, HARBOR, start), ask, known, facts or Facts())]


SECOND_WEEK = replace(
    Block(OSEI, HARBOR, ROOM_1, DAY.isoweekday(), time(9), time(12), DAY - timedelta(days=7)), every_weeks=2
)


@pytest.mark.parametrize(
    ("start", "ask", "known", "expected"),
    [
        (at(8), wanted(), calendar(), Rule.OUTSIDE_HOURS),
        (at(11, 45), wanted(), calendar(), Rule.HOURS_TOO_SHORT),
        (at(10), wanted(), calendar(blocks=(SECOND_WEEK,)), Rule.OTHER_WEEK),
        (at(10, 2), wanted(), calendar(), Rule.OFF_LATTICE),
        (at(10), wanted(now=at(11)), calendar(), Rule.PASSED),
        (at(10), wanted(Rules(30, notice=120), now=at(9)), calendar(), Rule.NOTICE),
        (
            at(10, day=DAY),
            wanted(Rules(30, furthest=1), now=at(9, day=DAY - timedelta(days=2))),
            calendar(),
            Rule.FURTHEST,
        ),
        (at(10), wanted(), replace(calendar(), absences=(Busy(OSEI, span(at(9), 180)),)), Rule.AWAY),
        (at(10), wanted(), calendar(closures=(Closed(HARBOR, span(at(10), 5)),)), Rule.CLOSED),
        (at(10), wanted(), calendar(Busy(OSEI, span(at(10, 20), 20))), Rule.PROVIDER_BUSY),
        (at(10), wanted(patient=ROSA), calendar(Busy(ROSA, span(at(9), 90))), Rule.PATIENT_BUSY),
        (at(10), wanted(), calendar(Busy(ROOM_1, span(at(10), 5))), Rule.ROOM_BUSY),
        (at(10), replace(wanted(), room_ids=frozenset()), calendar(), Rule.NO_ROOM),
        (at(10), wanted(), replace(calendar(), equipment={HARBOR: ((),)}), Rule.NO_EQUIPMENT),
        (
            at(10),
            wanted(),
            replace(calendar(Busy(ECG_1, span(at(9), 180))), equipment={HARBOR: ((ECG_1,),)}),
            Rule.EQUIPMENT_BUSY,
        ),
        (at(10), replace(wanted(), provider_ids=frozenset({NAIR})), calendar(), Rule.NOT_PERFORMED),
        (at(10), replace(wanted(), location_ids=frozenset({EASTSIDE})), calendar(), Rule.NOT_OFFERED_THERE),
    ],
    ids=lambda value: value.value if isinstance(value, Rule) else "",
)
def test_each_rule_is_named_alone(start: datetime, ask: Wanted, known: Calendar, expected: Rule) -> None:
    assert rules_of(start, ask, known) == [expected]


def test_what_the_search_does_not_know_is_named_from_the_facts() -> None:
    for rule in (Rule.SERVICE_RETIRED, Rule.PROVIDER_RETIRED, Rule.LOCATION_RETIRED):
        assert rules_of(at(10), wanted(), calendar(), Facts(retired=frozenset({rule}))) == [rule]
    gone = replace(wanted(), provider_ids=frozenset({NAIR}))
    facts = Facts(retired=frozenset({Rule.PROVIDER_RETIRED}))
    assert rules_of(at(10), gone, calendar(), facts) == [Rule.PROVIDER_RETIRED]
    assert rules_of(at(10), wanted(), calendar(), Facts(suits=False)) == [Rule.AUDIENCE]


def test_every_reason_is_given_with_its_span_and_detail() -> None:
    snow = Closed(HARBOR, span(at(10), 60))
    held = Busy(OSEI, span(at(10), 30), at(12))
    known = replace(calendar(held, closures=(snow,)), equipment={HARBOR: ((),)})
    reasons = why_not(Question(OSEI, HARBOR, at(10)), wanted(), known, Facts(kinds=("ECG",), closed_for=("Snow",)))
    assert reasons == (
        Reason(Rule.CLOSED, snow.span, "Snow"),
        Reason(Rule.PROVIDER_BUSY, held.span, "held", OSEI),
        Reason(Rule.NO_EQUIPMENT, detail="ECG"),
    )


def test_leave_is_said_once_though_it_is_busy_time_too() -> None:
    away = Busy(OSEI, span(at(9), 180))
    known = replace(calendar(away), absences=(away,))
    assert rules_of(at(10), wanted(), known) == [Rule.AWAY]


def test_nothing_speaks_against_a_time_that_is_offered() -> None:
    assert rules_of(at(10), wanted(), calendar(blocks=weekly(OSEI, time(9), time(12)))) == []
    assert at(10) > MIDNIGHT
