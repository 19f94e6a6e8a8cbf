"""What the policy of our pages forbids must not be written in the first place."""

from __future__ import annotations

import re

import pytest

from deploy.assets import ICONS
from tests.stack.services import REPOSITORY

TEMPLATES = sorted((REPOSITORY / "templates").rglob("*.html"))
FORBIDDEN = {
    "a style attribute": re.compile(r"\sstyle\s*="),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an inline style sheet": re.compile(r"<style\b"),
    "a handler": re.compile(r"""\son[a-z]+\s*=\s*["']"""),
    "hx-on": re.compile(r"\bhx-on\b"),
    "a value that is evaluated": re.compile(r"""=["'](js|javascript):"""),
    "a filter that is evaluated": re.compile(r"""hx-trigger["']?\s*[=:]\s*["'][^"']*\["""),
    "text that is not escaped": re.compile(r"\|\s*safe\b"),
    "another origin": re.compile(r"""(src|href|action)=["'](https?:)?//"""),
}
ICON_OF_A_CALL = re.compile(r"""(?:ui\.icon|ui\.icon_button|ui\.trouble)\(\s*"([a-z0-9-]+)\"""")
ICON_OF_AN_ARGUMENT = re.compile(r"""(?:\bicon=|"icon":\s*)"([a-z0-9-]+)\"""")
ICON_IN_PYTHON = re.compile(r"""(?:\bicon=|"icon":\s*)"([a-z0-9-]+)\"""")
LONGEST_SCRIPT = 200


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_contains(what: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}: {match[0]}"
        for path in TEMPLATES
        for match in FORBIDDEN[what].finditer(
            re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        )
    ]
    assert found == []


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    asked = {
        name
        for path in TEMPLATES
        for pattern in (ICON_OF_A_CALL, ICON_OF_AN_ARGUMENT)
        for name in pattern.findall(path.read_text(encoding="utf-8"))
    } | {
        name
        for path in (REPOSITORY / "webapp").rglob("*.py")
        for name in ICON_IN_PYTHON.findall(path.read_text(encoding="utf-8"))
    }
    assert asked - set(ICONS) == set()


@pytest.mark.parametrize("script", sorted((REPOSITORY / "static").glob("*.js")), ids=lambda path: path.name)
def test_our_scripts_stay_small(script: object) -> None:
    assert isinstance(script, type(REPOSITORY))
    text = script.read_text(encoding="utf-8")
    assert text.count("\n") < LONGEST_SCRIPT
    assert not re.search(r"\beval\(|new Function\(|innerHTML|document\.write", text)
