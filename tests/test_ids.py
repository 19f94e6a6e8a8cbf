"""Ids that are nobody's, somebody else's or no ids at all: 404, and nothing in the answer tells one from another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.access_rows import NOBODYS_ID, OPEN, address, doors
from tests.morning import clinic, on_the_hour
from tests.stack.people import FRAGMENT
from tests.test_every_door import ask
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "on_the_hour"]

# What one answer has and no other: reference, one-time key, form guard, whole seconds of the session, its own address.
OWN = re.compile(
    r'\b[0-9A-F]{10}\b|(?<=name="_key" value=")[^"]+|(?<=name="csrf_token" value=")[^"]+'
    r'|(?<=id="session-token" content=")[^"]+|(?<=/sign-in\?next=)[^"]+'
)
NO_NUMBERS = ("x", "-1", "1.5", "0x10", "9" * 5000, "%31%00", str(2**63), "١")
NO_DAYS = ("2026-02-30", "0000-00-00", "2026-2-3", "20260203", "2026-02-03T00:00", "x", "%00", "٢٠٢٦-١١-٢٣")


def no_uuids(text: str) -> Iterator[str]:
    """Spellings that are no id of ours, and some of one that is nobody's."""
    yield from ("x", "0", "null", "%00", "%20", "..%2f..%2fetc%2fpasswd", quote("' or 1=1 --"), quote("💊"))
    yield from (text[:-1], text + "0", text.replace("-", ""), f"%7B{text}%7D", f"urn:uuid:{text}", text * 100)
    yield from (text.upper(), "".join(f"%{ord(each):02x}" for each in text), f"{text}%0a", f"%20{text}")
    yield "00000000-0000-0000-0000-000000000000"
    yield "٠١٨" + text[3:]


@pytest.fixture
def everybody(sign_in: SignIn, clinic: Clinic, on_the_hour: datetime) -> Visitor:
    """Somebody who may come in by every door, in a clinic that has people and things."""
    return sign_in(*StaffRole, at=on_the_hour)


def plain(answer: TestResponse) -> str:
    return OWN.sub("…", answer.text)


def spellings(clinic: Clinic, name: str, kind: str, own: str) -> list[str]:
    """What stands in the place of an id: nobody's, ids of other kinds of things than `name` says, and no ids."""
    if kind == "IntegerConverter":
        return [own, *NO_NUMBERS]
    if kind == "DayConverter":
        return list(NO_DAYS)
    things = {
        "location_id": clinic.location,
        "service_id": clinic.service,
        "provider_id": clinic.providers[0],
        "room_id": clinic.rooms[0],
    }
    return [own, *(str(thing) for other, thing in things.items() if other != name), *no_uuids(own)]


def asked(app: Flask, clinic: Clinic) -> Iterator[tuple[Rule, str, str]]:
    """Every route with an id, by each of its methods, with everything that is not an id of its kind."""
    for rule, method in doors(app):
        if (rule.endpoint, method) in OPEN:
            # Doors without a session have pages of their own, and forms refused before an address is looked at.
            continue
        kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
        for name, kind in kinds.items():
            own = {"IntegerConverter": "4711", "DayConverter": "2020-02-29"}.get(kind, str(NOBODYS_ID))
            for spelling in spellings(clinic, name, kind, own):
                yield rule, method, address(app, rule).replace(own, spelling)


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_what_is_not_there_looks_the_same_whatever_it_is(
    app: Flask, everybody: Visitor, clinic: Clinic, *, fragment: bool
) -> None:
    first: dict[str, str] = {}
    wrong, count = {}, 0
    for rule, method, url in asked(app, clinic):
        answer = ask(everybody, method, url, headers=FRAGMENT if fragment else {})
        expected = first.setdefault(method, plain(answer)).splitlines()
        told = [line for line in plain(answer).splitlines() if line not in expected]
        if answer.status_code != 404 or told:
            wrong[rule.endpoint, method, url] = (answer.status_code, told)
        count += 1
    assert wrong == {}
    assert count > 500
