"""The bell of a board that stays open, and the list behind it, on every screen and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations
from webapp.news import News
from webapp.notify import staff_list

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask
    from playwright.sync_api import Page

Desk = Callable[..., "Page"]
TICK = "() => document.body.dispatchEvent(new CustomEvent('tick'))"


def told(app: Flask, kind: News, subject: UUID) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        staff_list.publish(kind, str(subject), now, now)


def test_an_open_board_says_so_and_one_press_leads_there_and_empties_it(
    app: Flask, at_desk: Desk, open_clinic: OpenClinic, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/notices/bell") else None)
    told(app, News.BOOKED, visit)
    for _ in range(3):
        page.evaluate(TICK)
    expect(page.get_by_role("link", name="Notices, 1 new")).to_be_visible(timeout=30_000)
    assert len(asked) == 1, "once a minute, however often the page ticks"
    page.get_by_role("link", name="Notices, 1 new").click()
    page.get_by_role("link", name="Rosa Jimenez booked in the portal").click()
    expect(page.locator("#drawer").get_by_text("Rosa Jimenez").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390), ("light", 320)])
def test_the_list_is_accessible(
    app: Flask, at_desk: Desk, open_clinic: OpenClinic, visit: UUID, scheme: str, width: int
) -> None:
    del open_clinic
    told(app, News.CANCELED, visit)
    page = at_desk("/notices", color_scheme=scheme, viewport={"width": width, "height": 844})
    expect(page.get_by_role("link", name="Rosa Jimenez canceled in the portal")).to_be_visible()
    assert violations(page) == []
    assert overhang(page) == []


def test_without_javascript_it_is_the_same_list(
    app: Flask, at_desk: Desk, open_clinic: OpenClinic, visit: UUID
) -> None:
    del open_clinic
    told(app, News.MOVED, visit)
    page = at_desk("/home", java_script_enabled=False)
    page.get_by_role("link", name="Notices, 1 new").click()
    expect(page.get_by_role("link", name="Rosa Jimenez moved a visit in the portal")).to_be_visible()
    page.goto("/home")
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
