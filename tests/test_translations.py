"""Every word goes through gettext, and what patients meet on their way is complete in each language we have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from babel.util import pathmatch
from jinja2 import nodes

from deploy import catalogs
from webapp import create_app, templating

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

ROOT = Path(__file__).parent.parent
CATALOGS = catalogs.sources()
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
METHODS = {"webapp": ("**.py", "python"), "templates": ("**.html", "jinja2")}


PLACEHOLDER = re.compile(r"%\(\w+\)[0-9.]*[a-z]|%%")
# Attributes that are read out or shown, and arguments of our macros that end there or as text.
SHOWN = re.compile(r"""\s(?:aria-label|title|alt|placeholder|aria-description)=(["'])(.*?)\1""", re.DOTALL)
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
# Blocks and macros that make the inside of a tag.
ATTRIBUTES = {"body_class", "_class", "_describedby"}
# Names, which are the same in every language.
NAMES = {"QR"}
# Macros of `ui` whose arguments are words, by the positions of those.
WORDS_OF = {
    "button": (0,), "link_button": (0,), "post_button": (0,), "icon_button": (1,), "field": (1, "hint"),
    "alert": (0, 1), "card": (0,), "pill": (0,), "table": (0,), "portal_title": (0, 1), "portal_turn": (1,),
    "empty_state": (0, 1), "trouble": (1, 2),
}  # fmt: skip


def mapping() -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    """Which files `babel.cfg` names, each with how it is read."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        found: tuple[list[tuple[str, str]], dict[str, dict[str, str]]] = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    return found


def journeys() -> dict[str | tuple[str, ...], str]:
    """What patients meet, as `babel.cfg` says it, and a file in which it stands."""
    methods, options = mapping()
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {text if isinstance(text, str) else tuple(text): name for name, _, text, _, _ in found}


def journey_templates() -> list[Path]:
    patterns = [pattern for pattern, method in mapping()[0] if method == "jinja2"]
    files = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    return sorted(
        path for path in files if any(pathmatch(each, path.relative_to(ROOT).as_posix()) for each in patterns)
    )


def written(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


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


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_every_text_of_the_journeys_is_translated(path: Path) -> None:
    """Whoever adds a text that patients meet adds it to `translations/*/LC_MESSAGES/messages.po`."""
    catalog = written(path)
    missing = [f"{file}: {text}" for text, file in journeys().items() if not _said(catalog, text)]
    assert missing == []


def _said(catalog: Catalog, text: str | tuple[str, ...]) -> bool:
    found = catalog.get(text if isinstance(text, str) else text[0])
    if found is None or found.fuzzy or found.pluralizable is isinstance(text, str):
        return False
    texts = _forms(found.string)
    return len(texts) == (1 if isinstance(text, str) else catalog.num_plurals) and all(map(str.strip, texts))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_translations_say_the_same_facts(path: Path) -> None:
    """No translation loses an amount, a time or a name, and none asks for one that is not there."""
    wrong = []
    for message in written(path):
        sources, said = _forms(message.id), _forms(message.string)
        facts = {tuple(sorted(set(PLACEHOLDER.findall(text)))) for text in (*sources, *said) if message.id}
        # One form of an English plural may leave out the number that the other says.
        most = max(facts, key=len, default=())
        if any(not set(each) <= set(most) or set(most) - set(each) > {"%(num)s"} for each in facts):
            wrong.append(message.id)
        if message.id and not message.pluralizable and len(facts) > 1:
            wrong.append(message.id)
        wrong += [text for text in said if re.search(r"%(?!\(|%)", text)]
    assert wrong == []


def _forms(texts: object) -> list[str]:
    """One text, or the forms of a plural."""
    return list(texts) if isinstance(texts, list | tuple) else [str(texts)]


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_no_translation_is_left_of_a_text_that_is_gone(path: Path) -> None:
    known = messages()
    assert [text for each in written(path) if each.id for text in _forms(each.id) if text not in known] == []


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parent.parent.name)
def test_what_was_compiled_is_what_was_written(path: Path) -> None:
    """`python deploy/catalogs.py` compiles; `make run` and `make test` do it by themselves."""
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert _texts(compiled) == _texts(written(path))


def _texts(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {_forms(each.id)[0]: tuple(_forms(each.string)) for each in catalog if each.id}


def test_there_is_spanish() -> None:
    assert [path.parent.parent.name for path in CATALOGS] == ["es"]
    assert len(journeys()) > 400


@pytest.mark.parametrize("path", journey_templates(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_word_of_a_journey_is_outside_gettext(path: Path, app: Flask) -> None:
    assert outside(app.jinja_env.parse(path.read_text(encoding="utf-8"))) == []


def outside(tree: nodes.Template) -> list[str]:
    """Words that a template shows as they stand in it: as text, in attributes, or as an argument of a macro."""
    named: list[nodes.Macro | nodes.Block] = [*tree.find_all(nodes.Macro), *tree.find_all(nodes.Block)]
    unseen = [each for each in named if each.name in ATTRIBUTES]
    skipped = {id(data) for each in unseen for data in each.find_all(nodes.TemplateData)}
    text = "\0".join(each.data for each in tree.find_all(nodes.TemplateData) if id(each) not in skipped)
    shown = [match[2] for match in SHOWN.finditer(text)]
    shown.append(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(svg|style|script|code)\b.*?</\1>", " ", text)))
    for call in tree.find_all(nodes.Call):
        macro = call.node.attr if isinstance(call.node, nodes.Getattr) else ""
        for place in WORDS_OF.get(macro, ()):
            arguments = [each.value for each in call.kwargs if each.key == place]
            arguments += call.args[place : place + 1] if isinstance(place, int) else []
            shown += [each.value for each in arguments if isinstance(each, nodes.Const) and isinstance(each.value, str)]
    return [word for words in shown for word in WORD.findall(words) if word not in NAMES]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p title="Hello">{{ _("Welcome") }}</p>', ["Hello"]),
        ('<a aria-label="{{ _("Back") }} to it">1</a>', ["to", "it"]),
        ('{{ ui.button("Save") }}', ["Save"]),
        ('{{ ui.field("name", "Your name", "", hint="As printed") }}', ["Your", "name", "As", "printed"]),
        ('{{ ui.button(_("Save"), kind="primary") }}<i class="some thing"></i>', []),
    ],
)
def test_words_outside_gettext_are_found(app: Flask, source: str, found: list[str]) -> None:
    assert sorted(outside(app.jinja_env.parse(source))) == sorted(found)
