"""Messages are sent at least once, marked, and counted where they may have gone out twice; carriers may be away."""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.identity.browsing import NOWHERE
from tests.notify.killed import works_until_killed
from tests.notify.postman import SECOND, Postman, mailbox, messages
from tests.notify.staff import kinds
from webapp import clock, dynamo
from webapp.booking.actions import book
from webapp.db import Role
from webapp.ids import new_id
from webapp.notify import in_app
from webapp.notify.actions.sending import CLAIM_LASTS
from webapp.notify.actions.telling import Notice, tell
from webapp.notify.gateways.carrier import CarrierAway, NotAccepted
from webapp.notify.notices import GRACE, Kind
from webapp.notify.queries.recipients import recipient
from webapp.notify.reach import Channel
from webapp.notify.service import EXTENSION, Post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.database import Database
    from webapp.notify.gateways.carrier import Envelope
    from webapp.settings import Settings

KILLS = int(os.environ.get("POSTMAN_KILLS", "25"))
TOMORROW = clock_time(10) + timedelta(days=1)


class Moody:
    """A carrier that answers as a test wants it to; `took` is what it accepted."""

    def __init__(self) -> None:
        self.answers: list[Exception | None] = []
        self.took: list[Envelope] = []

    def send(self, envelope: Envelope) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.took.append(envelope)


@pytest.fixture
def carrier(worker_app: Flask) -> Iterator[Moody]:
    """E-mail goes to a carrier of the test's."""
    before, moody = worker_app.extensions[EXTENSION], Moody()
    worker_app.extensions[EXTENSION] = Post({Channel.EMAIL: moody, Channel.SMS: moody}, None)
    yield moody
    worker_app.extensions[EXTENSION] = before


@pytest.fixture
def booked(desk: Changing, postman: Postman, clinic: Clinic) -> UUID:
    with desk():
        return book(wish(clinic, TOMORROW), actor=ACTOR, at=NOW).id


@pytest.mark.usefixtures("booked")
def test_a_carrier_that_is_away_is_asked_again_and_later_each_time(
    postman: Postman, carrier: Moody, owner: Owner
) -> None:
    carrier.answers = [CarrierAway("Throttling")] * 3
    postman.works(NOW + GRACE)
    waits = []
    for _ in range(3):
        (message,) = messages(owner, "queued")
        waits.append(message["due_at"] - postman.now)
        postman.works(message["due_at"])
    assert waits == [15 * SECOND, 30 * SECOND, 60 * SECOND]
    assert len(carrier.took) == 1
    assert [(each["attempts"], each["resends"]) for each in messages(owner)] == [(4, 0)]


@pytest.mark.usefixtures("booked")
def test_what_the_carrier_never_takes_has_failed_and_the_desk_is_told(
    worker_app: Flask, postman: Postman, carrier: Moody, owner: Owner
) -> None:
    carrier.answers = [NotAccepted("rejected")]
    postman.works(NOW + timedelta(hours=1))
    assert [(each["state"], each["reason"]) for each in messages(owner, "%")] == [("failed", "rejected")]
    assert carrier.took == []
    with clock.stopped_at(postman.now):
        assert kinds(worker_app) == ["undelivered"]


@pytest.mark.usefixtures("booked")
def test_what_helps_nobody_any_more_is_not_tried_for_ever(postman: Postman, carrier: Moody, owner: Owner) -> None:
    carrier.answers = [CarrierAway("gone")] * 1000
    postman.works(TOMORROW + timedelta(hours=1))
    (message,) = messages(owner, "%")
    assert (message["state"], message["reason"]) == ("failed", "too_late")
    assert message["attempts"] > 50


@pytest.mark.usefixtures("booked")
def test_who_dies_before_sending_loses_nothing(postman: Postman, owner: Owner) -> None:
    postman.works(NOW)
    postman.now = NOW + GRACE
    (job,) = postman.promised("notify.consider")
    postman.does(job)
    (sending,) = postman.promised("notify.deliver")
    owner.execute("UPDATE message SET state = 'sending', sending_since = %s, attempts = 1", (postman.now,))
    postman.does(sending)
    assert mailbox(owner) == []
    postman.works(postman.now + CLAIM_LASTS + 10 * SECOND)
    assert len(mailbox(owner)) == 1
    assert [(each["state"], each["attempts"], each["resends"]) for each in messages(owner)] == [("sent", 2, 1)]


@pytest.mark.usefixtures("booked")
def test_a_job_that_runs_twice_sends_once(postman: Postman, owner: Owner) -> None:
    postman.works(NOW)
    postman.now = NOW + GRACE
    (job,) = postman.promised("notify.consider")
    postman.does(job, killed=True)
    postman.does(job)
    (sending,) = postman.promised("notify.deliver")
    postman.does(sending, killed=True)
    postman.works(NOW + GRACE)
    assert len(mailbox(owner)) == 1
    assert [each["resends"] for each in messages(owner)] == [0]


@pytest.mark.usefixtures("booked")
def test_the_sweep_finds_what_no_job_knows_of(postman: Postman, owner: Owner) -> None:
    postman.works(NOW)
    postman.now = NOW + GRACE
    (job,) = postman.promised("notify.consider")
    postman.does(job)
    owner.execute("DELETE FROM jobs.procrastinate_jobs")
    postman.works(postman.now + CLAIM_LASTS)
    assert mailbox(owner) == []
    postman.sweeps()
    postman.works(postman.now)
    assert len(mailbox(owner)) == 1


def test_nobody_is_lost_when_the_worker_is_killed_again_and_again(
    desk: Changing, postman: Postman, worker_app: Flask, database: Database, clinic: Clinic, owner: Owner
) -> None:
    dice, killed, queued = random.Random(20261123), 0, 0
    while killed < KILLS:
        with desk(Role.JOB):
            for patient in clinic.patients:
                row = new_id()
                notice = Notice(
                    f"payment:{row}", Kind.PAYMENT, patient, row, clinic.location, "America/New_York",
                    postman.now + timedelta(days=30), cents=4000, currency="USD",
                )  # fmt: skip
                tell(notice, recipient(patient, postman.now), at=postman.now)
                queued += 1
        killed += works_until_killed(worker_app, database, postman.now, dice.uniform(0.01, 0.2))
        postman.now += CLAIM_LASTS + SECOND
    postman.minutes(3)
    assert len(messages(owner)) == len(messages(owner, "%")) == queued
    went = [item["parcel_id"] for item in mailbox(owner)]
    resent = {each["parcel_id"] for each in messages(owner) if each["resends"]}
    assert {each["parcel_id"] for each in messages(owner)} == set(went)
    # One that went out twice is one whose first sending nobody could mark.
    assert {parcel for parcel in went if went.count(parcel) > 1} <= resent
    twice = len(went) - len(set(went))
    sys.stderr.write(f"killed {killed} times, {queued} messages, {twice} went twice, {len(resent)} may have\n")


def test_while_dynamo_is_away_mail_goes_out_and_notices_wait(
    desk: Changing, postman: Postman, worker_app: Flask, clinic: Clinic, owner: Owner, settings: Settings
) -> None:
    account = factories.account(owner, "patient")
    factories.insert(owner, "account_patient", account_id=account, patient_id=clinic.patients[0], relation="self")
    there = worker_app.extensions[dynamo.EXTENSION]
    worker_app.extensions[dynamo.EXTENSION] = dynamo.connect(replace(settings, aws_endpoint_url=NOWHERE))
    try:
        with desk():
            book(wish(clinic, TOMORROW), actor=ACTOR, at=postman.now)
        job = postman.promised("activity.project_changes")[-1]
        with pytest.raises(dynamo.DynamoUnavailable):
            postman.does(job)
        # It is tried again by itself; who has to hear of it is on its way already.
        owner.execute("DELETE FROM jobs.procrastinate_jobs WHERE task_name = 'activity.project_changes'")
        postman.works(NOW + GRACE + SECOND)
        stand = {each["channel"]: each["state"] for each in messages(owner, "%")}
        assert stand == {"email": "sent", "in_app": "queued"}
    finally:
        worker_app.extensions[dynamo.EXTENSION] = there
    postman.works(postman.now + timedelta(minutes=1))
    assert [each["state"] for each in messages(owner, "%")] == ["sent", "sent"]
    with worker_app.app_context():
        (notice,) = in_app.of_account(account, postman.now)
    assert notice.unread
