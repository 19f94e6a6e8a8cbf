"""Carriers against the real interfaces of SES, SNS and SMTP, and against ones that refuse, hang or are gone."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_string
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import boto3
import pytest

from deploy.local import processes
from tests.notify.gateways.smtp_server import MailServer
from tests.stack.proxy import Latency, Proxy
from webapp.dynamo.breaker import OPENS_AFTER
from webapp.ids import new_id
from webapp.notify.gateways.carrier import CarrierAway, Envelope, NotAccepted
from webapp.notify.gateways.mail import SesMail, SmtpMail
from webapp.notify.gateways.nobody import Nobody
from webapp.notify.gateways.text import SnsText
from webapp.notify.reach import Channel
from webapp.settings import Messages

if TYPE_CHECKING:
    from flask import Flask

    from webapp.notify.gateways.carrier import Carrier
    from webapp.settings import Settings

SENDER = "Harbor Clinic <front@harbor.example>"
WANTED = Messages(mail="ses", text="sns", sender=SENDER)


def letter(**other: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": new_id(), "channel": Channel.EMAIL, "patient_id": new_id(), "recipient": "rosa@example.com",
        "subject": "Your visit is booked", "body": "At ten.", "html": "<p>At ten.</p>",
        "leave": "https://clinic.example/me/preferences",
    }  # fmt: skip
    return Envelope(**{**values, **other})


def inspected(settings: Settings, path: str) -> str:
    """What the stand-in says it was given."""
    with urllib.request.urlopen(f"{settings.aws_endpoint_url}{path}", timeout=5) as answer:
        return str(answer.read().decode())


@pytest.fixture
def ses(app: Flask, settings: Settings) -> SesMail:
    del app  # its credentials are in the environment
    where = {"region_name": settings.aws_region, "endpoint_url": settings.aws_endpoint_url}
    client: Any = boto3.client("sesv2", **where)  # type: ignore[call-overload]  # its types are not installed
    client.create_email_identity(EmailIdentity="harbor.example")
    return SesMail(settings, WANTED)


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def smtp(server: MailServer) -> SmtpMail:
    return SmtpMail(replace(WANTED, smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none"))


def test_ses_takes_an_email_in_both_forms(ses: SesMail, settings: Settings) -> None:
    subject = f"Your visit {new_id()}"
    ses.send(letter(subject=subject))
    sent = inspected(settings, "/_ministack/ses/messages")
    assert subject in sent
    assert "<p>At ten.</p>" in json.dumps(sent)


def test_sns_takes_a_text_for_one_number(app: Flask, settings: Settings) -> None:
    del app
    words = f"Harbor Clinic: your visit {new_id()}"
    SnsText(settings).send(letter(channel=Channel.SMS, recipient="+12075550142", body=words))
    assert words in inspected(settings, "/_ministack/sns/sms-messages")


@pytest.mark.parametrize("kind", ["ses", "sns", "smtp"])
def test_a_carrier_that_is_gone_is_away_and_soon_left_alone(app: Flask, settings: Settings, kind: str) -> None:
    del app
    port = processes.free_port()
    gone = replace(settings, aws_endpoint_url=f"http://127.0.0.1:{port}")
    smtp = replace(WANTED, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
    carriers: dict[str, Carrier] = {"ses": SesMail(gone, WANTED), "sns": SnsText(gone), "smtp": SmtpMail(smtp)}
    carrier = carriers[kind]
    for _ in range(OPENS_AFTER):
        with pytest.raises(CarrierAway):
            carrier.send(letter())
    with pytest.raises(CarrierAway, match="at_rest"):
        carrier.send(letter())


def test_a_carrier_that_hangs_is_given_up_on(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    del app
    from botocore.config import Config

    quick = Config(connect_timeout=0.3, read_timeout=0.5, retries={"total_max_attempts": 1})
    monkeypatch.setattr("webapp.notify.gateways.aws._TIMES_OUT", quick)
    wire = Proxy.before(settings.aws_endpoint_url)
    wire.mode = Latency(5.0)
    began = monotonic()
    with pytest.raises(CarrierAway) as away:
        SnsText(replace(settings, aws_endpoint_url=wire.address)).send(letter())
    wire.close()
    assert monotonic() - began < 3
    assert "rosa" not in str(away.value)


def test_smtp_hands_over_a_letter_that_says_whose_it_is_and_how_to_get_no_more(
    smtp: SmtpMail, server: MailServer
) -> None:
    sent = letter()
    smtp.send(sent)
    smtp.send(sent)
    one, other = (message_from_string(text) for text in server.books.letters)
    assert one["From"] == SENDER
    assert one["To"] == "rosa@example.com"
    assert one["List-Unsubscribe"] == "<https://clinic.example/me/preferences>"
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["Message-ID"] == other["Message-ID"] == f"<{sent.id}@harbor.example>"
    assert [part.get_content_type() for part in one.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_name_with_a_line_break_writes_no_headers(smtp: SmtpMail, server: MailServer) -> None:
    smtp.send(letter(subject="Hello\r\nBcc: everybody@example.com"))
    found = message_from_string(server.books.letters[0])
    assert found["Bcc"] is None
    assert found["Subject"] == "Hello Bcc: everybody@example.com"


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        ("RCPT", "550 no such user", NotAccepted),
        ("RCPT", "450 try later", CarrierAway),
        ("END", "554 not this", NotAccepted),
        ("END", "451 later", CarrierAway),
        ("MAIL", "530 log in first", CarrierAway),
    ],
)
def test_a_server_that_says_no_for_good_is_believed_and_one_that_says_later_is_asked_later(
    smtp: SmtpMail, server: MailServer, command: str, answer: str, outcome: type[Exception]
) -> None:
    server.books.answers[command] = answer
    with pytest.raises(outcome) as said:
        smtp.send(letter())
    assert "rosa" not in str(said.value)


def test_smtp_without_tls_where_it_was_promised_is_not_used(server: MailServer) -> None:
    secured = SmtpMail(replace(WANTED, smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="starttls"))
    with pytest.raises(CarrierAway):
        secured.send(letter())
    assert server.books.letters == []


def test_a_clinic_without_texts_says_so() -> None:
    with pytest.raises(NotAccepted, match="no_carrier"):
        Nobody().send(letter(channel=Channel.SMS))


def test_no_repr_shows_whom_a_letter_is_for() -> None:
    shown = repr(letter(id=UUID(int=1)))
    assert "rosa" not in shown
    assert "At ten" not in shown
