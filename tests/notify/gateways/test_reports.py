"""What carriers report is read from the queue, remembered once, and obeyed until the address changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.booking.wishes import ACTOR, wish
from tests.factories import clock_time
from tests.notify.postman import Postman, email, mailbox, messages, mobile, prefers
from webapp import clock
from webapp.booking.actions import book
from webapp.ids import new_id
from webapp.notify import jobs
from webapp.notify.gateways.reports import Reports
from webapp.notify.notices import GRACE
from webapp.notify.reports import Report, read
from webapp.notify.service import EXTENSION, Post

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from webapp.settings import Settings


def bounce(address: str, *, kind: str = "Permanent", parcel: object = None) -> dict[str, Any]:
    tags = {"parcel": [str(parcel)]} if parcel else {}
    recipients = [{"emailAddress": address, "status": "5.1.1"}]
    return {
        "eventType": "Bounce",
        "bounce": {"bounceType": kind, "bouncedRecipients": recipients},
        "mail": {"tags": tags},
    }


def complaint(address: str) -> dict[str, Any]:
    return {"notificationType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": address}]}}


def answer(words: str) -> dict[str, Any]:
    return {"originationNumber": "+12075550142", "destinationNumber": "+12075550100", "messageBody": words}


@pytest.fixture
def topic(app: Flask, worker_app: Flask, settings: Settings) -> Iterator[Any]:
    """SNS with our queue behind it; the worker asks that queue."""
    del app
    where = {"region_name": settings.aws_region, "endpoint_url": settings.aws_endpoint_url}
    sns: Any = boto3.client("sns", **where)  # type: ignore[call-overload]  # types of these services are not installed
    sqs: Any = boto3.client("sqs", **where)  # type: ignore[call-overload]
    name = f"reports-{new_id()}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=made, Protocol="sqs", Endpoint=arn)
    before: Post = worker_app.extensions[EXTENSION]
    worker_app.extensions[EXTENSION] = Post(before.carriers, Reports(settings, queue))
    yield lambda event: sns.publish(TopicArn=made, Message=event if isinstance(event, str) else json.dumps(event))
    worker_app.extensions[EXTENSION] = before


def collected(worker_app: Flask, postman: Postman) -> None:
    with worker_app.app_context(), clock.stopped_at(postman.now):
        jobs.collect_reports(timestamp=0)


def told(desk: Changing, postman: Postman, clinic: Clinic, hour: int) -> None:
    with desk():
        book(wish(clinic, clock_time(hour)), actor=ACTOR, at=postman.now)
    postman.works(postman.now + GRACE)


def test_an_address_that_bounced_is_used_no_more_until_it_changes(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, topic: Any, worker_app: Flask
) -> None:
    told(desk, postman, clinic, 10)
    (sent,) = messages(owner)
    topic(bounce("Rosa0@Example.com", parcel=sent["parcel_id"]))
    topic(bounce("Rosa0@Example.com", parcel=sent["parcel_id"]))
    collected(worker_app, postman)
    assert [(each["state"], each["reason"]) for each in messages(owner, "%")] == [("failed", "bounced")]
    told(desk, postman, clinic, 11)
    assert len(mailbox(owner)) == 1
    assert messages(owner, "skipped")[0]["reason"] == "no_address"
    email(owner, clinic.patients[0], "new@example.com")
    told(desk, postman, clinic, 12)
    assert mailbox(owner)[1]["recipient"] == "new@example.com"


def test_whoever_answers_stop_gets_no_texts_until_they_say_start(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, topic: Any, worker_app: Flask
) -> None:
    mobile(owner, clinic.patients[0])
    prefers(owner, clinic.patients[0], visits="sms")
    told(desk, postman, clinic, 10)
    topic(answer(" Stop. "))
    collected(worker_app, postman)
    told(desk, postman, clinic, 11)
    assert len(mailbox(owner)) == 1
    topic(answer("START"))
    collected(worker_app, postman)
    told(desk, postman, clinic, 12)
    assert len(mailbox(owner)) == 2


def test_nonsense_in_the_queue_is_thrown_away(postman: Postman, owner: Owner, topic: Any, worker_app: Flask) -> None:
    for nonsense in ("not json", "[]", {"eventType": "Bounce"}, {"eventType": "Delivery"}, answer("thanks!")):
        topic(nonsense)
    topic(complaint("rosa0@example.com"))
    collected(worker_app, postman)
    rows = owner.execute("SELECT reason FROM refused_address").fetchall()
    assert [row["reason"] for row in rows] == ["complained"]
    reports = worker_app.extensions[EXTENSION].reports
    assert reports.some() == []


@pytest.mark.parametrize(
    "body",
    ["", "null", "7", '"x"', "{", '{"eventType": "Bounce", "bounce": []}', '{"Type": "Notification", "Message": "{"}'],
)
def test_what_is_no_event_asks_nothing(body: str) -> None:
    assert read(body) is None


def test_an_event_is_read_wrapped_or_not() -> None:
    event = complaint("a@example.com")
    wanted = Report(("a@example.com",), "complained")
    assert read(json.dumps(event)) == wanted
    assert read(json.dumps({"Type": "Notification", "Message": json.dumps(event)})) == wanted
    assert read(json.dumps(bounce("a@example.com", kind="Transient"))) is None
