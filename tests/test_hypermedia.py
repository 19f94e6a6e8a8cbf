"""Page or fragment, toast or redirect: what htmx 4 is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response
from jinja2 import DictLoader

from webapp import hypermedia, toasts
from webapp.hypermedia import is_own, page, see, unchanged

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

DRAWER = "{% block drawer %}<aside>{{ word }}</aside>{% endblock %}"
PAGE = (
    f"<html>{{% block body %}}<main>{{{{ word }}}}{DRAWER}</main>{{% endblock %}}"
    """
{% for toast in toasts %}<p class="toast">{{ toast.text }}</p>{% endfor %}</html>"""
)
TOASTS = "{% for toast in toasts %}<hx-partial>{{ toast.text }}</hx-partial>{% endfor %}"

toasts.say("trial_done", "It is done.")


@pytest.fixture
def small() -> Flask:
    """A small application of its own: hypermedia alone, with two templates."""
    small = Flask("small")
    small.secret_key = "x" * 32
    small.jinja_loader = DictLoader({"page.html": PAGE, "fragment/toasts.html": TOASTS})
    hypermedia.init_app(small)
    small.add_url_rule("/sign-in", "identity.sign_in", lambda: "")

    @small.get("/page")
    def show() -> Response:
        return unchanged("r7") or page("page.html", block="body", targets={"drawer": "drawer"}, tag="r7", word="<oak>")

    @small.post("/page")
    def change() -> Response:
        return hypermedia.done("trial_done", "/page?x=1", visit="7")

    @small.get("/closed")
    def closed() -> Response:
        return hypermedia.sign_in()

    return small


def ask(app: Flask, **headers: str) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get("/page", headers=given)


def test_a_browser_gets_the_whole_page(small: Flask) -> None:
    assert ask(small).text.startswith("<html><main>&lt;oak&gt;<aside>")


def test_a_partial_request_gets_the_block_alone(small: Flask) -> None:
    answer = ask(small, HX_Request="true", HX_Request_Type="partial")
    assert answer.text == "<main>&lt;oak&gt;<aside>&lt;oak&gt;</aside></main>"


def test_the_target_chooses_among_the_blocks(small: Flask) -> None:
    headers = {"HX_Request": "true", "HX_Request_Type": "partial"}
    assert ask(small, **headers, HX_Target="aside#drawer").text == "<aside>&lt;oak&gt;</aside>"
    assert ask(small, **headers, HX_Target="div#other").text.startswith("<main>")


@pytest.mark.parametrize(
    "headers",
    [
        {"HX_Request": "true", "HX_Request_Type": "full"},
        {"HX_Request": "true"},
        {"HX_Request_Type": "partial"},
        {"HX_History_Restore_Request": "true", "HX_Request_Type": "full"},
        {"HX_Request": "true", "HX_Target": "aside#drawer", "HX_Boosted": "true"},
    ],
)
def test_the_request_type_alone_makes_a_fragment(small: Flask, headers: dict[str, str]) -> None:
    assert ask(small, **headers).text.startswith("<html>")


def test_answers_say_what_they_depend_on_and_are_not_kept(small: Flask) -> None:
    answer = ask(small)
    assert {"HX-Request-Type", "HX-Target", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_poll_with_the_same_tag_gets_304_without_a_body(small: Flask) -> None:
    poll = {"HX_Request": "true", "HX_Request_Type": "partial"}
    same = ask(small, **poll, HX_PTag="r7")
    assert (same.status_code, same.data, same.headers["HX-PTag"]) == (304, b"", "r7")
    other = ask(small, **poll, HX_PTag="r6")
    assert (other.status_code, other.headers["HX-PTag"]) == (200, "r7")
    assert ask(small, HX_PTag="r7").status_code == 200


def test_a_change_answers_303_and_the_next_page_says_it_once(small: Flask) -> None:
    client = small.test_client()
    answer = client.post("/page")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/page?x=1")
    assert '<p class="toast">It is done.</p>' in client.get("/page").text
    assert "It is done." not in client.get("/page").text


def test_the_toast_of_a_fragment_travels_beside_it(small: Flask) -> None:
    client = small.test_client()
    answer = client.post("/page", headers={"HX-Request": "true", "HX-Request-Type": "partial"}, follow_redirects=True)
    assert answer.text.endswith("</main><hx-partial>It is done.</hx-partial>")


def test_the_cookie_holds_the_code_and_never_the_words(small: Flask) -> None:
    from flask.sessions import SecureCookieSessionInterface

    client = small.test_client()
    client.post("/page")
    cookie = client.get_cookie("session")
    assert cookie is not None
    serializer = SecureCookieSessionInterface().get_signing_serializer(small)
    assert serializer is not None
    assert serializer.loads(cookie.value) == {"_flashes": [("message", "trial_done")]}


def test_a_client_that_never_looks_keeps_a_small_cookie(small: Flask) -> None:
    client = small.test_client()
    for _ in range(300):
        client.post("/page")
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) < 500


@pytest.mark.parametrize(
    "location", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "evil", "", "/a\nb", "/\x7f"]
)
def test_no_redirect_leaves_the_site(small: Flask, location: str) -> None:
    assert not is_own(location)
    with small.test_request_context(), pytest.raises(ValueError, match="never elsewhere"):
        see(location)


@pytest.mark.parametrize("location", ["/", "/board?view=list", "/patients/1#top", "/a//b"])
def test_our_own_paths_are_ours(location: str) -> None:
    assert is_own(location)


@pytest.mark.parametrize(
    ("current", "back"),
    [
        ("http://localhost/board?view=list", "%2Fboard%3Fview%3Dlist"),
        ("https://evil.example/board", "%2F"),
        ("http://localhost//evil.example", "%2F"),
        ("http://[", "%2F"),
        ("", "%2F"),
    ],
)
def test_a_fragment_without_a_session_comes_back_to_its_page(small: Flask, current: str, back: str) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": current}
    answer = small.test_client().get("/closed?half=1", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == f"/sign-in?next={back}"


def test_a_page_without_a_session_comes_back_to_itself(small: Flask) -> None:
    answer = small.test_client().get("/closed?day=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fclosed%3Fday%3D1")


def test_a_code_has_one_text() -> None:
    toasts.say("trial_done", "It is done.")
    with pytest.raises(ValueError, match="two toasts"):
        toasts.say("trial_done", "It is undone.")
    assert toasts.toast_of("a code of another version").text == toasts.toast_of("saved").text
