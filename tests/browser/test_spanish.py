"""A patient whose telephone speaks Spanish signs in, books, and cancels, and meets no English word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_paying import counter
from tests.browser.test_portal import TELEPHONE, look, statuses
from tests.identity.conftest import make_account
from tests.test_translations import CATALOGS, messages, written
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.billing.counter import Counter
    from tests.browser.conftest import OpenClinic
    from tests.identity.accounts import Account, MakeAccount
    from tests.stack.database import Database

__all__ = ["counter", "make_account"]

WIDTHS = (390, 320)
SPANISH: dict[str, Any] = {**TELEPHONE, "locale": "es-US", "reduced_motion": "reduce"}
# What stands on a page, each text as it was written, and what is read out in its place.
TEXTS = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode()) {
    if (walk.currentNode.parentElement.closest("script, style, template, [lang=en]")) continue;
    texts.push(walk.currentNode.data.replace(/\\s+/g, " ").trim());
  }
  for (const each of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    for (const name of ["aria-label", "title", "placeholder"]) texts.push(each.getAttribute(name) ?? "");
  return [...texts, document.title.split(" · ")[0]];
}"""
# A word that is the Spanish for anything, such as "Total", is no English one.
ENGLISH = messages() - {str(each.string) for each in written(CATALOGS[0])}


def see(page: Page, name: str) -> None:
    """Nothing in anybody's way, nothing cut off, nothing in English."""
    look(page, f"es-{name}")
    assert page.locator("html").get_attribute("lang") == "es"
    assert [text for text in page.evaluate(TEXTS) if text in ENGLISH] == []
    assert page.evaluate(CUT_OFF) == []
    # A time ends with a period of its own: "10:30 a.m."
    assert "m.." not in page.locator("body").inner_text().replace("\u00a0", " ")


CUT_OFF = """() => [...document.querySelectorAll("a, button, label, h1, h2, h3, summary")]
  .filter((each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1)
  .map((each) => each.textContent.trim())"""


@pytest.fixture
def account(make_account: MakeAccount, database: Database, open_clinic: OpenClinic) -> Account:
    account = make_account(StaffRole.PATIENT)
    with database.administer() as connection:
        connection.execute(
            "insert into account_patient (account_id, patient_id, relation) values (%s, %s, 'self')",
            (account.id, open_clinic.patients["Rosa Jimenez"]),
        )
    return account


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_signs_in_books_and_cancels(
    new_context: Callable[..., BrowserContext], account: Account, database: Database, width: int
) -> None:
    page = new_context(**{**SPANISH, "viewport": {"width": width, "height": 844}}).new_page()
    page.goto("/me")
    see(page, f"sign-in-{width}")
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    see(page, f"sign-in-error-{width}")
    page.get_by_label("Correo electrónico").fill(account.email)
    page.get_by_label("Contraseña", exact=True).fill(account.password)
    page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    page.get_by_role("heading", name="Hola").wait_for()
    see(page, f"home-empty-{width}")
    page.get_by_role("link", name="Reservar una cita").last.click()
    see(page, f"reasons-{width}")
    page.get_by_role("link", name="Follow-up").click()
    page.locator("label.slot:visible").nth(1).click()
    see(page, f"find-{width}")
    page.get_by_role("button", name="Continuar").click()
    see(page, f"check-{width}")
    page.get_by_role("button", name="Reservar esta cita").click()
    expect(page.get_by_role("heading", name="Su cita está reservada")).to_be_visible()
    see(page, f"booked-{width}")
    page.goto("/me")
    see(page, f"home-{width}")
    page.get_by_role("link", name="Cambiar", exact=True).click()
    see(page, f"move-{width}")
    page.goto("/me")
    page.get_by_role("link", name="Cancelar", exact=True).click()
    see(page, f"cancel-{width}")
    page.get_by_role("button", name="Cancelar esta cita").click()
    expect(page.get_by_text("Su cita se canceló.")).to_be_visible()
    see(page, f"visit-{width}")
    assert statuses(database) == ["cancelled"]


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_pays_an_invoice(counter: Counter, at_desk: Callable[..., Page], width: int) -> None:
    made = counter.invoice()
    page = at_desk(
        f"/me/{counter.patient}/invoices",
        role="patient",
        patients=(counter.patient,),
        **{**SPANISH, "viewport": {"width": width, "height": 844}},
    )
    see(page, f"invoices-{width}")
    page.get_by_role("link", name="Factura").first.click()
    page.get_by_role("heading", name="Factura").wait_for()
    see(page, f"invoice-{width}")
    page.get_by_role("button", name="Pagar", exact=True).click()
    page.get_by_role("button", name="Pagar con una tarjeta que funciona").click()
    see(page, f"paying-{width}")
    page.get_by_role("button", name="Revisar ahora").click()
    page.get_by_role("heading", name="Pagado. Gracias.").wait_for()
    see(page, f"paid-{width}")
    assert counter.due(made) == 0


PUBLIC = ("/sign-in/forgot", "/sign-up", "/sign-up/register", "/nothing-here")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_before_the_door(new_context: Callable[..., BrowserContext], width: int) -> None:
    page = new_context(**{**SPANISH, "viewport": {"width": width, "height": 844}}).new_page()
    for address in PUBLIC:
        page.goto(address)
        see(page, f"{address.strip('/').replace('/', '-')}-{width}")


@pytest.mark.parametrize("script", [True, False])
def test_somebody_whose_telephone_speaks_english_chooses_spanish(
    new_context: Callable[..., BrowserContext], *, script: bool
) -> None:
    page = new_context(**TELEPHONE, java_script_enabled=script).new_page()
    page.goto("/sign-in/forgot")
    page.get_by_role("button", name="Español").tap()
    expect(page.get_by_role("heading", name="Contraseña olvidada")).to_be_visible()
    page.get_by_role("button", name="English").tap()
    expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()
