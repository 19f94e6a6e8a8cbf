"""What stands around the drawers of a day: visits that need a look, drawers that are opened, and who may do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests import factories
from tests.billing.till import LATER, Till
from tests.billing.views.evening import DAY, form, kept, sign
from webapp import clock
from webapp.billing.actions.pay import Part
from webapp.db import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stack.people import Visitor


def test_a_drawer_is_added_and_opened_here(till: Till, desk: Visitor) -> None:
    site = {"location": str(till.clinic.location)}
    assert desk.post("/billing/drawers", site | {"name": "Desk 2"}).status_code == 303
    taken = desk.post("/billing/drawers", site | {"name": "Desk 2"})
    assert taken.status_code == 422
    assert "Another drawer there has this name" in taken.text
    drawer = till.one("SELECT id FROM drawer WHERE name = 'Desk 2'")["id"]
    refused = desk.post(f"/billing/drawers/{drawer}/open", site | {f"float-{drawer}": "ten"})
    assert refused.status_code == 422
    assert 'value="ten"' in refused.text
    opened = desk.post(f"/billing/drawers/{drawer}/open", site | {f"float-{drawer}": "100"})
    assert opened.status_code == 303
    again = desk.post(f"/billing/drawers/{drawer}/open", site | {f"float-{drawer}": "100"})
    assert again.status_code == 409
    assert till.sum_of("drawer_cash", drawer_id=drawer) == 10_000


def test_visits_without_invoice_unpaid_and_open_are_listed(till: Till, desk: Visitor) -> None:
    bare, _open = till.visit(), till.visit("arrived")
    page = desk.get(DAY).text
    assert "1 visit with no invoice" in page
    assert "1 visit still open" in page
    assert "2 visits: 1 done, 1 open" in page
    sent = {"location": str(till.clinic.location), "visit": [str(bare)]}
    assert desk.post(f"{DAY}/bill", sent).status_code == 303
    row = till.one("SELECT status, number FROM invoice WHERE appointment_id = %s", bare)
    assert (row["status"], row["number"]) == ("issued", 1)
    page = desk.get(DAY).text
    assert "1 visit not paid" in page
    assert "2026-00001" in page
    assert desk.post(f"{DAY}/bill", sent).status_code == 303
    assert till.one("SELECT count(*) AS n FROM invoice")["n"] == 1


def test_a_count_of_another_site_is_no_part_of_it(till: Till, desk: Visitor) -> None:
    other = Till(till.app, till.owner, factories.clinic(till.owner), till.scope)
    other.drawer = other.opened()
    sent = form(till, {till.day(): "150"}) | form(other, {other.day(): "150"})
    sent["location"] = str(till.clinic.location)
    assert desk.post(f"{DAY}/close", sent).status_code == 400
    assert kept(other, other.day())["closed_at"] is None


def test_a_drawer_left_open_is_closed_the_next_day(till: Till, sign_in: Callable[..., Visitor]) -> None:
    tomorrow = LATER + timedelta(days=1)
    with clock.stopped_at(tomorrow):
        desk = sign_in("receptionist", at=tomorrow)
        assert "open since Mon, Nov 23" in desk.get("/billing/day/2026-11-24").text
        sent = form(till, {till.day(): "150"})
        assert desk.post("/billing/day/2026-11-24/close", sent).status_code == 303
    assert kept(till, till.day())["closed_at"] == tomorrow


def test_who_may_not_close_is_refused(till: Till, sign_in: Callable[..., Visitor], five_in_the_afternoon: None) -> None:
    clinician = sign_in("clinician", at=LATER)
    assert clinician.get(DAY).status_code == 403
    assert sign(till, clinician, {till.day(): "150"}).status_code == 403


def test_one_whose_role_holds_elsewhere_signs_nothing_here(
    till: Till, sign_in: Callable[..., Visitor], five_in_the_afternoon: None
) -> None:
    elsewhere = factories.clinic(till.owner)
    other = sign_in("receptionist", at=LATER, sites=(elsewhere.location,))
    refused = sign(till, other, {till.day(): "150"})
    assert refused.status_code == 403
    assert kept(till, till.day())["closed_at"] is None


def test_the_page_ties_to_the_ledger_after_everything_that_can_happen(till: Till, desk: Visitor) -> None:
    till.scope = replace(till.scope, role=Role.MANAGER)
    till.invoice(40_000)
    parts = (till.cash(6_000, 10_000), Part("check", 3_000), till.card(7_000))
    cash, check, *_cards = (till.pays(part)[0] for part in parts)
    till.refunds(cash, 2_500)
    till.refunds(check, 1_000, drawer_id=None)
    page = desk.get(DAY).text
    assert "Net taken</dt><dd>$125.00" in page
    assert "Ties to the ledger to the cent" in page
