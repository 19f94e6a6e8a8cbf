"""Messages in words: in both languages, in the clinic's own time, within one text, with nothing clinical in them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.billing.counter import Counter
from tests.booking.waiting_list import offered, waiter
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.notify.postman import Postman, email, mailbox, messages, mobile, payment_link, prefers
from tests.test_planted_values import stored_in_dynamo
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, move
from webapp.booking.visit_links import Named, path_of
from webapp.db import Role
from webapp.ids import new_id
from webapp.jobs import announce
from webapp.notify import letters
from webapp.notify.actions.telling import Notice, tell
from webapp.notify.gsm import ALPHABET, LONGEST, fit, parts, plain, room
from webapp.notify.notices import ABOUT_MONEY, GRACE, RECEIPTS, Kind
from webapp.notify.parcels import Line, Parcel, Place
from webapp.notify.queries.recipients import recipient
from webapp.notify.reach import Channel

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.database import Database

DAY = timedelta(days=1)
PLACE = Place("Harbor Clinic", "America/New_York", "(207) 555-0100", "12 Harbor Street, Portland, ME")
CLINICAL = ("Zqxchemo", "Zqxoncology", "Zqxbiopsy", "Zqxjimenez")


def parcel(kind: Kind, place: Place = PLACE, **line: Any) -> Parcel:
    receipt = kind in RECEIPTS
    facts: dict[str, Any] = {"starts_at": None if kind in ABOUT_MONEY else clock_time(10)}
    facts |= {
        "cents": 4_000 if receipt else None,
        "currency": "USD" if receipt else None,
        "until": clock_time(9) if kind is Kind.OFFER else None,
    }
    made = Line(new_id(), new_id(), **{**facts, **line})
    return Parcel(
        id=made.message_id, kind=kind, channel=Channel.EMAIL, patient_id=new_id(), account_id=None, given="Rosa",
        language="en", recipient="rosa@example.com", location_id=new_id(), place=place, lines=(made,), created_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_message_can_be_written_in_both_languages(app: Flask, kind: Kind, language: str) -> None:
    with app.app_context():
        letter = letters.envelope(parcel(kind), language)
        words = letters.words_in(language, parcel(kind))
    assert letter.subject
    assert letter.subject in letter.body
    assert letter.leave.endswith("/preferences")
    assert letter.html.startswith("<!DOCTYPE html>")
    assert len(words.sms) <= LONGEST
    assert set(words.sms) <= ALPHABET
    assert re.search(r"http://127\.0\.0\.1:8000(/me|/pay/[\w-]{43})$", words.sms)


def test_days_are_written_as_the_reader_knows_them(app: Flask) -> None:
    with app.app_context():
        english, spanish = (letters.words_in(language, parcel(Kind.CONFIRMATION)) for language in ("en", "es"))
    assert english.lines == ("Monday, November 23, 2026, 10:00 AM (Eastern Standard Time)",)
    assert "lunes, 23 de noviembre de 2026" in spanish.lines[0]


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "1:30 AM (Eastern Daylight Time)"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "1:30 AM (Eastern Standard Time)"),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart(app: Flask, moment: datetime, zone: str) -> None:
    with app.app_context():
        words = letters.words_in("en", parcel(Kind.CONFIRMATION, starts_at=moment))
    assert words.lines[0].endswith(zone)
    assert ("EDT" if "Daylight" in zone else "EST") in words.sms


def test_a_name_that_is_too_long_is_cut_and_the_time_is_not(app: Flask) -> None:
    long = Place("The Very Long Name Of A Clinic Of Many Specialties And More Of Them" * 2, "America/New_York")
    with app.app_context():
        for kind in Kind:
            words = letters.words_in("es", parcel(kind, long))
            assert len(words.sms) <= (room(2) if kind is Kind.PAYMENT_LINK else LONGEST)
            assert re.search(r"/me$|/pay/[\w-]{43}$", words.sms), kind


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reminder_asks_for_an_answer_that_needs_no_password(app: Flask, language: str) -> None:
    asking = parcel(Kind.REMINDER, Place("Harbor Clinic " * 20, "America/New_York"), to_confirm=True)
    link = "http://127.0.0.1:8000" + path_of(
        Named(asking.lines[0].subject_id, asking.patient_id), secret=str(app.secret_key)
    )
    with app.app_context():
        letter, words = letters.envelope(asking, language), letters.words_in(language, asking)
        silent = letters.envelope(parcel(Kind.REMINDER), language)
    assert f": {link}\n" in letter.body
    assert f'href="{link}"' in letter.html
    assert words.sms.endswith(link), "never cut off"
    assert set(words.sms) <= ALPHABET
    assert parts(words.sms) == 2
    assert len(words.sms) <= room(2)
    assert "/visit/" not in silent.body


def test_of_several_visits_each_is_confirmed_by_itself(app: Flask) -> None:
    both = parcel(Kind.REMINDER, to_confirm=True)
    second = replace(both.lines[0], subject_id=new_id(), starts_at=clock_time(11))
    third = replace(both.lines[0], subject_id=new_id(), starts_at=clock_time(13), to_confirm=False)
    with app.app_context():
        words = letters.words_in("en", replace(both, lines=(*both.lines, second, third)))
    assert [step.label for step in words.steps] == [
        "Confirm Mon, Nov 23, 10:00 AM EST", "Confirm Mon, Nov 23, 11:00 AM EST", "See or change it",
    ]  # fmt: skip
    assert len({step.href for step in words.steps}) == 3
    assert "/visit/" not in words.sms


def test_a_name_is_escaped_in_html_and_plain_in_text(app: Flask) -> None:
    with app.app_context():
        letter = letters.envelope(parcel(Kind.CONFIRMATION, Place("<b>A & B</b>", "UTC")))
    assert "<b>A" not in letter.html
    assert "&lt;b&gt;A &amp; B" in letter.html
    assert "<b>A & B</b>" in letter.body


@given(st.text(max_size=300), st.text(max_size=200))
def test_any_text_becomes_one_part_in_the_alphabet_of_phones(name: str, text: str) -> None:
    made = fit(name, text)
    assert len(made) <= LONGEST
    assert set(made) <= ALPHABET


def test_spanish_keeps_the_letters_that_phones_have() -> None:
    assert plain("¿Mañana, José? Sí: día à 10 €") == "¿Mañana, José? Si: dia à 10 EUR"


@pytest.fixture
def canary(owner: Owner) -> Clinic:
    """A clinic whose names say why people come, with a patient who wants everything by both ways."""
    clinic = factories.clinic(owner, patients=1)
    owner.execute("UPDATE service SET name = 'Zqxchemo infusion', code = 'Zqxchemo'")
    owner.execute("UPDATE provider SET family = 'Zqxoncology'")
    owner.execute("UPDATE patient SET family = 'Zqxjimenez'")
    patient = clinic.patients[0]
    email(owner, patient)
    mobile(owner, patient)
    account = factories.account(owner, "patient", email="rosa@example.com")
    factories.insert(owner, "account_patient", account_id=account, patient_id=patient, relation="self")
    prefers(owner, patient, visits="both", reminders="both", offers="both", money="both")
    return clinic


def everything(app: Flask, desk: Changing, postman: Postman, owner: Owner, clinic: Clinic) -> None:
    """One message of each kind."""
    patient, week = clinic.patients[0], clock_time(14) + 7 * DAY
    with desk():
        visit = book(wish(clinic, week, note="Zqxbiopsy"), actor=ACTOR, at=postman.now).id
    postman.works(postman.now + GRACE)
    with desk():
        move(MoveRequest(visit, week + timedelta(hours=1)), at=postman.now)
    postman.works(postman.now + GRACE)
    offered(app, owner, clinic, to=waiter(owner, clinic, patient_id=patient, note="Zqxbiopsy"))
    postman.works(postman.now)
    with desk(Role.JOB):
        for kind in RECEIPTS:
            row = new_id()
            notice = Notice(
                f"{kind}:{row}", kind, patient, row, clinic.location, "America/New_York", NOW + DAY, cents=4_000,
                currency="USD",
            )  # fmt: skip
            tell(notice, recipient(patient, postman.now), at=postman.now)
    postman.works(postman.now)
    link = payment_link(app, Counter(app, owner, clinic).invoice(), at=postman.now)
    with desk():
        announce("notify.payment_link", link=str(link))
    postman.works(week - 2 * DAY + timedelta(hours=1))
    postman.sweeps()
    postman.works(postman.now)
    with desk():
        cancel(CancelRequest(visit, "Zqxbiopsy"), at=postman.now)
    postman.works(postman.now + GRACE)


def test_no_message_says_why_anybody_comes_or_who_they_are(
    app: Flask, desk: Changing, postman: Postman, owner: Owner, canary: Clinic, database: Database,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    everything(app, desk, postman, owner, canary)
    sent = [message for message in messages(owner) if message["channel"] in {"email", "sms", "in_app"}]
    assert {(each["kind"], each["channel"]) for each in sent} == {
        (kind.value, channel.value) for kind in Kind for channel in Channel
    }
    went = mailbox(owner)
    output = capfd.readouterr()
    jobs = owner.execute("SELECT args::text FROM jobs.procrastinate_jobs").fetchall()
    texts = {
        "mails and texts": repr([(item["subject"], item["body"], item["html"]) for item in went]),
        "DynamoDB": stored_in_dynamo(database),
        "log": output.out + output.err,
        "jobs": repr(jobs),
    }
    for where, text in texts.items():
        for word in CLINICAL:
            assert word.casefold() not in text.casefold(), (where, word)
    for where in ("DynamoDB", "log", "jobs"):
        assert "rosa@example.com" not in texts[where], where
        assert "5550142" not in texts[where], where
        assert "/visit/" not in texts[where], "whoever reads it could answer for them"
        assert "/pay/" not in texts[where], "whoever reads it sees what is due"
    assert {each["channel"] for each in went if "/visit/" in each["body"]} == {"email", "sms"}
    # Whoever sees a telephone from afar reads no name on it.
    for item in went:
        assert "Rosa" not in item["subject"]
        assert item["channel"] == "email" or "Rosa" not in item["body"]
