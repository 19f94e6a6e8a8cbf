"""What every answer carries, and what no request gets past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import request

from webapp import create_app
from webapp.security import BODY_BYTES, FORM_PARTS, HEADERS

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor
    from webapp.settings import Settings


def carries_headers(headers: object) -> bool:
    return all(headers.get(name) == value for name, value in HEADERS)  # type: ignore[attr-defined]


def test_every_status_carries_the_security_headers(app: Flask, visitor: Visitor, sign_in: SignIn) -> None:
    manager, patient = sign_in("manager"), sign_in("patient")
    answers = {
        200: manager.get("/jobs"),
        303: visitor.get("/jobs"),
        400: manager.client.post("/jobs/1/retry"),
        401: visitor.get("/jobs", fragment=True),
        403: patient.get("/jobs"),
        404: visitor.get("/no-such-page"),
        405: manager.post("/jobs"),
        413: manager.post("/jobs/1/retry", {"word": "x" * BODY_BYTES}),
        422: visitor.post("/sign-in", {"email": "", "password": ""}),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert carries_headers(answer.headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert {"HX-Request-Type", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_static_files_carry_them_too_and_may_be_kept(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        url = app.jinja_env.globals["asset"]("app.css")  # type: ignore[operator]
    first = visitor.get(url)
    again = visitor.get(url, headers={"If-None-Match": first.headers["ETag"]}) if "ETag" in first.headers else None
    later = visitor.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert first.status_code == 200
    assert later.status_code == 304
    for answer in filter(None, (first, again, later)):
        assert carries_headers(answer.headers)
    assert "immutable" in first.headers["Cache-Control"]
    assert visitor.get("/static/vendor/../../wsgi.py").status_code == 404
    assert visitor.get("/static/app.js").status_code == 404


def test_the_policy_lets_nothing_run_that_is_not_ours() -> None:
    policy = dict(HEADERS)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    for directive in ("script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a b", ""])
def test_an_unknown_host_is_refused(app: Flask, host: str) -> None:
    answer = app.test_client().get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert carries_headers(answer.headers)


def test_a_cookie_on_https_is_host_bound(settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://clinic.example", allowed_hosts=("clinic.example",)))
    answer = app.test_client().get("/sign-in", base_url="https://clinic.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-anteroom=")
    assert all(flag in cookie for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_a_cookie_on_loopback_is_not_secure_but_closed_to_scripts(app: Flask, visitor: Visitor) -> None:
    answer = app.test_client().get("/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("anteroom=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Strict-Transport-Security" not in answer.headers


def test_forwarded_headers_count_only_from_the_fixed_number_of_proxies(settings: Settings) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    for hops, expected in ((0, ("http", "127.0.0.1")), (1, ("https", "198.51.100.7"))):
        app = create_app(replace(settings, proxy_hops=hops))
        seen: list[tuple[str, str | None]] = []
        app.before_request(lambda seen=seen: seen.append((request.scheme, request.remote_addr)))
        app.test_client().get("/livez", headers=forged)
        assert seen == [expected]


def test_a_forwarded_host_is_never_believed(settings: Settings) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "81",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Server": "evil.example",
        "Forwarded": "host=evil.example;proto=https",
        "X-Original-Host": "evil.example",
    }
    for hops in (0, 1, 2):
        app = create_app(replace(settings, proxy_hops=hops))
        answer = app.test_client().get("/board", headers=forged)
        assert answer.status_code == 303
        assert "evil" not in str(answer.headers) + answer.text


def test_a_missing_hop_is_no_reason_to_believe_what_a_client_wrote(settings: Settings) -> None:
    app = create_app(replace(settings, proxy_hops=2))
    seen: list[str | None] = []
    app.before_request(lambda: seen.append(request.remote_addr))
    for said in ("203.0.113.9", "198.51.100.1, 203.0.113.9, 192.0.2.7"):
        app.test_client().get("/livez", headers={"X-Forwarded-For": said})
    assert seen == ["127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize("host", ["10.0.3.7:8000", "ip-10-0-3-7.internal", ""])
def test_a_balancer_looks_in_by_the_address_of_the_machine_and_gets_nowhere_else(app: Flask, host: str) -> None:
    client = app.test_client()
    assert client.get("/readyz", headers={"Host": host}).status_code == 200
    assert client.get("/livez", headers={"Host": host}).status_code == 200
    assert client.get("/sign-in", headers={"Host": host}).status_code == 400
    assert client.get("/readyz/", headers={"Host": host}).status_code == 400


@pytest.fixture
def failed_job(database: Database) -> int:
    with database.administer() as connection:
        row = connection.execute(
            "insert into jobs.procrastinate_jobs (queue_name, task_name, status)"
            " values ('q', 't', 'failed') returning id"
        ).fetchone()
    assert row is not None
    return int(row[0])


def state(database: Database, job: int) -> str:
    with database.administer() as connection:
        row = connection.execute("select status::text from jobs.procrastinate_jobs where id = %s", (job,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_post_of_our_own_page_passes(sign_in: SignIn, failed_job: int, database: Database) -> None:
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert sign_in("manager").post(f"/jobs/{failed_job}/retry", headers=ours).status_code == 303
    assert state(database, failed_job) == "todo"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
        {"Origin": "http://["},
    ],
)
def test_a_post_that_another_site_started_has_no_effect(
    sign_in: SignIn, failed_job: int, database: Database, headers: dict[str, str]
) -> None:
    assert sign_in("manager").post(f"/jobs/{failed_job}/retry", headers=headers).status_code == 400
    assert state(database, failed_job) == "failed"


@pytest.mark.parametrize("token", [None, "", "forged", "somebody else's"])
def test_a_post_without_this_browsers_token_has_no_effect(
    sign_in: SignIn, failed_job: int, database: Database, token: str | None
) -> None:
    manager = sign_in("manager")
    form = {"_key": str(uuid4())}
    if token is not None:
        form["csrf_token"] = sign_in("manager").csrf_token if "else" in token else token
    assert manager.client.post(f"/jobs/{failed_job}/retry", data=form).status_code == 400
    assert state(database, failed_job) == "failed"


def test_too_many_parts_are_refused_before_they_are_read(sign_in: SignIn) -> None:
    form = {f"field{number}": "x" for number in range(FORM_PARTS + 1)}
    answer = sign_in("manager").post("/jobs/1/retry", form, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.parametrize("text", ["\0", "\ud800", "💊" * 50, "x" * 10_000, "NaN", "-1", "9999-99-99"])
@pytest.mark.parametrize("path", ["/sign-in?next=", "/jobs?page="])
def test_odd_text_is_no_error_of_ours(sign_in: SignIn, path: str, text: str) -> None:
    answer = sign_in("manager").get(path + quote(text, errors="surrogatepass"))
    assert answer.status_code < 500


def test_a_nul_in_any_field_is_refused(sign_in: SignIn) -> None:
    manager = sign_in("manager")
    assert manager.post("/search", {"q": "a\x00b"}).status_code == 400
    assert manager.post("/patients/new", {"given": "a\0b"}).status_code == 400


def test_a_get_twice_changes_nothing(sign_in: SignIn, database: Database, failed_job: int) -> None:
    manager = sign_in("manager")
    for _ in range(2):
        assert manager.get(f"/jobs/{failed_job}/retry").status_code == 405
    assert state(database, failed_job) == "failed"


@pytest.mark.parametrize("query", ["\xff", "a=\xff\xfe", "next=\x80", "\xed\xa0\x80=1"])
@pytest.mark.parametrize("path", ["/board", "/sign-in", "/nothing"])
def test_raw_bytes_in_an_address_are_text_for_everybody_who_reads_it(
    sign_in: SignIn, visitor: Visitor, path: str, query: str
) -> None:
    for person in (sign_in("receptionist"), visitor):
        answer = person.client.get(path, environ_overrides={"QUERY_STRING": query})
        assert answer.status_code < 500
        assert answer.headers.get("Location", "/").isascii()
