"""Every page that a patient can open, by the list of addresses: at 400 % zoom, and in Spanish on a dark telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.test_paying_online import counter
from tests.browser.test_spanish import see
from tests.interface.axe import overhang, violations
from tests.portal.own_money import card, form
from tests.portal.signing_up import invited
from webapp.booking.visit_links import Named, path_of
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.portal_actions import PortalInvite
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

    from tests.billing.counter import Counter
    from tests.browser.conftest import OpenClinic
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter"]

# 1280 by 1024 at 400 %.
ZOOMED: dict[str, Any] = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}
SPANISH: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "es-US"}
NO_PAGE = {
    "portal.calendar_file",  # files
    "portal.invoice_pdf", "portal.receipt_pdf", "portal.statement_pdf",
    "portal.own_invoices", "portal.seat",  # lead on
    "portal.pay_hold",  # only where a deposit is asked for: tests/browser/test_booked_and_paid.py
}  # fmt: skip
# What has the keyboard's focus and is covered by something else; the skip link is still on its way then.
COVERED = """() => [...document.querySelectorAll("a[href]:not(.skip), button, input, select, textarea, summary")]
  .filter((each) => each.checkVisibility({visibilityProperty: true}) && each.getBoundingClientRect().width > 1)
  .filter((each) => {
    each.focus();
    // A link over two lines has a box for each.
    const points = [...each.getClientRects()].flatMap(({left, top, width, height}) =>
      [0.1, 0.5, 0.9].map((part) => document.elementFromPoint(left + width / 2, top + height * part)));
    const own = [each, ...(each.labels ?? [])];
    return !points.some((found) => found && own.some((one) => one.contains(found)));
  })
  .map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture
def pages(app: Flask, counter: Counter, open_clinic: OpenClinic, sign_in: SignIn) -> dict[str, str]:
    """The address of every page of Rosa Jimenez's portal, by its endpoint; a new page has to be told its ids."""
    rosa, now = counter.patient, datetime.now(UTC)
    ids = {
        "patient_id": rosa,
        "appointment_id": factories.appointment(counter.owner, counter.clinic, open_clinic.soon),
        **money(counter, sign_in("patient", patients=(rosa,))),
        **waiting(counter, open_clinic, now),
        "hold_id": factories.appointment(
            counter.owner, counter.clinic, open_clinic.soon + timedelta(hours=2), status="held", via="portal",
            held_until=now + timedelta(minutes=5), provider_id=counter.clinic.providers[1], room_id=None,
        ),
        "session_id": factories.group_session(
            counter.owner, counter.clinic, open_clinic.soon + timedelta(hours=3), capacity=4
        ),
        "invitation_id": invited(
            app,
            PortalInvite(rosa, Relation.CARER, "Ben", frozenset({Purpose.VISITS}), now + timedelta(9), consented=True),
            now,
        ).id,
    }  # fmt: skip
    asked = {"portal.wish": f"?service={counter.clinic.service}"}
    return {
        rule.endpoint: app.url_map.bind("localhost").build(rule.endpoint, {name: ids[name] for name in rule.arguments})
        + asked.get(rule.endpoint, "")
        for rule in app.url_map.iter_rules()
        if f"{rule.rule}/".startswith("/me/") and "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGE
    }


def money(counter: Counter, rosa: Visitor) -> dict[str, object]:
    """An invoice paid by a saved card, with its receipt, and one that is being paid on the card company's page."""
    paid, open_one = counter.invoice(), counter.invoice(3_350)
    for invoice, how in ((paid, f"card:{card(counter)}"), (open_one, "page")):
        answer = rosa.post(f"/me/{counter.patient}/invoices/{invoice}/pay", form(counter, invoice, how=how))
        assert answer.status_code == 303
    assert rosa.post(f"/me/{counter.patient}/cards").status_code == 303
    queries = {
        "setup_id": "select id from card_setup",
        "receipt_id": "select receipt_id as id from payment",
        "attempt_id": f"select attempt_id as id from attempt_allocation where invoice_id = '{open_one}'",
    }
    return {"invoice_id": paid} | {
        name: (counter.owner.execute(query.encode()).fetchone() or {})["id"] for name, query in queries.items()
    }


def waiting(counter: Counter, open_clinic: OpenClinic, now: datetime) -> dict[str, UUID]:
    wish, offer, later = new_id(), new_id(), now + timedelta(minutes=20)
    hold = factories.appointment(
        counter.owner, counter.clinic, open_clinic.soon + timedelta(hours=1), status="held", held_until=later
    )
    factories.insert(counter.owner, "waiting_wish", id=wish, patient_id=counter.patient,
                     service_id=counter.clinic.service, earliest=now.date(), created_at=now)  # fmt: skip
    factories.insert(counter.owner, "waiting_offer", id=offer, wish_id=wish, patient_id=counter.patient, hold_id=hold,
                     offered_at=now, expires_at=later)  # fmt: skip
    return {"wish_id": wish, "offer_id": offer}


def opened(at_desk: Callable[..., Page], counter: Counter, **options: Any) -> Page:
    return at_desk("/me", role="patient", patients=(counter.patient,), **options)


def test_at_four_hundred_percent_nothing_is_cut_off_or_covered(
    at_desk: Callable[..., Page], counter: Counter, pages: dict[str, str]
) -> None:
    page = opened(at_desk, counter, **ZOOMED)
    wrong = {}
    for name, address in pages.items():
        answer = page.goto(address)
        assert answer is not None
        found = [answer.status, page.url.endswith(address), overhang(page), page.evaluate(COVERED), violations(page)]
        if found != [200, True, [], [], []]:
            wrong[name] = found
    assert wrong == {}


def test_nothing_is_in_english(
    at_desk: Callable[..., Page], app: Flask, counter: Counter, pages: dict[str, str], open_clinic: OpenClinic
) -> None:
    page = opened(at_desk, counter, **SPANISH)
    for name, address in pages.items():
        page.goto(address)
        see(page, name)
    page.goto(pages["portal.visit"])
    page.get_by_role("button", name="Ya llegué").click()
    see(page, "arrived")
    tomorrow = factories.appointment(counter.owner, counter.clinic, open_clinic.soon + timedelta(days=1))
    page.goto(path_of(Named(tomorrow, counter.patient), secret=str(app.secret_key)))
    see(page, "link")
    page.get_by_role("button", name="Sí, asistiré").click()
    see(page, "link-confirmed")
    desk = at_desk(f"/billing/invoices/{counter.invoice()}/link")
    desk.get_by_role("button", name="Make a link").click()
    page.goto(desk.get_by_label("Address").input_value())
    expect(page.get_by_text("$86.50").first).to_be_visible()
    see(page, "pay-link")
