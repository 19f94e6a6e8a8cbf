"""People are reminded by the service's schedule or their own, once for each time, and never of what is no more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.notify.postman import Postman, mailbox, messages, prefers, said
from webapp import clock
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, move
from webapp.ids import new_id
from webapp.notify.notices import GRACE

if TYPE_CHECKING:
    from datetime import datetime

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.people import Visitor

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
IN_A_WEEK = clock_time(14) + 7 * DAY


def booked(desk: Changing, postman: Postman, clinic: Clinic, starts: datetime = IN_A_WEEK, **other: Any) -> UUID:
    with desk():
        visit = book(wish(clinic, starts, **other), actor=ACTOR, at=postman.now).id
    postman.works(postman.now + GRACE)
    return visit


def swept(postman: Postman, *moments: datetime) -> None:
    for moment in moments:
        postman.works(moment)
        postman.sweeps()
        postman.works(moment)


def reminded(owner: Owner) -> list[tuple[UUID, datetime]]:
    return [(message["subject_id"], message["sent_at"]) for message in messages(owner) if message["kind"] == "reminder"]


def test_two_days_and_two_hours_before_and_once_each(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    first, second = IN_A_WEEK - 2 * DAY, IN_A_WEEK - 2 * HOUR
    swept(postman, first - MINUTE)
    assert reminded(owner) == []
    swept(postman, first, first, first + MINUTE, first + DAY, second - MINUTE)
    assert reminded(owner) == [(visit, first)]
    swept(postman, second, second + MINUTE, IN_A_WEEK + HOUR)
    assert reminded(owner) == [(visit, first), (visit, second)]
    assert [item["subject"].endswith("is coming up") for item in mailbox(owner)] == [False, True, True]


def test_a_service_has_a_schedule_of_its_own_and_the_practice_one_for_the_others(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    factories.insert(owner, "reminder_rule", id=new_id(), service_id=None, minutes=24 * 60)
    visit = booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - 2 * DAY, IN_A_WEEK - DAY, IN_A_WEEK - 2 * HOUR)
    assert reminded(owner) == [(visit, IN_A_WEEK - DAY)]
    factories.insert(owner, "reminder_rule", id=new_id(), service_id=clinic.service, minutes=60)
    swept(postman, IN_A_WEEK - HOUR)
    assert reminded(owner)[1:] == [(visit, IN_A_WEEK - HOUR)]


def test_people_are_reminded_when_they_want_to_be(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    prefers(owner, clinic.patients[0], reminder_minutes=[4 * 60])
    visit = booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - 2 * DAY, IN_A_WEEK - 4 * HOUR, IN_A_WEEK - 2 * HOUR)
    assert reminded(owner) == [(visit, IN_A_WEEK - 4 * HOUR)]


def test_whoever_refuses_reminders_gets_none_but_hears_of_a_cancellation(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    prefers(owner, clinic.patients[0], reminders="none")
    visit = booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - 2 * DAY)
    assert reminded(owner) == []
    with desk():
        cancel(CancelRequest(visit, "closed"), at=postman.now)
    postman.works(postman.now + GRACE)
    assert [kind for kind, _, _ in said(owner)] == ["confirmation", "cancellation"]


def test_one_press_in_the_mail_confirms_the_visit_and_nobody_asks_again(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, visitor: Visitor
) -> None:
    visit = booked(desk, postman, clinic)
    swept(postman, IN_A_WEEK - 2 * DAY)
    mail = mailbox(owner)[-1]["body"]
    (link,) = re.findall(r"http://127\.0\.0\.1:8000(/visit/\S+)", mail)
    with clock.stopped_at(postman.now):
        assert "Will you come?" in visitor.get(link).text
        assert "Thank you. We expect you." in visitor.post(link).text
    assert owner.execute("SELECT status FROM appointment WHERE id = %s", (visit,)).fetchone() == {"status": "confirmed"}
    swept(postman, IN_A_WEEK - 2 * HOUR)
    last = mailbox(owner)[-1]["body"]
    assert "is coming up" in last
    assert "/visit/" not in last


@pytest.mark.parametrize("what", ["canceled", "moved", "deceased"])
def test_nobody_is_reminded_of_what_is_no_more(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, what: str
) -> None:
    visit = booked(desk, postman, clinic)
    first = IN_A_WEEK - 2 * DAY
    swept(postman, first - HOUR)
    with desk():
        if what == "canceled":
            cancel(CancelRequest(visit, "ill"), at=postman.now)
        elif what == "moved":
            move(MoveRequest(visit, IN_A_WEEK + DAY), at=postman.now)
    if what == "deceased":
        owner.execute("UPDATE patient SET deceased_at = %s", (NOW,))
    swept(postman, first, first + MINUTE, IN_A_WEEK - 2 * HOUR)
    of = {message["starts_at"] for message in messages(owner) if message["kind"] == "reminder"}
    assert of == ({IN_A_WEEK + DAY} if what == "moved" else set())


def test_a_visit_of_tomorrow_is_not_reminded_of_as_it_is_booked(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    tomorrow = clock_time(14) + DAY
    visit = booked(desk, postman, clinic, tomorrow)
    swept(postman, postman.now + MINUTE, NOW + HOUR, tomorrow - 2 * HOUR)
    assert reminded(owner) == [(visit, tomorrow - 2 * HOUR)]


def test_a_worker_that_slept_reminds_once_and_not_of_both(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    booked(desk, postman, clinic)
    late = IN_A_WEEK - 2 * HOUR - 10 * MINUTE
    swept(postman, late, late + 5 * MINUTE)
    assert reminded(owner) == []
    swept(postman, IN_A_WEEK - 2 * HOUR)
    assert len(reminded(owner)) == 1


def test_visits_from_before_there_were_messages_are_reminded_of_too(
    postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = factories.appointment(owner, clinic, IN_A_WEEK, booked_at=NOW - 30 * DAY)
    owner.execute("DELETE FROM jobs.procrastinate_jobs")
    swept(postman, IN_A_WEEK - 2 * DAY)
    assert [subject for subject, _ in reminded(owner)] == [visit]
