"""Each race for two records has one outcome, and nobody waits for somebody who waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests import factories
from tests.booking.stepping import Hand
from tests.factories import NOW, clock_time
from tests.patients.merging import Pair, leads_to, merged
from webapp.booking.actions import BookRequest, book
from webapp.db import Role
from webapp.patients.actions import merge, unmerge

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection


def test_two_managers_who_merge_both_ways_wait_for_each_other_and_one_wins(
    owner: Connection[Any], watch: Any, manager: Flask, pair: Pair
) -> None:
    factories.appointment(owner, pair.clinic, clock_time(15), patient_id=pair.stays)
    with Hand(manager, watch, Role.MANAGER) as one, Hand(manager, watch, Role.MANAGER) as other:
        one.did(lambda: merge(pair.stays, pair.goes, actor=None, at=NOW))
        second = other.does(lambda: merge(pair.goes, pair.stays, actor=None, at=NOW))
        assert other.waits(second)
        one.commits()
        assert other.ends(second) == "record_merged"
    assert (leads_to(owner, pair.goes), leads_to(owner, pair.stays)) == (pair.stays, None)


def test_two_managers_who_part_the_same_records_do_it_once(
    owner: Connection[Any], watch: Any, manager: Flask, pair: Pair
) -> None:
    made = merged(pair.stays, pair.goes)
    with Hand(manager, watch, Role.MANAGER) as one, Hand(manager, watch, Role.MANAGER) as other:
        one.did(lambda: unmerge(made, actor=None, at=NOW))
        second = other.does(lambda: unmerge(made, actor=None, at=NOW))
        assert other.waits(second)
        one.commits()
        assert other.ends(second) == "merge_undone"


def test_a_booking_under_way_is_waited_for_and_moves_along(
    owner: Connection[Any], watch: Any, manager: Flask, pair: Pair
) -> None:
    """Its row was not there when the merge locked visits, so the merge begins again."""
    wish = BookRequest(pair.goes, pair.clinic.service, pair.clinic.location, clock_time(16), pair.clinic.providers[0])
    with Hand(manager, watch, Role.DESK) as desk, Hand(manager, watch, Role.MANAGER) as boss:
        visit = desk.did(lambda: book(wish, actor=None, at=NOW).id)
        merging_now = boss.does(lambda: merge(pair.stays, pair.goes, actor=None, at=NOW))
        assert boss.waits(merging_now)
        desk.commits()
        assert boss.ends(merging_now) == "SerializationFailure"
    merged(pair.stays, pair.goes)
    row = owner.execute("SELECT patient_id FROM appointment WHERE id = %s", (visit,)).fetchone()
    assert row == (pair.stays,)


def test_a_booking_that_comes_later_is_told(owner: Connection[Any], watch: Any, manager: Flask, pair: Pair) -> None:
    wish = BookRequest(pair.goes, pair.clinic.service, pair.clinic.location, clock_time(16), pair.clinic.providers[0])
    with Hand(manager, watch, Role.MANAGER) as boss, Hand(manager, watch, Role.DESK) as desk:
        boss.did(lambda: merge(pair.stays, pair.goes, actor=None, at=NOW))
        booking = desk.does(lambda: book(wish, actor=None, at=NOW))
        assert desk.waits(booking)
        boss.commits()
        assert desk.ends(booking) == "patient_not_bookable"
