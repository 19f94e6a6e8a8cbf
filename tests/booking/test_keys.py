from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, count, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import BookRequest, CancelRequest, Once, book, cancel
from webapp.booking.refusals import SlotTaken
from webapp.errors import KeyReused
from webapp.ids import new_id

HASH = b"\x01" * 32


def sent(desk: Open, request: BookRequest, once: Once, actor: UUID = ACTOR, at: object = NOW) -> UUID:
    with desk(actor=actor, at=at):
        return book(request, actor=actor, at=NOW, once=once).id


def once(content: bytes = HASH) -> Once:
    return Once(new_id(), content, "/board?visit={appointment}")


def test_the_same_form_twice_books_once_and_answers_the_same(desk: Open, clinic: Clinic, owner: Owner) -> None:
    form = once()
    first = sent(desk, wish(clinic), form)
    assert sent(desk, wish(clinic), form) == first
    assert (count(owner, "appointment"), count(owner, "idempotency"), count(owner, "appointment_history")) == (1, 1, 1)
    row = owner.execute("SELECT actor, key, request_hash, status, location, result FROM idempotency").fetchone()
    assert row == {
        "actor": ACTOR,
        "key": form.key,
        "request_hash": HASH,
        "status": 303,
        "location": f"/board?visit={first}",
        "result": {"appointment": str(first)},
    }


def test_a_replay_tells_the_truth_after_the_visit_was_cancelled(desk: Open, clinic: Clinic) -> None:
    form = once()
    first = sent(desk, wish(clinic), form)
    with desk():
        cancel(CancelRequest(first, "ill"), at=NOW)
    with desk(actor=ACTOR):
        again = book(wish(clinic), actor=ACTOR, at=NOW, once=form)
        assert (again.id, again.status) == (first, "cancelled")


def test_a_replay_works_when_the_time_is_over_or_the_service_gone(desk: Open, clinic: Clinic, owner: Owner) -> None:
    form = once()
    first = sent(desk, wish(clinic), form)
    with desk(actor=ACTOR):
        assert book(wish(clinic), actor=ACTOR, at=TEN + timedelta(days=1), once=form).id == first
    owner.execute("UPDATE service SET retired_at = now()")
    assert sent(desk, wish(clinic), form) == first


def test_other_content_under_the_same_key_is_refused(desk: Open, clinic: Clinic, owner: Owner) -> None:
    form = once()
    sent(desk, wish(clinic), form)
    changed = Once(form.key, b"\x02" * 32, form.location)
    later = wish(clinic, TEN + timedelta(hours=1))
    with pytest.raises(KeyReused):
        sent(desk, later, changed)
    with pytest.raises(KeyReused):
        sent(desk, wish(clinic), changed)
    assert count(owner, "appointment") == 1


def test_a_refusal_keeps_no_key(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    form = once()
    with pytest.raises(SlotTaken):
        sent(desk, wish(clinic), form)
    assert count(owner, "idempotency") == 0
    sent(desk, wish(clinic, TEN + timedelta(minutes=20)), Once(form.key, b"\x02" * 32, form.location))


def test_a_refusal_inside_a_transaction_that_commits_keeps_no_key(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.closure(owner, clinic.location, TEN, TEN + timedelta(hours=1))
    with desk(actor=ACTOR):
        for starts in (TEN, TEN + timedelta(minutes=55)):
            with pytest.raises(Exception, match="location_closed"):
                book(wish(clinic, starts), actor=ACTOR, at=NOW, once=once())
    assert (count(owner, "idempotency"), count(owner, "appointment"), count(owner, "occupancy")) == (0, 0, 0)


def test_two_people_may_send_the_same_key(desk: Open, clinic: Clinic) -> None:
    form = once()
    first = sent(desk, wish(clinic), form)
    other = sent(desk, wish(clinic, TEN + timedelta(hours=1)), form, actor=new_id())
    assert first != other
