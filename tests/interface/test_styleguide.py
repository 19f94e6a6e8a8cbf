"""The page that shows every component in every state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.interface.axe import overhang, violations
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

TEMPLATES = REPOSITORY / "templates"
MACRO = re.compile(r"\{% macro ([a-z]\w*)\(")
WINDOWS = [(1440, 900), (390, 844), (320, 700)]
# Shown on every page by the shells, on every form, or on the pages of errors.
SHOWN_ELSEWHERE = {"form_guard", "hidden", "post_button", "omnibox_form", "trouble", "initials"}


@pytest.mark.parametrize("macros", sorted((TEMPLATES / "ui").glob("*.html")), ids=lambda path: path.stem)
def test_every_component_is_shown(macros: Any) -> None:
    guide = (TEMPLATES / "ops" / "styleguide.html").read_text(encoding="utf-8")
    inside = " ".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "ui").glob("*.html"))
    names = set(MACRO.findall(macros.read_text(encoding="utf-8"))) - SHOWN_ELSEWHERE
    shown = {name for name in names if f"ui.{name}(" in guide or re.search(rf"(?<!macro )\b{name}\(", inside)}
    assert names == shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_nothing_hinders_anybody(desk: Callable[..., Page], scheme: str, width: int, height: int) -> None:
    page = desk("/styleguide", color_scheme=scheme, viewport={"width": width, "height": height})
    assert violations(page) == []
    assert "\n".join(overhang(page)) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_the_sign_in_page_hinders_nobody(
    new_context: Callable[..., BrowserContext], scheme: str, width: int, height: int
) -> None:
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": height}).new_page()
    page.goto("/sign-in")
    assert violations(page) == []
    assert "\n".join(overhang(page)) == ""
