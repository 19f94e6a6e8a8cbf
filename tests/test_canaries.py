"""Names no other page has: where one is shown, the record of access says so; and they turn up nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.morning import eight_in_the_morning
from tests.stack.people import Visitor
from tests.stack.proxy import ACTIVITY, CutAt, Proxy
from webapp import create_app, metrics
from webapp.db import db
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.settings import Settings

__all__ = ["eight_in_the_morning"]

PEOPLE = 4
TODAY = "/board/2026-11-23"
TARGETS = ("board", "drawer", "panel", "main", "dialog", "omnibox-results", "search-results", "book-bar", "move-bar")
LINES = ("qzanary", "qzanarya, xi tue 3pm osei follow", "qzanary tue 3pm follow", "follow qzan", "today 9am", "today")
WORDS = ("Qzanary", "qzanary", "5550173", "555-0173", "qzanary@example.com")
"""Beginnings of names, a phone number and an address that nobody else in the tests has."""


@dataclass(frozen=True)
class Scene:
    """A clinic whose patients have names like no word of ours, with a visit each."""

    clinic: Clinic
    patients: dict[str, UUID]
    visits: tuple[UUID, ...]


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        patients, visits = {}, []
        for n in range(PEOPLE):
            name, day = f"Qzanary{'abcdefgh'[n]}", NOW.date().replace(day=23 if n < PEOPLE - 1 else 16)
            keys = {"family_key": name.lower(), "given_key": "xi", "name_key": f"xi {name.lower()}"}
            patients[name] = factories.patient(connection, given="Xi", family=name, **keys)
            factories.phone(connection, patients[name], f"(207) 555-017{n}")
            starts = clock_time(9 + n, day=day)
            status = "finished" if n == PEOPLE - 1 else "booked"
            visits.append(factories.appointment(connection, clinic, starts, patient_id=patients[name], status=status))
    return Scene(clinic, patients, tuple(visits))


Ask = Callable[[], "TestResponse"]


def reads(person: Visitor, scene: Scene) -> dict[str, Ask]:
    """Every page and fragment that could show a name."""
    visit, over, clinic = scene.visits[0], scene.visits[-1], scene.clinic
    patient, other = list(scene.patients.values())[:2]
    wanted = f"patient={patient}&service={clinic.service}&provider={clinic.providers[1]}"
    pages = [
        "/", "/home", "/activity", f"/activity/patients/{patient}", "/accounts", "/roles", "/me", "/jobs",
        "/styleguide", "/board", TODAY, f"{TODAY}?view=list", f"{TODAY}?status=booked",
        f"{TODAY}?visit={visit}", f"/appointments/{visit}", f"/appointments/{visit}/move",
        f"/patients/{patient}/contact", f"/appointments/{visit}/cancel", f"/appointments/{over}/move",
        f"/appointments/{over}/cancel", "/patients", "/search", f"/patients/{patient}",
        f"/patients/{patient}?tab=visits", "/patients/new", "/book", f"/book?{wanted}",
        f"/book?{wanted}&at=2026-11-23T15:00Z", "/board/2026-11-16", f"/patients/{patient}/death",
        f"/patients/{patient}/merge", f"/patients/{patient}/merge/{other}",
    ]  # fmt: skip
    asked: dict[str, Ask] = {path: lambda path=path: person.get(path) for path in pages}  # type: ignore[misc]
    for target in TARGETS:
        for path in pages[9:]:
            asked[f"{path} in {target}"] = lambda path=path, target=target: person.get(  # type: ignore[misc]
                path, fragment=True, target=target
            )
        searches = [{"q": typed, "for": "book"} for typed in ("qzanary", "555-0171", "nobody")]
        if target == "omnibox-results":
            searches += [{"q": typed} for typed in LINES]
            searches += [{"q": "qzanary", "for": "merge", "patient": str(patient)}]
        for form in searches:
            into = {"HX-Target": f"div#{target}"}
            asked[f"{form} in {target}"] = lambda form=form, into=into: person.post(  # type: ignore[misc]
                "/search", form, fragment=True, headers=into
            )
    return asked


def refusals(person: Visitor, scene: Scene) -> dict[str, Ask]:
    """Forms that are refused: what comes back shows people, too."""
    first, second, clinic = scene.visits[0], scene.visits[1], scene.clinic
    names = list(scene.patients)
    alike = {"given": "Xi", "family": names[2], "birth_date": "3/4/1973", "phone": "(207) 555-0172"}
    taken = {
        "patient": str(scene.patients[names[3]]),
        "service": str(clinic.service),
        "location": str(clinic.location),
        "provider": str(clinic.providers[0]),
        "starts_at": "2026-11-23T14:00Z",
    }
    sent: dict[str, tuple[str, dict[str, Any]]] = {
        "stale": (f"/appointments/{first}/check-in", {"version": "7", "back": f"{TODAY}?view=list"}),
        "too early": (f"/appointments/{first}/no-show", {"version": "1", "back": f"{TODAY}?visit={first}"}),
        "nonsense": (f"/appointments/{first}/confirm", {"version": "x", "back": "x"}),
        "no reason": (f"/appointments/{second}/cancel", {"version": "1"}),
        "nowhere to go": (f"/appointments/{second}/move", {"version": "1", "starts_at": "2026-11-23T14:00Z"}),
        "taken": ("/book", taken),
        "nothing chosen": ("/book", {"patient": taken["patient"]}),
        "alike": ("/patients/new", alike),
        "no phone": (f"/patients/{taken['patient']}/contact", {"version": "1"}),
        "no date": (f"/patients/{taken['patient']}/death", {"version": "1"}),
        "not dead": (f"/patients/{taken['patient']}/death/undo", {"version": "1"}),
        "not said": (f"/patients/{taken['patient']}/merge/{scene.patients[names[0]]}", {}),
        "itself": (f"/patients/{taken['patient']}/merge/{taken['patient']}", {"stays": taken["patient"]}),
        "old contact": (f"/patients/{taken['patient']}/contact", {"version": "7", "phone": "(207) 555-0173"}),
    }
    asked: dict[str, Ask] = {}
    for name, (path, form) in sent.items():
        for target in ("", "drawer", "dialog", "board"):
            headers = (
                {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"div#{target}"} if target else {}
            )
            asked[f"{name} in {target}"] = lambda path=path, form=form, headers=headers: person.post(  # type: ignore[misc]
                path, form, headers=headers
            )
    return asked


class Records:
    """The activity table, read as it is."""

    def __init__(self, database: Database) -> None:
        self.client = database.stack.aws.client("dynamodb")
        self.table = database.environment["DYNAMO_PREFIX"] + "activity"
        self.known: set[tuple[str, str]] = set()
        self.new()

    def new(self) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        fresh = [item for item in items if (item["pk"]["S"], item["sk"]["S"]) not in self.known]
        self.known |= {(item["pk"]["S"], item["sk"]["S"]) for item in fresh}
        return fresh


def named(records: list[dict[str, Any]]) -> set[str]:
    """Ids of the patients whom records are about."""
    owners = {item["pk"]["S"].removeprefix("P#") for item in records}
    return owners.union(*(item.get("listed", {}).get("SS", ()) for item in records))


@pytest.fixture
def deaf(database: Database, settings: Settings, app: Flask) -> Iterator[Flask]:
    """An application whose DynamoDB reads sessions but never hears of activity."""
    wire = Proxy.before(settings.aws_endpoint_url)
    wire.mode = CutAt(ACTIVITY, after=None)
    deaf = create_app(replace(settings, aws_endpoint_url=wire.address))
    yield deaf
    wire.close()
    with deaf.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("kind", ["reads", "refusals"])
def test_nobody_is_shown_when_it_cannot_be_recorded(sign_in: SignIn, deaf: Flask, scene: Scene, kind: str) -> None:
    signed_in = sign_in(*StaffRole, patients=tuple(scene.patients.values()), at=NOW)
    client = deaf.test_client()
    client.set_cookie("anteroom", signed_in.cookie)
    person = Visitor(deaf, client, signed_in.account_id, signed_in.secret)
    shown, away = {}, 0
    for name, ask in (reads if kind == "reads" else refusals)(person, scene).items():
        answer = ask()
        away += answer.status_code == 503
        if any(word in answer.text for word in (*scene.patients, "555-017")) or answer.status_code == 500:
            shown[name] = answer.status_code
    assert shown == {}
    assert away > 10


@pytest.mark.parametrize("kind", ["reads", "refusals"])
def test_whoever_is_shown_is_in_the_record_of_that_request(
    sign_in: SignIn, database: Database, scene: Scene, kind: str
) -> None:
    person = sign_in(*StaffRole, patients=(next(iter(scene.patients.values())),), at=NOW)
    records, unrecorded, seen = Records(database), {}, 0
    for name, ask in (reads if kind == "reads" else refusals)(person, scene).items():
        answer = ask()
        shown = {str(patient) for word, patient in scene.patients.items() if word in answer.text}
        missing = shown - named(records.new())
        seen += bool(shown)
        if missing or answer.status_code >= 500:
            unrecorded[name] = (answer.status_code, len(missing))
    assert unrecorded == {}
    assert seen > 10


def test_names_are_in_no_header_no_log_no_key_no_cookie_and_no_metric(
    sign_in: SignIn, database: Database, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    person = sign_in(*StaffRole, at=NOW)
    for name, ask in {**reads(person, scene), **refusals(person, scene)}.items():
        headers = str(ask().headers)
        assert not any(word in headers for word in WORDS), name
    person.post(
        "/patients/new", {"given": "Xi", "family": "Qzanaryz", "birth_date": "1/1/1990", "phone": "207 555 0173"}
    )
    said = capfd.readouterr()
    assert not any(word in said.out + said.err for word in WORDS)
    numbers = metrics.written().decode()
    assert 'route="/patients/new"' in numbers
    assert not any(word in numbers for word in (*WORDS, *map(str, scene.patients.values()), *map(str, scene.visits)))
    for item in Records(database).client.scan(TableName=database.environment["DYNAMO_PREFIX"] + "activity")["Items"]:
        assert not any(word in str(item) for word in WORDS)
