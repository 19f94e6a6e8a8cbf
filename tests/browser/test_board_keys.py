"""The board by keys and by the clock: actions have keys, keys can be switched off, time passes without a server."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later
from tests.interface.axe import overhang, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


@pytest.fixture
def held(database: Database, open_clinic: OpenClinic) -> UUID:
    """A time that is held on the portal for some minutes more."""
    with database.administer() as connection:
        return factories.appointment(
            connection,
            open_clinic.clinic,
            later(open_clinic, 60),
            patient_id=open_clinic.patients["Amy Dunn"],
            status="held",
            held_until=datetime.now(UTC) + timedelta(minutes=4, seconds=12),
            via="portal",
        )


def test_views_and_days_have_keys(at_desk: Desk, open_clinic: OpenClinic, visit: UUID) -> None:
    page = at_desk(open_clinic.board)
    for key, view in (("w", "Week"), ("l", "List"), ("d", "Day")):
        page.keyboard.press(key)
        expect(page.locator(".segmented [aria-current]")).to_have_text(view)
    today = page.locator("h1 .long").inner_text()
    page.keyboard.press("]")
    expect(page.locator("h1 .long")).not_to_have_text(today)
    page.keyboard.press("t")
    expect(page.locator("h1 .long")).to_have_text(today)
    page.keyboard.press("[")
    expect(page.locator("h1 .long")).not_to_have_text(today)


def test_status_filters_and_the_panel_have_keys(at_desk: Desk, open_clinic: OpenClinic, visit: UUID) -> None:
    page = at_desk(open_clinic.board)
    page.keyboard.press("2")
    expect(page.locator(".flow [aria-current]")).to_contain_text("Confirmed")
    expect(page.locator(f"#visit-{visit}")).to_have_count(0)
    page.keyboard.press("2")
    expect(page.locator(f"#visit-{visit}")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("#panel input[name=provider]").first).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#f-room")).to_be_focused()


def test_the_board_is_narrowed_to_a_room_and_back(at_desk: Desk, open_clinic: OpenClinic, visit: UUID) -> None:
    page = at_desk(open_clinic.board)
    page.locator("#f-room").select_option(label="Room 2")
    expect(page.locator(f"#visit-{visit}")).to_have_count(0)
    page.get_by_role("link", name="Only Room 2").click()
    expect(page.locator(f"#visit-{visit}")).to_be_visible()


def test_the_list_of_keys_is_grouped_and_names_those_of_the_board(at_desk: Desk, open_clinic: OpenClinic) -> None:
    page = at_desk(open_clinic.board)
    page.keyboard.press("?")
    expect(page.locator("#keys h3")).to_have_text(
        ["Everywhere", "On the board", "The open visit", "Moving a visit on the board"]
    )
    shown = set(page.locator("#keys dt .hide").all_inner_texts())
    pressed = page.evaluate(
        "[...document.querySelectorAll('[data-key]')].flatMap((each) => each.dataset.key.split(' '))"
    )
    letters = {key.upper() for key in pressed if len(key) == 1 and key.isalpha()} - {"L"}
    assert letters <= {key for keys in shown for key in keys.split()}
    assert violations(page) == []
    assert overhang(page) == []


def test_single_keys_of_the_board_are_switched_off_for_one_person_only(
    at_desk: Desk, open_clinic: OpenClinic, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    page.keyboard.press("?")
    page.locator("#keys [data-single-keys]").click()
    page.keyboard.press("Escape")
    page.reload()
    page.locator(f"#visit-{visit}").focus()
    for key in ("m", "w", "l", "]", "b"):
        page.keyboard.press(key)
    expect(page.locator(".is-lifted, dialog[open]")).to_have_count(0)
    expect(page.locator(".segmented [aria-current]")).to_have_text("Day")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_be_visible()
    kept = page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('anteroom.single-keys.'))")
    assert len(kept) == 1
    colleague = at_desk(open_clinic.board)
    colleague.evaluate("(name) => localStorage.setItem(name, 'off')", kept[0])
    colleague.reload()
    colleague.keyboard.press("w")
    expect(colleague.locator(".segmented [aria-current]")).to_have_text("Week")


def test_a_hold_counts_down_by_itself(at_desk: Desk, open_clinic: OpenClinic, held: UUID) -> None:
    page = at_desk(open_clinic.board)
    requests: list[str] = []
    card = page.locator(f"#visit-{held}")
    expect(card).to_contain_text("Held on the portal")
    expect(card).not_to_contain_text("Amy Dunn")
    left = card.locator("strong[data-tick]")
    page.on("request", lambda request: requests.append(request.url))
    first = left.text_content()
    assert first is not None
    assert re.fullmatch(r"[34]:\d\d left", first)
    expect(left).not_to_have_text(first)
    assert requests == []


def test_waiting_time_and_lateness_are_counted_in_the_browser(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    now = datetime.now(UTC)
    with database.administer() as connection:
        waiting = factories.appointment(
            connection,
            open_clinic.clinic,
            later(open_clinic, 30),
            status="arrived",
            arrived_at=now - timedelta(minutes=9),
        )
        due = factories.appointment(
            connection,
            open_clinic.clinic,
            later(open_clinic, 0),
            patient_id=open_clinic.patients["Paul Brandt"],
            provider_id=open_clinic.clinic.providers[1],
            room_id=open_clinic.clinic.rooms[1],
        )
    page = at_desk(open_clinic.board)
    expect(page.locator(f"#visit-{waiting} .appt-min")).to_have_text("9 min")
    expect(page.locator(f"#visit-{due} .appt-late")).to_have_text("")
    page.clock.install()
    page.reload()
    page.clock.fast_forward(21 * 60 * 1000)
    expect(page.locator(f"#visit-{waiting} .appt-min")).to_have_text("30 min")
    expect(page.locator(f"#visit-{waiting} .appt-min")).to_have_class(re.compile("is-long-wait"))
    expect(page.locator(f"#visit-{due} .appt-late")).to_have_text(re.compile(r"^\d+ min late$"))


def test_arrival_checks_are_ticked_in_the_form_that_checks_in(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    with database.administer() as connection:
        connection.execute("update service set arrival_checks = '{identity,coverage,forms}'")
    page = at_desk(f"{open_clinic.board}?visit={visit}")
    page.get_by_label("Insurance card seen").check()
    page.locator("#drawer-name").click()
    page.keyboard.press("c")
    expect(page.locator("#drawer .stepper [aria-current]")).to_have_text("Waiting")
    expect(page.locator("#drawer .arrival legend")).to_contain_text("1 of 3")
    expect(page.locator(f"#visit-{visit}").get_by_label("Still to check: Identity, Forms")).to_be_visible()
    page.get_by_label("Identity and address checked").check()
    page.get_by_label("Forms signed").check()
    page.get_by_role("button", name="Save the checks").click()
    expect(page.locator("#drawer .arrival")).to_have_count(0)
    expect(page.locator("#drawer .check-list li")).to_have_count(3)
    with database.administer() as connection:
        row = connection.execute("select arrival_checks from appointment").fetchone()
    assert row == (["identity", "coverage", "forms"],)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390), ("light", 320)])
def test_the_week_hinders_nobody(
    at_desk: Desk, open_clinic: OpenClinic, visit: UUID, held: UUID, scheme: str, width: int
) -> None:
    page = at_desk(f"{open_clinic.board}?view=week", color_scheme=scheme, viewport={"width": width, "height": 844})
    for path in ("?view=week", f"?view=week&provider={open_clinic.clinic.providers[0]}", f"?view=day&visit={held}"):
        page.goto(open_clinic.board + path)
        expect(page.locator("#board")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path


def test_a_narrow_window_shows_the_list(at_desk: Desk, open_clinic: OpenClinic, visit: UUID) -> None:
    page = at_desk(open_clinic.board, viewport={"width": 320, "height": 700})
    expect(page.locator(f"#row-{visit}")).to_be_visible()
