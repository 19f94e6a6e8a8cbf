"""A hostile client: every field of every form takes every nasty value; no 5xx, and what is refused changes no row.

Forms are sent as our own pages fill them, with one thing wrong each, so that a request gets as far as it can.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.morning import clinic, eight_in_the_morning
from tests.practice.sendings import settings_of
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "eight_in_the_morning"]

VALUES_A_FIELD = 3
ABSENT = object()
NOBODY = "018f0000-0000-7000-8000-00000000dead"
NASTY: tuple[Any, ...] = (
    ABSENT, "", " ", "\0", "\ud800", "💊" * 300, "\u202eevil", "\x1b[31m", "\x85", "\u2028", "\ufeff",
    "0", "-1", "1e400", "NaN", "-Infinity", "9" * 40, "9" * 5000, "0" * 5000, "٣", "²", "1_0", "+1", "0x10", "1.0",
    str(2**31), str(2**63), str(-(2**63) - 1),
    "0000-00-00", "0000-01-01", "0001-01-01", "9999-12-31", "2026-02-30", "2026-W48-1", "20261123", "-0001-01-01",
    "0001-01-01T00:00Z", "9999-12-31T23:55Z", "2199-12-31T23:55Z", "1900-01-01T00:00Z", "2026-11-23T15:03Z",
    "2026-11-23T25:61Z", "2026-11-23T15:00:00+00:00", "2026-11-01T05:30Z", "2026-11-23T15:00ZZ",
    NOBODY, "00000000-0000-0000-0000-000000000000", f"{{{NOBODY}}}", f"urn:uuid:{NOBODY}", "٠١٨" + NOBODY[3:],
    "' or 1=1 --", "%", "_", "\\", "%s", "%(x)s", ":x", "{0.__class__}", "{{7*7}}", "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b", "//evil.example", "/\\evil.example", "javascript:alert(1)",
    "/board/9999-12-31", "/board/2026-11-23?" + "provider=x&" * 300, "/board/?[", "/patients/" + "a" * 9000,
    "/patients/é💊", "/patients/[", "/patients/\x7f", "x" * 5000, "a b " * 3000, "((((((((", "&&&& | !",
    ["1", "2"], [""] * 200,
)  # fmt: skip
HUGE = ("9" * 5000, "/patients/" + "a" * 9000)
EXTRA = {
    "id": NOBODY, "status": "finished", "price_cents": "0", "actor": NOBODY, "booked_by": NOBODY, "via": "portal",
    "lane": "1", "role": "manager", "account_id": NOBODY, "patient_id": NOBODY,
}  # fmt: skip
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
HEADERS: tuple[dict[str, str], ...] = (
    {},
    FRAGMENT,
    {**FRAGMENT, "HX-Target": "dialog#dialog", "HX-Current-URL": "http://["},
    {**FRAGMENT, "HX-Target": "aside#drawer", "HX-PTag": "x"},
    {**FRAGMENT, "HX-Target": "main#board", "Accept-Encoding": "gzip;q=x, *;q=9"},
    {"HX-Request": "%", "HX-Request-Type": "full", "HX-Target": "#", "Referer": "http://[::1", "X-Poll": "x"},
    {"Accept-Language": "x" * 500, "If-None-Match": "*", "Range": "bytes=9-1", "If-Modified-Since": "never"},
    {"HX-History-Restore-Request": "true", "Authorization": "Basic x", "Accept": "application/json"},
)
# Every table that a request could write to: most by their trail, the others by themselves.
ROWS = """
    select (select count(*) from audit), (select count(*) from appointment_history), (select count(*) from idempotency),
        (select count(*) from occupancy), (select count(*) from resource), (select sum(version) from resource),
        (select count(*) from jobs.procrastinate_events)
"""


@dataclass(frozen=True)
class Sending:
    """One form or address of ours, filled as our own pages fill it."""

    method: str
    path: str
    fields: dict[str, str]

    def spoilt(self, chance: random.Random) -> Iterator[dict[str, Any]]:
        """The fields with one of them spoilt, one twice, or one more than any page of ours has."""
        for name, good in self.fields.items():
            for value in [*chance.sample(NASTY, VALUES_A_FIELD), *HUGE, [good, "2"]]:
                fields: dict[str, Any] = {**self.fields, name: value}
                yield {each: found for each, found in fields.items() if found is not ABSENT}
        if self.method == "POST":
            yield from ({name: value, **self.fields} for name, value in EXTRA.items())


Everywhere = Callable[[], list[Sending]]


@pytest.fixture
def everywhere(database: Database, clinic: Clinic) -> Everywhere:
    """Make the sendings, each about a visit or job of its own."""

    def made() -> list[Sending]:
        with database.administer() as connection:
            starts = iter(clock_time(9 + n // 3, n % 3 * 20) for n in range(20))

            def visit() -> UUID:
                return factories.appointment(connection, clinic, next(starts))

            forms = [*posts(clinic, visit, failed_job(connection)), *(Sending(*each) for each in settings_of(clinic))]
            return [*log(clinic), *forms, *gets(clinic, visit())]

    return made


def failed_job(connection: Any) -> int:
    row = connection.execute(
        "insert into jobs.procrastinate_jobs (queue_name, task_name, status) values ('q', 't', 'failed') returning id"
    ).fetchone()
    return int(row[0])


def log(clinic: Clinic) -> list[Sending]:
    """The pages of the activity log; asked first, as long as there is little in it."""
    patient, kind = str(clinic.patients[1]), {"action": "opened", "role": "biller"}
    return [
        Sending("POST", "/activity/find", {"number": "12"}),
        Sending("POST", "/activity/export", {"about": "day", "of": "2026-11-23", **kind}),
        Sending("GET", "/activity", {"day": "2026-11-23", "before": "2026-11-23T15:00:00.000000Z#x", **kind}),
        Sending("GET", f"/activity/patients/{patient}", {"before": "x", **kind}),
        Sending("GET", f"/activity/people/{NOBODY}", {"before": "x", **kind}),
    ]


def posts(clinic: Clinic, visit: Callable[[], UUID], job: int) -> list[Sending]:
    place = {"provider": str(clinic.providers[1]), "location": str(clinic.location)}
    at = {"starts_at": "2026-11-23T21:00Z"}
    wanted = {"patient": str(clinic.patients[1]), "service": str(clinic.service), **place, **at, "note": "by phone"}
    step = {"version": "1", "back": f"/board/2026-11-23?view=list&provider={clinic.providers[0]}"}
    person = {"given": "Ana", "family": "Ruiz", "birth_date": "3/4/1973", "phone": "(207) 555-0142"}
    more = {"gender": "female", "email": "ana@example.com", "then": "book", "despite_duplicates": "1"}
    contact = {"phone": "(207) 555-0142", "email": "", "line": "1 Main St", "city": "Bath", "language": "es"}
    account = {"role": "auditor", "seen": "biller", "provider": ""}
    return [
        *(Sending("POST", f"/appointments/{visit()}/{name}", step) for name in ("confirm", "check-in", "no-show")),
        Sending("POST", "/book", wanted),
        Sending("POST", f"/appointments/{visit()}/move", {**place, **at, "version": "1"}),
        Sending("POST", f"/appointments/{visit()}/cancel", {"reason": "other", "other": "moved", "version": "1"}),
        Sending("POST", "/patients/new", person | more),
        Sending("POST", f"/patients/{clinic.patients[0]}/contact", {**contact, "version": "1"}),
        Sending("POST", "/accounts/invite", {"display_name": "Ana", "email": "a@b.example", "role": "auditor"} | place),
        *(Sending("POST", f"/accounts/{NOBODY}/{name}", account) for name in ("roles", "disable", "end-sessions")),
        Sending("POST", f"/jobs/{job}/retry", {}),
        Sending("POST", "/sign-in", {"email": "nobody@anteroom.example", "password": "wrong", "next": "/board"}),
        Sending("POST", "/sign-in/new-password", {"new_password": "a long new password"}),
    ]


def gets(clinic: Clinic, visit: UUID) -> list[Sending]:
    place = {"provider": str(clinic.providers[1]), "location": str(clinic.location)}
    patient = str(clinic.patients[1])
    wanted = {"patient": patient, "service": str(clinic.service), **place, "at": "2026-11-23T18:00Z"}
    week = {"week": "2026-11-23", "half": "am"}
    seen = {"view": "list", "status": "booked", **place, "visit": str(visit)}
    return [
        Sending("GET", "/sign-in", {"next": "/board"}),
        Sending("GET", "/board", seen),
        Sending("GET", "/board/2026-11-23", seen),
        Sending("POST", "/search", {"q": "jimenez 3/4/1973", "for": "book", **wanted}),
        Sending("GET", "/patients", {"q": "ji", "for": "book"}),
        Sending("GET", f"/patients/{patient}", {"tab": "visits"}),
        Sending("GET", "/patients/new", {"then": "book"}),
        Sending("GET", "/book", wanted | week),
        Sending("GET", f"/appointments/{visit}/move", {**place, "at": "2026-11-23T18:00Z", **week}),
        Sending("GET", f"/patients/{clinic.patients[0]}", {"tab": "summary"}),
        Sending("GET", f"/patients/{clinic.patients[0]}/contact", {"then": "x"}),
        Sending("GET", "/accounts", {"q": "x"}),
        Sending("GET", "/accounts/invite", {"role": "manager"}),
        Sending("GET", "/jobs", {"page": "1"}),
    ]


def rows(database: Database) -> tuple[Any, ...]:
    with database.administer() as connection:
        return connection.execute(ROWS).fetchone() or ()


def sendable(value: Any) -> Any:
    """Lone surrogates as the bytes that a client without scruples would send."""
    if isinstance(value, list):
        return [sendable(each) for each in value]
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if "\ud800" in value else value


def send(person: Visitor, sending: Sending, fields: dict[str, Any], headers: dict[str, str]) -> TestResponse:
    form = {name: sendable(value) for name, value in fields.items()}
    if sending.method == "POST":
        return person.post(sending.path, form, headers=headers)
    return person.get(sending.path, query_string=form, headers=headers)


def test_a_spoilt_form_is_never_our_error_and_changes_nothing_when_refused(
    sign_in: SignIn, database: Database, everywhere: Everywhere
) -> None:
    person, chance = sign_in(*StaffRole, at=NOW), random.Random(7)
    before, wrong, sent = rows(database), [], 0
    for sending in everywhere():
        before = rows(database)
        for fields in sending.spoilt(chance):
            headers = chance.choice(HEADERS)
            status = send(person, sending, fields, headers).status_code
            after = rows(database)
            changed = after != before
            if status >= 500 or (changed and (status >= 400 or sending.method == "GET")):
                wrong.append((sending.path, status, changed, headers, {k: str(v)[:80] for k, v in fields.items()}))
            before, sent = after, sent + 1
    assert wrong == []
    assert sent > 300


def test_a_field_that_no_page_has_is_refused(sign_in: SignIn, database: Database, everywhere: Everywhere) -> None:
    """Price, state, actor: what the server decides is not even looked at."""
    person = sign_in(*StaffRole, at=NOW)
    for sending in everywhere():
        if sending.path.endswith(("/book", "/move", "/cancel", "/patients/new")) and sending.method == "POST":
            before = rows(database)
            for name, value in EXTRA.items():
                answer = person.post(sending.path, {**sending.fields, name: value})
                assert answer.status_code == 422, (sending.path, name)
            assert rows(database) == before


BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b'{"_key": "x"}'),
    ("application/x-www-form-urlencoded", b"%" * 1000 + b"&=&=&;=\xff\xfe\x00=%00%ff"),
    ("application/x-www-form-urlencoded", b"a=1&" * 60_000),
    ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-script+AD4-"),
    ("application/x-www-form-urlencoded", b"x" * (10 * 1024 * 1024)),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="version"\r\n'),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 10_000),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=version; filename=../x; x=%ff\r\n\r\n\xff\xfe\r\n--x--\r\n",
    ),
    ("text/plain; charset=nonsense", b"\xff" * 100),
    ("", b"_key=x"),
)  # fmt: skip


def test_a_body_that_is_no_form_is_refused(sign_in: SignIn, database: Database, everywhere: Everywhere) -> None:
    person = sign_in(*StaffRole, at=NOW)
    sendings = [
        sending
        for sending in everywhere()
        if sending.method == "POST" and not sending.path.startswith(("/sign-in", "/search", "/activity"))
    ]
    before = rows(database)
    for sending in sendings:
        for kind, body in BODIES:
            headers = {"X-CSRFToken": person.csrf_token}
            answer = person.client.post(sending.path, data=body, content_type=kind, headers=headers)
            assert answer.status_code in {400, 404, 413, 422}, (sending.path, kind, body[:60])
    assert rows(database) == before
