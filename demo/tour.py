"""Every picture of docs/, taken anew from a demo clinic of its own: `.venv/bin/python -m demo.tour [NAME …]`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from playwright.sync_api import sync_playwright

from demo import small_png
from demo.open_clinic import open_clinic
from tests.browser.conftest import zone_at_half_past_ten
from tests.stack.browser import FLAGS, chromium
from tests.stack.services import REPOSITORY
from webapp.identity.demo_accounts import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Browser, Page

FOLDER = REPOSITORY / "docs" / "screenshots"
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
PATIENCE_MS = 60_000
TRIES = 20
OFFERED_SECONDS = 300.0


@dataclass
class Camera:
    """Opens pages as somebody of the clinic, and keeps what they show."""

    browser: Browser
    address: str
    blank: Page

    def page(self, who: str | None, path: str, **options: object) -> Page:
        """A page as `who@anteroom.example`, or as nobody."""
        usual: dict[str, Any] = {"base_url": self.address, "locale": "en-US", "reduced_motion": "reduce"}
        context = self.browser.new_context(**{**usual, **options})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        if who is not None:
            _sign_in(page, who)
        page.goto(path)
        return page

    def take(self, page: Page, name: str) -> None:
        """Keep what is in the window."""
        page.evaluate("document.fonts.ready")
        page.wait_for_load_state("networkidle")
        size = small_png.write(self.blank, page.screenshot(), FOLDER / f"{name}.png")
        print(f"{name}.png  {size / 1000:.0f} kB")  # noqa: T201 - whoever waits sees how far it is


def _sign_in(page: Page, who: str) -> None:
    """On a slow machine the stand-in for Cognito may answer too late: then once more."""
    for _ in range(TRIES):
        page.goto("/sign-in")
        page.get_by_label("Email address").fill(f"{who}@anteroom.example")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in", exact=True).click()
        if "sign-in" not in page.url:
            return
    raise SystemExit(f"{who} could not sign in.")


def the_board(camera: Camera) -> None:
    """Day with the drawer, in light and dark; Week; List, on a phone too."""
    for scheme, name in (("light", "board"), ("dark", "dark")):
        page = camera.page("receptionist", "/board?view=day", color_scheme=scheme, **DESK)
        page.locator(".appt.s-arrived").first.click()
        page.locator("#drawer").get_by_text("History").wait_for()
        camera.take(page, name)
    page = camera.page("receptionist", "/board?view=week", **DESK)
    provider = page.locator("input[name=provider]").first.get_attribute("value")
    page.goto(f"/board?view=week&provider={provider}")
    camera.take(page, "week")
    page.goto("/board?view=list")
    camera.take(page, "list")
    camera.take(camera.page("receptionist", "/board?view=list", **PHONE), "phone")


def a_receptionist(camera: Camera) -> None:
    """Find, book, move."""
    page = camera.page("receptionist", "/board?view=day", **DESK)
    page.keyboard.press("/")
    page.keyboard.type("rosa j")
    page.locator("#omnibox-results").get_by_text("Rosa Jimenez").first.wait_for()
    camera.take(page, "find")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Rosa Jimenez").wait_for()
    camera.take(page, "record")
    page.keyboard.press("b")
    page.locator("#dialog").get_by_text("First free times").wait_for()
    camera.take(page, "booking")
    page.goto("/board?view=day")
    page.locator(".appt.s-confirmed").last.click()
    page.locator("#drawer").get_by_text("History").wait_for()
    page.locator("#drawer").get_by_role("link", name="Move").click()
    page.locator("#dialog").get_by_text("First free times").wait_for()
    camera.take(page, "move")


def a_freed_time(camera: Camera) -> None:
    """Whom the time was offered that the patient gave back: the worker does it when nobody can undo it any more."""
    page = camera.page("receptionist", "/waiting", **DESK)
    deadline = time.monotonic() + OFFERED_SECONDS
    while not page.get_by_text("Being offered now").is_visible() and time.monotonic() < deadline:
        page.wait_for_timeout(5_000)
        page.reload()
    camera.take(page, "waiting")


def money(camera: Camera) -> None:
    """Take a payment, send a link, close the day."""
    page = camera.page("biller", "/billing?list=owed", **DESK)
    page.get_by_role("link", name="Take payment").first.click()
    page.get_by_role("radio", name="Payment link").wait_for()
    camera.take(page, "payment")
    page.get_by_role("radio", name="Payment link").check()
    page.get_by_role("button", name="Show the payment link").click()
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("Address").input_value()
    camera.take(camera.page(None, address, **DESK), "pay-link")
    page.goto("/billing/day")
    camera.take(page, "day-close")


def a_manager(camera: Camera) -> None:
    """Figures of the days behind us, hours, whom a sick day hits, who looked at what."""
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(zone_at_half_past_ten(now))).date()
    days = f"?first={today - timedelta(days=3)}&last={today - timedelta(days=1)}"
    page = camera.page("manager", f"/figures{days}", **DESK)
    camera.take(page, "figures")
    page.goto(f"/figures/money{days}")
    camera.take(page, "money")
    page.goto("/settings/schedules")
    camera.take(page, "schedule")
    page.get_by_role("link", name="Time off").click()
    page.get_by_text("Sick", exact=True).click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("affected").first.wait_for()
    camera.take(page, "affected")
    for name in ("accounts", "activity"):
        page.goto(f"/{name}")
        camera.take(page, name)


def a_patient(camera: Camera) -> None:
    """From the home to a booked visit, a paid invoice, and whoever looked."""
    page = camera.page("patient", "/me", **PHONE)
    camera.take(page, "own-home")
    _books(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_role("link", name="Move or cancel this visit").click()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel this visit").click()
    page.get_by_text("Your visit is canceled.").wait_for()
    page.goto("/me")
    _books(page)
    camera.take(page, "portal")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Check and book").wait_for()
    camera.take(page, "own-check")
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_role("heading", name="Your visit is booked").wait_for()
    camera.take(page, "own-booked")
    _pays(camera, page)
    page.goto("/me")
    own = page.get_by_role("link", name="Visits in your calendar").get_attribute("href") or ""
    for name in ("looks", "family"):
        page.goto(own.replace("/calendar", f"/{name}"))
        camera.take(page, f"own-{name}")
    page.goto("/me")
    page.get_by_role("button", name="Español").click()
    page.get_by_role("heading", name="Hola").wait_for()
    camera.take(page, "own-spanish")


def _books(page: Page) -> None:
    page.get_by_role("link", name="Book a visit").last.click()
    page.get_by_role("link", name="Follow-up").click()
    page.locator("label.slot:visible").last.click()


def _pays(camera: Camera, page: Page) -> None:
    """Only where the last visit took place: on some days of the demo it did not, and nothing is owed."""
    page.goto("/me/invoices")
    invoices = page.get_by_role("main").get_by_role("link", name="Invoice")
    if not invoices.count():
        print("Nothing is owed on this day: own-invoice.png and own-paid.png stay.")  # noqa: T201 - as above
        return
    invoices.first.click()
    page.get_by_role("button", name="Pay", exact=True).wait_for()
    camera.take(page, "own-invoice")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.get_by_role("button", name="Pay with a card that works").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    camera.take(page, "own-paid")


PARTS: tuple[Callable[[Camera], None], ...] = (
    a_patient, the_board, a_receptionist, money, a_manager, a_freed_time,
)  # fmt: skip


def main(wanted: Sequence[str]) -> None:
    """Take the pictures of all parts, or of those named."""
    path = chromium()
    if path is None:
        raise SystemExit("No Chromium was found: install one, or name it with CHROMIUM=…")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        tempfile.TemporaryDirectory(prefix="anteroom-tour-") as folder,
        open_clinic(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *root])
        camera = Camera(browser, address, browser.new_page())
        for part in PARTS:
            if not wanted or part.__name__ in wanted:
                part(camera)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
