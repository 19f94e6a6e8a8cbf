"""Every word goes through gettext: a catalog in another language is enough to speak it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from webapp import create_app, templating

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
METHODS = {"webapp": ("**.py", "python"), "templates": ("**.html", "jinja2")}


def messages() -> set[str]:
    """All texts that translators get."""
    found: set[str] = set()
    for folder, method in METHODS.items():
        for entry in extract_from_dir(ROOT / folder, [method], keywords=KEYWORDS):
            text = entry[2]
            found |= {text} if isinstance(text, str) else set(text)
    return found


@pytest.fixture
def spanish(settings: Settings, tmp_path: Path) -> Flask:
    catalog = Catalog(locale="es")
    catalog.add("Sign in", "Iniciar sesión")
    catalog.add("We could not find that. It may have been moved or removed.", "No lo encontramos.")
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app = create_app(settings)
    templating.translate(app, tmp_path)
    return app


def test_a_catalog_is_all_that_another_language_needs(spanish: Flask) -> None:
    page = spanish.test_client().get("/sign-in", headers={"Accept-Language": "es-MX,es;q=0.9"}).text
    assert "Iniciar sesión" in page
    assert '<html lang="es">' in page


def test_refusals_speak_it_too(spanish: Flask) -> None:
    assert "No lo encontramos." in spanish.test_client().get("/nothing", headers={"Accept-Language": "es"}).text


@pytest.mark.parametrize("asked", ["", "de", "en-GB", "*", "x-klingon;q=2", "../../etc"])
def test_everybody_else_is_spoken_to_in_english(spanish: Flask, asked: str) -> None:
    page = spanish.test_client().get("/sign-in", headers={"Accept-Language": asked}).text
    assert '<html lang="en">' in page
    assert "Sign in" in page


def test_translators_get_the_words_of_pages_and_refusals() -> None:
    texts = messages()
    assert {
        "Sign in",
        "Failed jobs",
        "Your role does not include this page. If you need it, ask your manager.",
    } <= texts
    assert len(texts) > 200
