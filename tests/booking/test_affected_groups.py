"""A group visit in the way of a change moves or is canceled with everybody in it, or stays."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.groups import begun, seated, session_row
from tests.booking.stepping import Hand
from tests.booking.test_affected import asked, done, hits, leave
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import Choice, Decisions, Target, carry_out, check_in
from webapp.booking.actions.locking import locked
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.states import MOVABLE

NOON = clock_time(12)
_20 = timedelta(minutes=20)


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    return factories.clinic(owner, patients=4, capacity=3)


@pytest.fixture
def group(desk: Open, clinic: Clinic) -> UUID:
    """At ten, with two in it."""
    return begun(desk, clinic)


@pytest.fixture
def seats(desk: Open, clinic: Clinic, group: UUID) -> list[UUID]:
    return [seated(desk, group, patient) for patient in clinic.patients[:2]]


def states(owner: Owner, visits: list[UUID]) -> list[tuple[str, object]]:
    return [(row["status"], row["starts_at"]) for row in (visit_row(owner, visit) for visit in visits)]


def seen(group: UUID, seats: list[UUID]) -> dict[UUID, int]:
    return dict.fromkeys([group, *seats], 1)


def test_it_is_canceled_with_all_its_seats(
    desk: Open, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    chosen = {group: Choice("cancel")}
    done(desk, leave(clinic), Decisions(seen(group, seats), chosen, reason="Ill"))
    assert session_row(owner, group)["status"] == "cancelled"
    assert {status for status, _ in states(owner, seats)} == {"cancelled"}
    assert {visit_row(owner, seat)["cancel_reason"] for seat in seats} == {"Ill"}


def test_it_moves_with_all_its_seats_but_those_that_are_given_up(
    desk: Open, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    there = Choice("move", Target(clinic.providers[0], clinic.location, NOON))
    decisions = Decisions(seen(group, seats), {group: there, seats[1]: Choice("cancel")}, reason="Ill")
    done(desk, leave(clinic), decisions)
    assert session_row(owner, group)["starts_at"] == NOON
    assert states(owner, seats) == [("booked", NOON), ("cancelled", TEN)]


def test_what_is_offered_suits_everybody_in_it(
    desk: Open, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    first = hits(asked(desk, leave(clinic)))[group].offers[0]
    assert (first.start, first.provider_id, first.end - first.start) == (NOON, clinic.providers[0], _20)
    single = factories.service(owner, clinic.providers, [clinic.location])
    other = wish(clinic, NOON, service_id=single, provider_id=clinic.providers[1], patient_id=clinic.patients[1])
    booked(desk, other)
    offers = hits(asked(desk, leave(clinic)))[group].offers
    assert all(not (offer.start < NOON + _20 and offer.end > NOON) for offer in offers)
    done(desk, leave(clinic), Decisions(seen(group, seats), rest="move"))
    row = session_row(owner, group)
    assert (row["starts_at"], row["provider_id"]) in {(offer.start, offer.provider_id) for offer in offers}
    assert {start for _, start in states(owner, seats)} == {row["starts_at"]}


def test_everything_is_canceled_where_nothing_else_was_chosen(
    desk: Open, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    done(desk, leave(clinic), Decisions(seen(group, seats), rest="cancel", reason="Ill"))
    assert session_row(owner, group)["status"] == "cancelled"
    assert {status for status, _ in states(owner, seats)} == {"cancelled"}


def test_one_that_began_for_somebody_stays_and_nothing_is_half_done(
    desk: Open, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    with desk():
        check_in(seats[0], at=NOW)
    there = Choice("move", Target(clinic.providers[0], clinic.location, NOON))
    versions = seen(group, seats) | {seats[0]: 2}
    refusal = asked(desk, leave(clinic), Decisions(versions, {group: there}))
    assert refusal.field == f"visit-{group}"
    assert session_row(owner, group)["starts_at"] == TEN
    assert owner.execute("select count(*) as n from leave").fetchone() == {"n": 0}


def test_who_joins_while_the_day_is_cleared_waits_and_nobody_waits_in_a_circle(
    booking: Flask, clinic: Clinic, owner: Owner, group: UUID, seats: list[UUID]
) -> None:
    with Hand(booking, owner) as holder, Hand(booking, owner) as editor, Hand(booking, owner) as joiner:
        # The editor has the group and waits for a seat of it; whoever joins comes in between.
        holder.did(lambda: locked(seats[0], MOVABLE).id)
        decisions = Decisions(seen(group, seats), {group: Choice("cancel")}, reason="Ill")
        clears = editor.does(lambda: carry_out(leave(clinic), decisions, at=NOW))
        assert editor.waits(clears)
        joins = joiner.does(lambda: join(JoinRequest(group, clinic.patients[2]), actor=ACTOR, at=NOW))
        assert joiner.waits(joins)
        holder.commits()
        assert editor.ends(clears) == "done"
        assert joiner.ends(joins) == "session_closed"
    assert session_row(owner, group)["status"] == "cancelled"
