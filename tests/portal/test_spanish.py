"""No text that a patient meets is asked for in Spanish and answered in English, with facts in it or without."""

from __future__ import annotations

from datetime import timedelta
from gettext import NullTranslations
from typing import TYPE_CHECKING, Any

import pytest
from flask_babel import get_domain  # type: ignore[attr-defined]

from tests import factories
from tests.billing.at_counter import counter
from tests.factories import NOW, clock_time
from tests.portal.views.test_booking import hold
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.person import Grant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter"]

SPANISH = {"Accept-Language": "es"}
OF_THE_MENU = ("", "/book", "/invoices", "/cards", "/statement", "/family", "/family/new", "/profile", "/looks",
               "/download", "/preferences", "/calendar", "/waiting")  # fmt: skip


class Missed(NullTranslations):
    """Stands behind the catalog: what arrives here has no Spanish."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()

    def gettext(self, message: str) -> str:
        self.texts.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.texts.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)


@pytest.fixture
def missed(app: Flask) -> Iterator[Missed]:
    """Texts without Spanish that anybody asked for in this application."""
    with app.test_request_context("/", headers=SPANISH):
        spanish: Any = get_domain().get_translations()
    before, kept = spanish._fallback, Missed()
    spanish._fallback = kept
    yield kept
    spanish._fallback = before


@pytest.fixture
def mia(counter: Counter, sign_in: SignIn) -> Visitor:
    child = Grant(counter.clinic.patients[1], may=frozenset(Purpose), relation=Relation.PARENT, name="Leo")
    return sign_in("patient", patients=(counter.patient,), grants=(child,), at=NOW)


def look(who: Visitor, address: str, status: int = 200) -> str:
    page = who.get(address, headers=SPANISH)
    assert page.status_code == status, (address, page.text[:2000])
    if page.mimetype == "text/html" and page.status_code < 300:
        assert 'class="rail"' not in page.text, f"{address} has the frame of staff"
        assert '<html lang="es">' in page.text, address
    return page.text


def test_every_page_of_the_menu(mia: Visitor, counter: Counter, missed: Missed) -> None:
    for path in OF_THE_MENU:
        look(mia, f"/me/{counter.patient}{path}")
    for address in ("/me", "/me/code", "/me/notices", "/me/sessions", "/password", f"/me/{counter.clinic.patients[1]}"):
        look(mia, address)
    look(mia, f"/me/{counter.patient}/waiting/new", 303)
    look(mia, f"/me/{counter.patient}/waiting/new?service={counter.clinic.service}")
    look(mia, "/me/nothing", 404)
    assert missed.texts == set()


def test_visits_and_what_becomes_of_them(mia: Visitor, counter: Counter, missed: Missed) -> None:
    own = f"/me/{counter.patient}"
    visit = factories.appointment(counter.owner, counter.clinic, clock_time(10) + timedelta(days=2))
    look(mia, f"{own}/book?service={counter.clinic.service}")
    held = hold(mia, counter.clinic, clock_time(13))
    look(mia, held)
    for path in ("", "/move", "/cancel", "/booked"):
        look(mia, f"{own}/visits/{visit}{path}")
    look(mia, own)
    assert missed.texts == set()


def test_money(mia: Visitor, counter: Counter, missed: Missed) -> None:
    own = f"/me/{counter.patient}"
    invoice = counter.invoice()
    for path in ("/invoices", f"/invoices/{invoice}", f"/invoices/{invoice}/print", "/statement"):
        look(mia, own + path)
    part = {"seen": str(counter.due(invoice)), "part": "part", "amount": "nothing", "how": "page"}
    wrong = mia.post(f"{own}/invoices/{invoice}/pay", part, headers=SPANISH)
    assert wrong.status_code == 422
    assert "Escriba un importe, por ejemplo 86.50." in wrong.text
    went = mia.post(f"{own}/invoices/{invoice}/pay", {**part, "part": "all"}, headers=SPANISH)
    assert went.status_code == 303
    look(mia, own + "/invoices")
    look(mia, f"{own}/invoices/{invoice}")
    assert missed.texts == set()


def test_the_doors(visitor: Visitor, missed: Missed) -> None:
    for address in ("/sign-in", "/sign-in/forgot", "/sign-up", "/sign-up/register"):
        look(visitor, address)
    visitor.post("/sign-up", {"code": "wrong", "birth_date": "no"}, headers=SPANISH)
    visitor.post("/sign-up/register", {"given": "", "birth_date": "13/45/1990", "email": "x"}, headers=SPANISH)
    assert missed.texts == set()


def test_what_has_no_spanish_is_noticed(visitor: Visitor, app: Flask, missed: Missed) -> None:
    look(visitor, "/sign-in")
    with app.test_request_context("/", headers=SPANISH):
        say: Any = app.jinja_env.globals["_"]
        say("Never said: %(what)s", what="a")
    assert missed.texts == {"Never said: %(what)s"}
