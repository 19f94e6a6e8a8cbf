"""Booking in one line, by keyboard alone; what is open is asked in place, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later, person
from tests.interface.axe import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


def half_past_two(clinic: OpenClinic) -> datetime:
    """Today's half past two at the clinic, where it is about half past ten."""
    now = datetime.now(ZoneInfo(clinic.zone))
    return now.replace(hour=14, minute=30, second=0, microsecond=0)


def booked(database: Database) -> list[tuple[UUID, UUID, datetime]]:
    with database.administer() as connection:
        rows = connection.execute("select patient_id, provider_id, starts_at from appointment order by booked_at")
        return [(row[0], row[1], row[2]) for row in rows]


def test_a_whole_line_and_enter_book_a_visit(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim, ro today 2:30 pm osei follow-up")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
    expect(page.locator("#toasts")).to_contain_text("Booked.")
    patient, provider = open_clinic.patients["Rosa Jimenez"], open_clinic.clinic.providers[0]
    assert booked(database) == [(patient, provider, half_past_two(open_clinic))]
    assert "jim" not in page.url


def test_what_is_ambiguous_is_chosen_with_the_keyboard_in_place(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    with database.administer() as connection:
        other = person(connection, "Rolf", "Jimenez")
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim today 2:30 pm osei follow-up")
    card = page.locator("#omnibox .line-card")
    # What was typed so far is understood on the way: the answer to the whole line has one question.
    expect(card.locator("legend")).to_have_count(1)
    expect(card.locator("legend")).to_have_text("Who is it for?")
    assert violations(page) == []
    # Enter books nobody by chance: the browser leads to the open question.
    page.keyboard.press("Enter")
    expect(card.locator("[name=patient]").first).to_be_focused()
    assert booked(database) == []
    page.locator(f"#omnibox [name=patient][value='{other}']").focus()
    page.keyboard.press("Space")
    expect(card.locator("strong")).to_have_text("Book Rolf Jimenez")
    expect(page.locator(f"#omnibox [name=patient][value='{other}']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rolf Jimenez")
    assert [row[0] for row in booked(database)] == [other]


def test_a_missing_time_is_chosen_among_the_first_free_ones(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim, ro tomorrow osei follow-up")
    times = page.locator("#omnibox .line-card [name=starts_at]")
    expect(times.first).to_be_attached()
    page.keyboard.press("Enter")
    expect(times.first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#omnibox .line-card button[type=submit]")).to_contain_text("8:00 AM")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
    assert len(booked(database)) == 1


def test_a_lost_race_opens_the_dialog_with_other_times_and_keeps_the_line(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim, ro today 2:30 pm osei follow-up")
    expect(page.locator("#omnibox .line-card")).to_contain_text("2:30 PM")
    with database.administer() as connection:
        factories.appointment(
            connection, open_clinic.clinic, half_past_two(open_clinic),
            patient_id=open_clinic.patients["Paul Brandt"],
        )  # fmt: skip
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h1")).to_have_text("Book a visit")
    expect(page.locator("#dialog .error-summary")).to_be_focused()
    expect(page.locator("#dialog .person-box")).to_contain_text("Rosa Jimenez")
    expect(page.locator("#dialog .first-times .slot").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("#omnibox-q")).to_have_value("jim, ro today 2:30 pm osei follow-up")


def test_three_letters_and_enter_still_open_a_patient(at_desk: Desk, open_clinic: OpenClinic) -> None:
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/patients/{open_clinic.patients['Rosa Jimenez']}$"))


def test_a_persons_next_visit_is_one_arrow_away(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, open_clinic.clinic, later(open_clinic, 60))
    page = at_desk("/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("jim")
    expect(page.locator("#omnibox .omnibox-sub")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"visit={visit}"))


def test_without_javascript_the_card_books_too(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    page = at_desk("/search", java_script_enabled=False)
    page.locator("#search-q").fill("jim, ro today 2:30 pm osei follow-up")
    page.keyboard.press("Enter")
    page.locator(".line-card button[type=submit]").click()
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
    assert len(booked(database)) == 1
