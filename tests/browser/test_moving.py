"""Moving visits on the board, by hand and by keys, against a board that others move on, too; and taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later
from tests.browser.test_desk import Hands

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.stack.database import Database

MOST_KEYS_TO_MOVE = 6
QUARTER = timedelta(minutes=15)

Desk = Callable[..., "Page"]


def place_of(database: Database, visit: UUID) -> tuple[datetime, UUID]:
    with database.administer() as connection:
        row = connection.execute("select starts_at, provider_id from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return row[0], row[1]


def box(locator: Locator) -> dict[str, float]:
    found: Any = locator.bounding_box()
    assert found is not None
    return dict(found)


def drag(page: Page, visit: UUID, *, across: float = 0, down: float = 0, drop: bool = True) -> None:
    card = box(page.locator(f"#visit-{visit}"))
    x, y = card["x"] + card["width"] / 2, card["y"] + card["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2, steps=3)
    page.mouse.move(x + across, y + down, steps=3)
    if drop:
        page.mouse.up()


def quarter(page: Page) -> float:
    """Pixels of a quarter of an hour."""
    height: float = page.evaluate(
        "3 * document.querySelector('.col-body').offsetHeight / document.querySelector('[data-board]').dataset.board"
    )
    return height


def test_a_visit_is_moved_to_the_next_provider_and_later_in_six_keys(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    page.locator(f"#visit-{visit}").focus()
    hands = Hands(page)
    hands.press("m")
    expect(page.locator("#move-say")).to_contain_text("Lifted.")
    hands.press("ArrowDown")
    hands.press("ArrowDown")
    hands.press("ArrowRight")
    expect(page.locator("#move-say")).to_have_text(re.compile(r"^\d+:\d\d [AP]M with Dr\. Priya Nair$"))
    expect(page.locator(f"#at-{visit} .move-note")).to_have_text(re.compile("with Dr. Priya Nair"))
    hands.press("Enter")
    expect(page.locator(f"#col-{open_clinic.clinic.providers[1]} #visit-{visit}")).to_be_focused()
    assert place_of(database, visit) == (open_clinic.soon + 2 * QUARTER, open_clinic.clinic.providers[1])
    assert hands.count <= MOST_KEYS_TO_MOVE


def test_shift_moves_by_five_minutes_and_escape_puts_it_back(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    card = page.locator(f"#visit-{visit}")
    card.focus()
    before = box(card)
    page.keyboard.press("m")
    page.keyboard.press("Shift+ArrowDown")
    assert box(card)["y"] == pytest.approx(before["y"] + quarter(page) / 3, abs=1)
    page.keyboard.press("Escape")
    expect(page.locator("#move-say")).to_have_text("Kept where it was.")
    expect(page.locator(f"#at-{visit}")).to_have_attribute("style", "")
    page.wait_for_function("(y) => document.activeElement.getBoundingClientRect().y === y", arg=before["y"])
    expect(card).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Moved.")
    assert place_of(database, visit)[0] == open_clinic.soon + QUARTER / 3


def test_a_visit_is_dragged_to_another_provider_and_time(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    width = box(page.locator(".col").first)["width"]
    drag(page, visit, across=width, down=4 * quarter(page) + 2)
    expect(page.locator(f"#col-{open_clinic.clinic.providers[1]} #visit-{visit}")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Moved.")
    expect(page.locator("#drawer > *")).to_have_count(0)
    assert place_of(database, visit) == (open_clinic.soon + 4 * QUARTER, open_clinic.clinic.providers[1])
    page.locator(f"#visit-{visit}").click()
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")


def test_a_lost_race_puts_the_card_back_and_says_who_did_what(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    slow, quick = at_desk(open_clinic.board), at_desk(open_clinic.board)
    drag(slow, visit, down=2 * quarter(slow), drop=False)
    quick.locator(f"#visit-{visit}").focus()
    for key in ("m", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        quick.keyboard.press(key)
    expect(quick.locator("#toasts")).to_contain_text("Moved.")
    slow.mouse.up()
    said = slow.locator("#said [role=alert]")
    expect(said).to_contain_text(re.compile(r"Moved to \d+:\d\d [AP]M by Robin Example at \d+:\d\d [AP]M\."))
    expect(slow.locator(f"#at-{visit}")).to_have_attribute("class", quick_place(quick, visit))
    expect(slow.locator(f"#at-{visit}")).not_to_have_attribute("style", re.compile("translate"))
    assert place_of(database, visit)[0] == open_clinic.soon + 4 * QUARTER


def quick_place(page: Page, visit: UUID) -> str:
    place = page.locator(f"#at-{visit}").get_attribute("class")
    assert place is not None
    return place


def test_a_time_that_is_taken_puts_the_card_back(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    with database.administer() as connection:
        factories.appointment(
            connection, open_clinic.clinic, later(open_clinic, 30), patient_id=open_clinic.patients["Paul Brandt"]
        )
    page = at_desk(open_clinic.board)
    card = page.locator(f"#visit-{visit}")
    card.focus()
    before = box(card)
    for key in ("m", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#said [role=alert]")).to_contain_text("That time was just taken")
    expect(card).to_be_focused()
    assert box(card)["x"] == before["x"]
    assert place_of(database, visit)[0] == open_clinic.soon


def test_a_move_is_put_back_by_key_and_the_open_drawer_knows(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    page.locator(f"#visit-{visit}").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_be_visible()
    page.locator(f"#visit-{visit}").focus()
    for key in ("m", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#drawer .timeline")).to_contain_text("Moved to")
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    assert place_of(database, visit)[0] == open_clinic.soon
    expect(page.locator("#drawer .undo")).to_be_visible()


def test_a_step_is_put_back_without_javascript(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(f"{open_clinic.board}?visit={visit}", java_script_enabled=False)
    page.locator("#drawer").get_by_role("button", name="Check in").click()
    expect(page.locator("#drawer .stepper [aria-current]")).to_have_text("Waiting")
    page.locator("#drawer").get_by_role("button", name="Undo").click()
    expect(page.locator("#drawer .stepper [aria-current]")).to_have_text("Booked")
    expect(page.locator("#toasts")).to_contain_text("Undone.")


def test_a_week_of_one_provider_moves_across_days(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(f"{open_clinic.board}?view=week&provider={open_clinic.clinic.providers[0]}")
    expect(page.locator(".col")).to_have_count(7)
    page.locator(f"#visit-{visit}").focus()
    last = page.locator(".col").last.locator(f"#visit-{visit}")
    for key in ("m", "ArrowLeft" if last.count() else "ArrowRight", "Shift+ArrowDown", "Shift+ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#move-say")).to_have_text(
        re.compile(r"^\w{3}, \w{3} \d+, \d+:\d\d [AP]M with Dr\. Amara Osei$")
    )


class Finger:
    """One finger on the screen."""

    def __init__(self, page: Page) -> None:
        self._send = page.context.new_cdp_session(page).send
        self.x = self.y = 0.0

    def down(self, card: dict[str, float]) -> None:
        self.x, self.y = card["x"] + card["width"] / 2, card["y"] + card["height"] / 2
        self._touch("touchStart", [{"x": self.x, "y": self.y}])

    def by(self, across: float, down: float, steps: int = 4) -> None:
        for _ in range(steps):
            self.x, self.y = self.x + across / steps, self.y + down / steps
            self._touch("touchMove", [{"x": self.x, "y": self.y}])

    def up(self) -> None:
        self._touch("touchEnd", [])

    def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        self._send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_that_rests_lifts_a_visit_and_moves_it(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board, has_touch=True, viewport={"width": 1024, "height": 900})
    width = box(page.locator(".col").first)["width"]
    finger = Finger(page)
    finger.down(box(page.locator(f"#visit-{visit}")))
    expect(page.locator(f"#visit-{visit}")).to_have_class(re.compile("is-lifted"))
    finger.by(width, 4 * quarter(page) + 2)
    expect(page.locator(f"#at-{visit} .move-note")).to_have_text(re.compile("with Dr. Priya Nair"))
    finger.up()
    expect(page.locator("#toasts")).to_contain_text("Moved.")
    assert place_of(database, visit) == (open_clinic.soon + 4 * QUARTER, open_clinic.clinic.providers[1])
    expect(page.locator("#drawer > *")).to_have_count(0)


def test_a_finger_that_swipes_over_a_visit_scrolls_and_a_tap_opens_it(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board, has_touch=True, viewport={"width": 1024, "height": 700})
    card = page.locator(f"#visit-{visit}")
    scrolled = "document.querySelector('.board-scroll').scrollTop"
    before = page.evaluate(scrolled)
    finger = Finger(page)
    finger.down(box(card))
    finger.by(0, -160 if before < 200 else 160, steps=8)
    expect(page.locator(".is-lifted")).to_have_count(0)
    finger.up()
    page.wait_for_function(f"(before) => Math.abs({scrolled} - before) > 60", arg=before)
    assert place_of(database, visit)[0] == open_clinic.soon
    expect(page.locator("#drawer > *")).to_have_count(0)
    card.tap()
    expect(page.locator("#drawer-name")).to_be_visible()
