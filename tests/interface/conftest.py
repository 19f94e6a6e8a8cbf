"""A browser in which a receptionist is signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.stack.people import Visitor
    from tests.stack.web import ProductionServer


@pytest.fixture
def desk(
    new_context: Callable[..., BrowserContext], sign_in: Callable[..., Visitor], live_server: ProductionServer
) -> Callable[..., Page]:
    """Open a page as the receptionist: `desk("/home", color_scheme="dark")`; keywords as Playwright's contexts."""

    def opened(path: str, **options: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = new_context(**options)
        context.add_cookies(
            [{"name": "anteroom", "value": sign_in("receptionist").cookie, "url": live_server.url("/")}]
        )
        page = context.new_page()
        page.goto(path)
        return page

    return opened
