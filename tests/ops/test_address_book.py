"""The list of addresses in the documents is the one that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stack.services import REPOSITORY
from webapp.ops.address_book import as_markdown

if TYPE_CHECKING:
    from flask import Flask


def test_the_documents_know_every_address(app: Flask) -> None:
    written = (REPOSITORY / "docs" / "addresses.md").read_text("utf-8")
    assert as_markdown(app) == written, "write it anew: flask --app wsgi addresses > docs/addresses.md"
