"""Pages travel compressed to those who accept it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response

from webapp import compression

if TYPE_CHECKING:
    from flask.testing import FlaskClient

LONG = "<p>a visit</p>" * 1000
ASKS = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("trial")
    compression.init_app(app)
    app.add_url_rule("/long", "long", lambda: LONG)
    app.add_url_rule("/short", "short", lambda: "<p>Saved</p>")
    app.add_url_rule("/text", "text", lambda: Response(LONG, mimetype="text/calendar"))
    return app.test_client()


def test_a_long_page_is_compressed_and_says_the_same(client: FlaskClient) -> None:
    answer = client.get("/long", headers=ASKS)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < 1000
    assert gzip.decompress(answer.data).decode() == LONG


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0"])
def test_who_does_not_accept_it_gets_the_page_as_it_is(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/long", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.text == LONG


@pytest.mark.parametrize("path", ["/short", "/text"])
def test_short_pages_and_files_stay_as_they_are(client: FlaskClient, path: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers=ASKS).headers


def test_caches_are_told_that_it_depends_on_what_is_accepted(client: FlaskClient) -> None:
    assert "Accept-Encoding" in client.get("/long").headers["Vary"]


def test_the_size_of_the_same_page_varies(client: FlaskClient) -> None:
    assert len({len(client.get("/long", headers=ASKS).data) for _ in range(20)}) > 1
