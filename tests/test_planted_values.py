"""A thousand values planted in records turn up in no log, address, title, key, cookie, job or error page."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.morning import eight_in_the_morning
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id

if TYPE_CHECKING:
    from psycopg import Connection
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["eight_in_the_morning"]

PATIENTS = 84
PLANTED = 1000
SHOWN = 300
TODAY = "/board/2026-11-23"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ADDRESSES = re.compile(r'\b(?:href|action|src|hx-get|hx-post|hx-push-url|hx-target|id)="([^"]*)"')
# After signing in again, people are where they were: at the very address they asked for.
WAY_BACK = re.compile(r'<meta http-equiv="refresh"[^>]*>')
# What a phone or a mail program is handed never goes over the network as an address.
HANDED_OVER = ("tel:", "mailto:", "sms:")
HEADERS = ("Location", "HX-Location", "HX-Push-Url", "HX-Redirect", "HX-Trigger", "HX-PTag", "Set-Cookie")
TABLES = ("sessions", "activity", "availability", "notifications", "counters")
STORED_BESIDE = (
    "select args::text from jobs.procrastinate_jobs union all select location || result::text from idempotency"
)


class Garden:
    """Values like nothing else in the product; all of them are remembered as they were written."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self.planted: set[str] = set()

    def word(self) -> str:
        number, tail = next(self._numbers), ""
        for _ in range(4):
            number, letter = divmod(number, len(LETTERS))
            tail += LETTERS[letter]
        return self._plant(f"Zqwvx{tail}")

    def phone(self) -> str:
        return self._plant(f"(207) 877-{next(self._numbers):04d}")

    def found_in(self, text: str) -> set[str]:
        """What of it stands in a text: words in any case, phone numbers with or without their punctuation."""
        words = {f"Zqwvx{tail}" for tail in re.findall(r"zqwvx([a-z]{4})", text.casefold())}
        phones = {f"(207) 877-{tail}" for tail in re.findall(r"207\D{0,3}877\D?(\d{4})", text)}
        return (words | phones) & self.planted

    def _plant(self, value: str) -> str:
        self.planted.add(value)
        return value


@dataclass
class Witness:
    """What went out with every answer, and which planted values the pages showed."""

    garden: Garden
    shown: set[str] = field(default_factory=set)
    leaked: list[tuple[str, str]] = field(default_factory=list)

    def sees(self, what: str, answer: TestResponse) -> None:
        for header in HEADERS:
            for value in answer.headers.getlist(header):
                self._must_be_clean(f"{header} of {what}", value)
        if answer.mimetype == "text/html":
            self._must_be_clean(f"title of {what}", answer.text.partition("<title>")[2].partition("</title>")[0])
            for address in ADDRESSES.findall(answer.text):
                if not address.startswith(HANDED_OVER):
                    self._must_be_clean(f"an address in {what}", address)
        if answer.status_code >= 400 and answer.status_code not in {409, 422}:
            self._must_be_clean(f"error page of {what}", WAY_BACK.sub("", answer.text))
        self.shown |= self.garden.found_in(unescape(answer.text))

    def _must_be_clean(self, where: str, text: str) -> None:
        self.leaked += [(where, value) for value in self.garden.found_in(unescape(unquote_plus(text)))]


def plant(connection: Connection[Any], clinic: Clinic, garden: Garden) -> list[UUID]:
    """People whose every typed field is a planted value; those of the first dozen have a visit today."""
    people = []
    for number in range(PATIENTS):
        given, family, phone = garden.word(), garden.word(), garden.phone()
        keys = {"given_key": given.lower(), "family_key": family.lower(), "name_key": f"{given} {family}".lower()}
        person = factories.patient(connection, given=given, family=family, **keys)
        factories.phone(connection, person, phone)
        insert = factories.insert
        email = f"{garden.word()}@example.com"
        insert(connection, "patient_telecom", id=new_id(), patient_id=person, system="email", value=email)
        place = {"line": garden.word(), "city": garden.word(), "postal_code": garden.word()}
        insert(connection, "patient_address", id=new_id(), patient_id=person, **place)
        contact = {"name": garden.word(), "phone": garden.phone()}
        insert(connection, "patient_contact", id=new_id(), patient_id=person, **contact)
        alert = {"label": garden.word(), "detail": garden.word()}
        insert(connection, "patient_alert", id=new_id(), patient_id=person, **alert)
        insert(connection, "clinical_alert", id=new_id(), patient_id=person, label=garden.word())
        if number < 12:
            starts, note = clock_time(8 + number // 2, 30 * (number % 2)), garden.word()
            factories.appointment(connection, clinic, starts, patient_id=person, note=note)
        people.append(person)
    return people


def walk(person: Visitor, clinic: Clinic, people: list[UUID], visits: list[UUID], witness: Witness) -> None:
    """Look at everything, type planted values everywhere, be refused in every way."""
    garden = witness.garden
    paths = [
        "/",
        "/home",
        TODAY,
        f"{TODAY}?view=list",
        "/search",
        "/patients",
        "/activity",
        "/accounts",
        "/patients/new",
    ]
    paths += [f"/patients/{patient}" for patient in people]
    paths += [f"{TODAY}?visit={visit}" for visit in visits] + [f"/appointments/{visit}/cancel" for visit in visits[:2]]
    paths += [f"/book?patient={people[0]}&service={clinic.service}", f"/activity/patients/{people[0]}"]
    for path in paths:
        witness.sees(path, person.get(path))
    typed = sorted(garden.planted)[::90]
    for value in typed:
        for path in ("/search", "/activity/find", "/accounts/invite", "/patients/new", "/book", "/sign-in"):
            form = dict.fromkeys(("q", "number", "display_name", "email", "given", "family", "phone", "note"), value)
            witness.sees(f"POST {path}", person.post(path, form))
        witness.sees("nothing there", person.get(f"/patients/{NOBODY}?q={value}"))
        witness.sees("no such page", person.get(f"/{value}"))
        witness.sees("no key", person.post("/book", {"patient": value}, key="x"))
        witness.sees("no such method", person.client.put("/board", data={"q": value}))
    word = garden.word()
    new = {"given": word, "family": garden.word(), "birth_date": "3/4/1973", "phone": garden.phone()}
    witness.sees("registering", person.post("/patients/new", new))
    cancelled = person.post(f"/appointments/{visits[0]}/cancel", {"version": "1", "reason": garden.word()})
    witness.sees("cancelling", cancelled)
    export = person.post("/activity/export", {"about": "day", "of": "2026-11-23"})
    witness.sees("exporting", export)
    assert garden.found_in(export.text)


NOBODY = UUID("018f0000-0000-7000-8000-00000000dead")


def stored_in_dynamo(database: Database) -> str:
    client, prefix = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"]
    pages = (client.get_paginator("scan").paginate(TableName=prefix + table) for table in TABLES)
    return repr([page["Items"] for each in pages for page in each])


def test_planted_values_are_on_pages_and_nowhere_else(
    sign_in: SignIn, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    garden = Garden()
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        people = plant(connection, clinic, garden)
        visits = [row[0] for row in connection.execute("select id from appointment order by starts_at").fetchall()]
    assert len(garden.planted) >= PLANTED
    witness = Witness(garden)
    person = sign_in(*StaffRole, at=NOW)
    walk(person, clinic, people, visits, witness)
    with person.client.session_transaction() as cookie:
        in_cookie = repr(dict(cookie))
    with database.administer() as connection:
        beside = repr(connection.execute(STORED_BESIDE).fetchall())
    output = capfd.readouterr()
    assert len(witness.shown) > SHOWN
    assert witness.leaked == []
    places = {"log": output.out + output.err, "cookie": in_cookie, "DynamoDB": stored_in_dynamo(database)}
    for name, text in {**places, "jobs and keys": beside}.items():
        assert len(text) > 0, name
        assert garden.found_in(text) == set(), name
    assert '"event": "request"' in places["log"]
