"""Keys, dialogs, focus and toasts of the staff shell, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.interface.axe import violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

START = "/home"


def test_the_slash_key_and_ctrl_k_open_the_search_and_escape_closes_it(desk: Callable[..., Page]) -> None:
    page = desk(START)
    for key in ("/", "Control+k"):
        page.keyboard.press(key)
        expect(page.locator("#omnibox-q")).to_be_focused()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("#omnibox")).to_be_hidden()


def test_single_keys_can_be_switched_off_and_stay_off(desk: Callable[..., Page]) -> None:
    page = desk(START)
    page.keyboard.press("?")
    page.locator("#keys [data-single-keys]").click()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#omnibox")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#omnibox")).to_be_visible()


def test_single_keys_do_nothing_while_somebody_types(desk: Callable[..., Page]) -> None:
    page = desk(START)
    page.keyboard.press("Control+k")
    page.keyboard.type("/?b")
    expect(page.locator("#omnibox-q")).to_have_value("/?b")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_request_that_does_not_arrive_says_so_and_can_be_retried(desk: Callable[..., Page]) -> None:
    page = desk(START)
    page.context.set_offline(True)
    page.keyboard.press("Control+k")
    page.keyboard.type("ab")
    retry = page.locator("#toasts [data-retry]")
    expect(retry).to_be_attached()
    expect(page.locator("#omnibox-q")).to_have_value("ab")


def test_the_first_tab_stop_skips_to_the_content(desk: Callable[..., Page]) -> None:
    page = desk(START)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_password_can_be_shown(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context().new_page()
    page.goto("/sign-in")
    page.get_by_label("Password", exact=True).fill("a secret of mine")
    page.get_by_role("button", name="Password: Show").click()
    expect(page.locator("#f-password")).to_have_attribute("type", "text")
    expect(page.locator("#f-password")).to_have_value("a secret of mine")


def test_without_javascript_the_search_is_a_link(desk: Callable[..., Page]) -> None:
    page = desk(START, java_script_enabled=False)
    expect(page.locator("#search-link")).to_have_attribute("href", "/search")
