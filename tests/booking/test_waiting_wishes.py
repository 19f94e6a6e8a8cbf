"""Wishes: added once, corrected by version, ended by what ends them; two desks at once have one effect."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.arena import Arena
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter, wish_row
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, count, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, book, cancel
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.offers import accept, offer_next, refuse
from webapp.booking.actions.waiting.wishes import (
    WishTerms,
    add_wish,
    book_wished,
    change_wish,
    end_wishes_of,
    withdraw_wish,
)
from webapp.booking.refusals import (
    HoldOver,
    NotOffered,
    OfferAnswered,
    PatientNotBookable,
    SlotTaken,
    WishedAlready,
    WishEnded,
    WrongState,
)
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

DAY = timedelta(days=1)


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


@pytest.fixture
def arena(booking: Flask, owner: Owner) -> Arena:
    return Arena(booking, owner, factories.clinic(owner, needs_room=False))


def terms(clinic: Clinic, **other: Any) -> WishTerms:
    return WishTerms(**{"service_id": clinic.service, "earliest": NOW.date(), **other})


def added(desk: Open, clinic: Clinic, patient: UUID | None = None, **other: Any) -> UUID:
    visit = other.pop("appointment_id", None)
    with desk():
        wanted = terms(clinic, **other)
        return add_wish(patient or clinic.patients[0], wanted, actor=ACTOR, at=NOW, appointment_id=visit).id


def freed_and_offered(desk: Open, clinic: Clinic, worker: Worker, owner: Owner) -> UUID:
    """A time becomes free and is offered; the offer."""
    visit = booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    worker.works(NOW + OFFERED_AFTER)
    return UUID(str(offers(owner, "open")[0]["id"]))


def test_a_wish_keeps_what_was_asked_for(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = added(desk, clinic, weekdays=(3, 1, 3), urgency=2, notice_minutes=60, note="Mornings only")
    row = wish_row(owner, made)
    assert (row["weekdays"], row["urgency"], row["notice_minutes"], row["note"]) == ([1, 3], 2, 60, "Mornings only")
    assert (row["created_at"], row["created_by"], row["status"], row["version"]) == (NOW, ACTOR, "waiting", 1)
    trail = owner.execute("SELECT count(*) AS n FROM audit WHERE patient_id = %s", (clinic.patients[0],)).fetchone()
    assert trail is not None
    assert trail["n"] > 0


def test_one_wish_for_one_thing_is_enough(desk: Open, clinic: Clinic) -> None:
    added(desk, clinic)
    with pytest.raises(WishedAlready):
        added(desk, clinic)
    visit = booked(desk, wish(clinic))
    added(desk, clinic, appointment_id=visit)
    with pytest.raises(WishedAlready):
        added(desk, clinic, appointment_id=visit)


def pressed(button: str, offer: UUID) -> UUID:
    return accept(offer, actor=ACTOR, at=NOW).id if button == "accept" else refuse(offer, at=NOW).id


def test_what_nobody_offers_there_is_no_wish(desk: Open, clinic: Clinic, owner: Owner) -> None:
    elsewhere, stranger = factories.location(owner), factories.provider(owner)
    for wrong in ({"location_id": elsewhere}, {"provider_ids": (stranger,)}, {"service_id": new_id()}):
        with pytest.raises(NotOffered):
            added(desk, clinic, **wrong)
    with pytest.raises(NotFound):
        added(desk, clinic, new_id())
    with pytest.raises(PatientNotBookable):
        added(desk, clinic, factories.patient(owner, deceased_at=NOW))


def test_a_visit_that_is_to_be_earlier_is_their_own_and_can_move(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with pytest.raises(NotFound):
        added(desk, clinic, clinic.patients[1], appointment_id=visit)
    other = factories.service(owner, clinic.providers, [clinic.location])
    with pytest.raises(NotOffered):
        added(desk, clinic, appointment_id=visit, service_id=other)
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    with pytest.raises(WrongState):
        added(desk, clinic, appointment_id=visit)


def test_a_wish_is_corrected_only_as_it_was_seen(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = added(desk, clinic)
    with desk():
        change_wish(made, terms(clinic, urgency=3), version=1, at=NOW)
    assert (wish_row(owner, made)["urgency"], wish_row(owner, made)["version"]) == (3, 2)
    with pytest.raises(VersionConflict), desk():
        change_wish(made, terms(clinic, urgency=1), version=1, at=NOW)
    with desk():
        withdraw_wish(made, version=2, at=NOW)
    assert wish_row(owner, made)["status"] == "withdrawn"
    with pytest.raises(WishEnded), desk():
        withdraw_wish(made, version=3, at=NOW)


def test_what_was_offered_to_a_withdrawn_wish_goes_to_the_next(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = waiter(owner, clinic, created_at=NOW - DAY), waiter(owner, clinic)
    freed_and_offered(desk, clinic, worker, owner)
    with desk():
        withdraw_wish(first, version=1, at=NOW)
    worker.works(NOW)
    assert (offered_to(owner, "refused"), offered_to(owner)) == ([first], [second])


def test_wishes_end_with_their_last_day_their_visit_and_their_person(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    visit = booked(desk, wish(clinic))
    last_day = waiter(owner, clinic, latest=NOW.date())
    gone = waiter(owner, clinic, patient_id=clinic.patients[0], appointment_id=visit)
    died = waiter(owner, clinic)
    stays = waiter(owner, clinic, latest=NOW.date() + DAY)
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, wish_row(owner, died)["patient_id"]))
    evening = clock_time(23, 59)  # the day after already, in Greenwich
    with desk():
        cancel(CancelRequest(visit, "ill", offer=False), at=NOW)
    worker.sweeps(evening)
    ends = [wish_row(owner, each)["status"] for each in (last_day, gone, died, stays)]
    assert ends == ["waiting", "expired", "withdrawn", "waiting"]
    worker.sweeps(evening + timedelta(minutes=1))
    assert [wish_row(owner, each)["status"] for each in (last_day, stays)] == ["expired", "waiting"]


def test_everything_a_person_waits_for_ends_at_once(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first, other = added(desk, clinic), waiter(owner, clinic)
    with desk():
        assert end_wishes_of(clinic.patients[0], at=NOW) == 1
        assert end_wishes_of(clinic.patients[0], at=NOW) == 0
    assert [wish_row(owner, each)["status"] for each in (first, other)] == ["withdrawn", "waiting"]


def test_booking_what_somebody_waits_for_takes_them_off_the_list(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = added(desk, clinic)
    with desk():
        visit = book_wished(wish(clinic), made, actor=ACTOR, at=NOW).id
    assert visit_row(owner, visit)["status"] == "booked"
    assert wish_row(owner, made)["status"] == "taken"
    later = NOW + timedelta(minutes=1)
    with pytest.raises(WishEnded), desk(at=later):
        book_wished(wish(clinic, clock_time(12)), made, actor=ACTOR, at=later)
    with pytest.raises(NotFound), desk():
        book_wished(wish(clinic, patient_id=clinic.patients[1]), made, actor=ACTOR, at=NOW)
    assert count(owner, "appointment") == 1


def test_an_answer_comes_once(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    waiter(owner, clinic)
    offer = freed_and_offered(desk, clinic, worker, owner)
    with pytest.raises(NotFound), desk():
        accept(new_id(), actor=ACTOR, at=NOW)
    with desk():
        refuse(offer, at=NOW)
    for answers in (lambda: accept(offer, actor=ACTOR, at=NOW), lambda: refuse(offer, at=NOW)):
        with pytest.raises(OfferAnswered), desk():
            answers()


def test_at_its_end_an_offer_can_not_be_accepted(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    waiter(owner, clinic)
    offer = freed_and_offered(desk, clinic, worker, owner)
    over = NOW + OFFERED_AFTER + TTL
    with pytest.raises(HoldOver), desk(at=over):
        accept(offer, actor=ACTOR, at=over)
    with desk(at=over):
        accept(offer, actor=ACTOR, at=over - timedelta(seconds=1))


def test_who_got_another_visit_meanwhile_is_told_and_the_offer_stays(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waiting = waiter(owner, clinic, patient_id=clinic.patients[0])
    offer = freed_and_offered(desk, clinic, worker, owner)
    booked(desk, wish(clinic, provider_id=clinic.providers[1]))
    with pytest.raises(SlotTaken), desk():
        accept(offer, actor=ACTOR, at=NOW)
    assert offered_to(owner) == [waiting]


def test_accept_and_refuse_pressed_at_once_have_one_effect(arena: Arena, desk: Open, worker: Worker) -> None:
    for first_does, then, ends in (("accept", "refuse", "booked"), ("refuse", "accept", "lapsed")):
        waiter(arena.owner, arena.clinic)
        freed_and_offered(desk, arena.clinic, worker, arena.owner)
        offer = offers(arena.owner, "open")[0]
        with arena.hand() as one, arena.hand() as other:
            one.did(partial(pressed, first_does, offer["id"]))
            step = other.does(partial(pressed, then, offer["id"]))
            assert other.waits(step)
            one.commits()
            assert other.ends(step) == "offer_answered"
        assert visit_row(arena.owner, offer["hold_id"])["status"] == ends
        arena.owner.execute("UPDATE waiting_wish SET status = 'withdrawn'")
        arena.owner.execute("DELETE FROM jobs.procrastinate_jobs")
        if ends == "booked":
            with desk():
                cancel(CancelRequest(offer["hold_id"], "ill", offer=False), at=NOW)


def test_two_chains_offer_one_person_one_time(arena: Arena, desk: Open) -> None:
    hours = zip(arena.clinic.providers, (TEN, clock_time(12)), strict=True)
    visits = [booked(desk, wish(arena.clinic, starts, provider_id=provider)) for provider, starts in hours]
    for visit in visits:
        with desk():
            cancel(CancelRequest(visit, "ill"), at=NOW)
    only = waiter(arena.owner, arena.clinic)
    with arena.hand() as one, arena.hand() as other:
        assert one.did(lambda: offer_next(visits[0], 2, at=NOW)) is not None
        assert other.did(lambda: offer_next(visits[1], 2, at=NOW)) is None
        one.commits()
        other.commits()
    assert offered_to(arena.owner) == [only]


def test_one_time_is_offered_to_one_person(arena: Arena, desk: Open) -> None:
    visit = booked(desk, wish(arena.clinic))
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    first, _ = waiter(arena.owner, arena.clinic, created_at=NOW - DAY), waiter(arena.owner, arena.clinic)
    with arena.hand() as one, arena.hand() as other:
        one.did(lambda: offer_next(visit, 2, at=NOW))
        step = other.does(lambda: offer_next(visit, 2, at=NOW))
        assert other.waits(step)
        one.commits()
        assert other.ends(step) == "done"
    assert offered_to(arena.owner) == [first]


def test_two_desks_that_add_the_same_wish_add_one(arena: Arena) -> None:
    def adds() -> UUID:
        return add_wish(arena.clinic.patients[0], terms(arena.clinic), actor=ACTOR, at=NOW).id

    with arena.hand() as one, arena.hand() as other:
        one.did(adds)
        step = other.does(adds)
        assert other.waits(step)
        one.commits()
        assert other.ends(step) == "wished_already"
    assert count(arena.owner, "waiting_wish") == 1


def test_a_booking_for_somebody_else_and_an_accepted_offer_never_share_a_time(
    arena: Arena, desk: Open, worker: Worker
) -> None:
    waiter(arena.owner, arena.clinic)
    offer = freed_and_offered(desk, arena.clinic, worker, arena.owner)
    with arena.hand() as one, arena.hand() as other:
        one.did(lambda: accept(offer, actor=ACTOR, at=NOW).id)
        step = other.does(lambda: book(wish(arena.clinic, patient_id=arena.clinic.patients[1]), actor=ACTOR, at=NOW).id)
        other.waits(step)
        one.commits()
        assert other.ends(step) == "slot_taken"
