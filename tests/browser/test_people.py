"""Helpers, two tabs with two people, and the pages about oneself, in a browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, person
from tests.interface.axe import violations
from tests.portal.signing_up import invited
from webapp.identity.permissions import BY_RELATION, GRANTABLE, Purpose, Relation
from webapp.identity.person import Grant
from webapp.identity.portal_actions import PortalInvite
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import BrowserContext, Page

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from tests.stack.web import ProductionServer

LATER = datetime(2099, 1, 1, tzinfo=UTC)
Portal = Callable[..., "Page"]


def own(patient: UUID, name: str) -> Grant:
    return Grant(patient, may=BY_RELATION[Relation.SELF], name=name)


def child(patient: UUID, name: str) -> Grant:
    return Grant(patient, LATER, frozenset({*GRANTABLE, Purpose.PROFILE}), Relation.PARENT, name=name)


@pytest.fixture
def portal(new_context: Callable[..., BrowserContext], sign_in: SignIn, live_server: ProductionServer) -> Portal:
    """Open a page of the portal as somebody with these grants."""

    def opened(path: str, *grants: Grant, **options: Any) -> Page:
        context = new_context(**{"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", **options})
        cookie = sign_in("patient", grants=grants).cookie
        context.add_cookies([{"name": "anteroom", "value": cookie, "url": live_server.url("/")}])
        page = context.new_page()
        page.goto(path)
        return page

    return opened


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_about_people_hinder_nobody(
    app: Flask, portal: Portal, open_clinic: OpenClinic, database: Database, colors: str, width: int
) -> None:
    rosa, mia = open_clinic.patients["Rosa Jimenez"], open_clinic.patients["Amy Dunn"]
    with database.administer() as connection:
        helper = factories.account(connection, "patient", display_name="Ada Lovelace")
        factories.insert(
            connection, "account_patient", account_id=helper, patient_id=rosa, relation="carer",
            purposes=["visits", "money"], ends_at=datetime.now(UTC) + timedelta(days=90),
        )  # fmt: skip
    wanted = PortalInvite(rosa, Relation.CARER, "Ben Okri", frozenset({Purpose.VISITS}), LATER, consented=True)
    code = invited(app, wanted, datetime.now(UTC))
    page = portal(
        f"/me/{rosa}/family", own(rosa, "Rosa Jimenez"), child(mia, "Amy Dunn"),
        color_scheme=colors, viewport={"width": width, "height": 900},
    )  # fmt: skip
    pages = {
        "family": f"/me/{rosa}/family", "new": f"/me/{rosa}/family/new", "code": f"/me/{rosa}/family/codes/{code.id}",
        "enter": "/me/code", "profile": f"/me/{mia}/profile", "looks": f"/me/{rosa}/looks",
        "download": f"/me/{rosa}/download", "app": "/me/app",
    }  # fmt: skip
    for name, path in pages.items():
        page.goto(path)
        shoot(page, f"{name}-{width}-{colors}")
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_of_signing_up_hinder_nobody(
    app: Flask, new_context: Callable[..., BrowserContext], open_clinic: OpenClinic, colors: str, width: int
) -> None:
    code = invited(app, PortalInvite(open_clinic.patients["Rosa Jimenez"]), datetime.now(UTC))
    page = new_context(color_scheme=colors, viewport={"width": width, "height": 900}).new_page()
    page.goto("/sign-up/register")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    shoot(page, f"register-{width}-{colors}")
    assert violations(page) == []
    page.goto("/sign-up")
    shoot(page, f"sign-up-{width}-{colors}")
    page.get_by_label("Code").fill(code.text)
    page.get_by_label("Patient's date of birth").fill("3/4/1973")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Choose how to sign in")).to_be_visible()
    shoot(page, f"account-{width}-{colors}")
    assert violations(page) == []


def test_two_tabs_with_two_people_never_mix(portal: Portal, open_clinic: OpenClinic, database: Database) -> None:
    mia, amy = open_clinic.patients["Paul Brandt"], open_clinic.patients["Amy Dunn"]
    first = portal(f"/me/{mia}/profile", child(mia, "Paul Brandt"), child(amy, "Amy Dunn"))
    second = first.context.new_page()
    second.goto(f"/me/{amy}/profile")
    for page, name in ((first, "Paul Brandt"), (second, "Amy Dunn")):
        expect(page.locator(".acting-for")).to_contain_text(f"For {name}")
        expect(page.get_by_role("definition").first).to_have_text(name)
    second.get_by_label("Phone").fill("(207) 555-0177")
    first.reload()
    second.get_by_role("button", name="Save").click()
    expect(second.locator("#toasts")).to_contain_text("Saved")
    first.get_by_label("Phone").fill("(207) 555-0166")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("#toasts")).to_contain_text("Saved")
    expect(first.locator(".acting-for")).to_contain_text("For Paul Brandt")
    with database.administer() as connection:
        query = "SELECT value FROM patient_telecom WHERE patient_id = %s"
        assert connection.execute(query, (mia,)).fetchall() == [("(207) 555-0166",)]
        assert connection.execute(query, (amy,)).fetchall() == [("(207) 555-0177",)]


@pytest.mark.parametrize("script", [True, False])
def test_a_helper_is_added_and_shut_out_with_and_without_javascript(
    portal: Portal, open_clinic: OpenClinic, database: Database, *, script: bool
) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    with database.administer() as connection:
        ada = factories.account(connection, "patient", display_name="Ada Lovelace")
        factories.insert(
            connection, "account_patient", account_id=ada, patient_id=rosa, relation="carer", purposes=["visits"],
            ends_at=LATER,
        )  # fmt: skip
    page = portal(f"/me/{rosa}/family", own(rosa, "Rosa Jimenez"), java_script_enabled=script)
    page.get_by_role("button", name="End access of Ada Lovelace").click()
    expect(page.get_by_text("Nobody but you.")).to_be_visible()
    page.get_by_role("link", name="Add a helper").click()
    page.get_by_label("Their name").fill("Ben Okri")
    page.get_by_role("button", name="I agree, make the code").click()
    expect(page.get_by_role("heading", name="Code for Ben Okri")).to_be_visible()
    expect(page.locator(".letter-code")).to_have_text(re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}"))


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_the_desk_invites_compares_and_matches(
    new_context: Callable[..., BrowserContext], sign_in: SignIn, live_server: ProductionServer,
    open_clinic: OpenClinic, database: Database, colors: str,
) -> None:  # fmt: skip
    rosa = open_clinic.patients["Rosa Jimenez"]
    with database.administer() as connection:
        person(connection, "Rosita", "Jimenez")
        waiting = factories.account(connection, "patient")
        made = new_id()
        factories.insert(
            connection, "portal_registration", id=made, account_id=waiting, given="Rosa", family="Jimenez",
            birth_date=datetime(1973, 3, 4, tzinfo=UTC).date(), phone="(207) 555-0142", created_at=datetime.now(UTC),
        )  # fmt: skip
    # A toast that is still coming is pale.
    context = new_context(color_scheme=colors, viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": "anteroom", "value": sign_in("receptionist").cookie, "url": live_server.url("/")}])
    page = context.new_page()
    page.goto(f"/patients/{rosa}")
    page.get_by_role("link", name="Portal access").click()
    shoot(page, f"desk-access-{colors}")
    assert violations(page) == []
    page.get_by_role("button", name="Make a code").click()
    expect(page.locator(".letter-code")).to_be_visible()
    shoot(page, f"desk-code-{colors}")
    assert violations(page) == []
    page.goto("/registrations")
    shoot(page, f"desk-registrations-{colors}")
    page.get_by_role("link", name="Compare Rosa Jimenez").click()
    shoot(page, f"desk-compare-{colors}")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, f"desk-compare-390-{colors}")
    page.get_by_role("button", name="This is them").first.click()
    expect(page.get_by_text("Nobody waits")).to_be_visible()
