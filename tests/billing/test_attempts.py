"""Whatever comes twice, late or in the wrong order leaves an attempt where the truth put it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.billing.attempts import FINAL, OPEN, TRANSITIONS, WORDS, Event, State, after

OF_THE_GATEWAY = (Event.WAITING, Event.DECLINED, Event.AUTHORISED, Event.CAPTURED)
events = st.sampled_from(list(Event))
states = st.sampled_from(list(State))


def run(state: State, happened: list[Event]) -> State:
    for event in happened:
        state = after(state, event)
    return state


@given(states, events)
def test_an_event_that_comes_twice_counts_once(state: State, event: Event) -> None:
    once = after(state, event)
    assert after(once, event) is once


@given(st.sampled_from(sorted(FINAL - {State.FAILED, State.REFUNDED})), st.lists(events))
def test_what_is_over_stays_over(state: State, happened: list[Event]) -> None:
    assert run(state, happened) is state


@given(st.lists(events))
def test_what_failed_comes_back_only_when_the_gateway_has_the_money_or_says_it_has_not(happened: list[Event]) -> None:
    state = run(State.FAILED, happened)
    if state is not State.FAILED:
        assert {Event.AUTHORISED, Event.VOIDED} & set(happened)


@given(st.permutations([Event.WAITING, Event.AUTHORISED, Event.DECLINED, Event.AUTHORISED, Event.UNKNOWN]))
def test_news_of_one_charge_in_any_order_ends_as_authorised(happened: list[Event]) -> None:
    assert run(State.AUTHORISING, happened) is State.AUTHORISED


@given(st.permutations([*OF_THE_GATEWAY, *OF_THE_GATEWAY]))
def test_news_of_a_captured_charge_in_any_order_and_doubled_ends_as_captured(happened: list[Event]) -> None:
    assert run(State.AUTHORISING, happened) is State.CAPTURED


@given(st.lists(st.sampled_from([*OF_THE_GATEWAY[:3], Event.UNKNOWN, Event.SEND])))
def test_nothing_but_our_word_or_the_money_leads_away_from_authorised(happened: list[Event]) -> None:
    assert run(State.AUTHORISED, happened) is State.AUTHORISED
    assert run(State.CAPTURING, happened) is State.CAPTURING
    assert run(State.VOIDING, happened) is State.VOIDING


@given(st.lists(events), st.lists(events))
def test_late_news_of_a_void_never_makes_a_payment(before: list[Event], late: list[Event]) -> None:
    if run(State.CREATED, before) is State.VOIDED:
        assert run(State.VOIDED, late) is State.VOIDED


@given(st.lists(st.sampled_from([Event.DECLINED, Event.SEND]), min_size=1))
def test_a_declined_card_can_be_followed_by_another(tries: list[Event]) -> None:
    state = run(State.AUTHORISING, tries)
    assert run(state, [Event.SEND, Event.AUTHORISED]) is State.AUTHORISED


def test_a_time_out_is_not_a_failure() -> None:
    assert after(State.AUTHORISING, Event.UNKNOWN) is State.UNKNOWN
    assert after(State.UNKNOWN, Event.SEND) is State.UNKNOWN, "a second charge would be another one"


def test_a_time_out_while_collecting_or_giving_back_changes_nothing() -> None:
    for state in (State.CAPTURING, State.VOIDING, State.REFUNDING):
        assert after(state, Event.UNKNOWN) is state


def test_an_authorisation_that_expires_before_it_is_collected_is_a_capture_that_failed() -> None:
    assert after(State.CAPTURING, Event.VOIDED) is State.CAPTURE_FAILED


def test_a_refund_can_come_back_from_the_bank() -> None:
    assert run(State.CREATED, [Event.REFUND, Event.REFUNDED, Event.REFUND_FAILED]) is State.FAILED
    assert run(State.CREATED, [Event.REFUND, Event.REFUND_FAILED, Event.REFUNDED]) is State.FAILED


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_reached_and_has_words(state: State) -> None:
    reached = {State.CREATED} | {to for steps in TRANSITIONS.values() for to in steps.values()}
    assert state in reached
    assert WORDS[state]


def test_nothing_final_counts_against_what_is_due() -> None:
    assert not FINAL & OPEN
