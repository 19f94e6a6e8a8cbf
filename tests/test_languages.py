"""A page speaks its reader's language: what they prefer, else what they chose on a page, else what the browser asks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.morning import clinic, eight_in_the_morning
from webapp import languages
from webapp.booking.forms import write_instant
from webapp.identity.permissions import StaffRole
from webapp.money import money
from webapp.practice import signboard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "eight_in_the_morning"]

ROOT = Path(__file__).parent.parent
SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}
WORDS = {"en": "Sign in", "es": "Iniciar sesión"}
PAGE = "/sign-in"


def language_of(answer: TestResponse) -> str:
    found = re.search(r'<html lang="([^"]*)">', answer.text)
    assert found is not None
    language = found[1]
    assert WORDS["es" if language == "es" else "en"] in answer.text or answer.request.path != PAGE
    return language


def choose(visitor: Visitor, language: str, then: str = PAGE) -> TestResponse:
    return visitor.post("/language", {"language": language, "next": then})


def test_the_page_offers_the_other_language_by_its_own_name(visitor: Visitor) -> None:
    page = visitor.get(PAGE).text
    assert re.search(r'<button [^>]*lang="es">.*Español</button>', page)
    assert "English" not in page
    page = visitor.get(PAGE, headers=SPANISH).text
    assert re.search(r'<button [^>]*lang="en">.*English</button>', page)
    assert "Español" not in page


def test_what_was_chosen_comes_before_what_the_browser_asks_for(visitor: Visitor) -> None:
    chosen = choose(visitor, "es", "/sign-in/forgot?a=1")
    assert chosen.status_code == 303
    assert chosen.headers["Location"] == "/sign-in/forgot?a=1"
    assert "Contraseña olvidada" in visitor.get("/sign-in/forgot").text
    choose(visitor, "en")
    assert language_of(visitor.get(PAGE, headers=SPANISH)) == "en"


def test_the_choice_is_kept_where_no_script_and_no_other_site_gets_it(visitor: Visitor) -> None:
    cookie = next(each for each in choose(visitor, "es").headers.getlist("Set-Cookie") if each.startswith("language="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("asked", ["de", "", "es_ES", "en'\"><script>", "../es", "es\r\nSet-Cookie: a=b", "Español"])
def test_a_language_that_nobody_can_choose_changes_nothing(visitor: Visitor, asked: str) -> None:
    answer = choose(visitor, asked)
    assert answer.status_code == 303
    assert not [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("language=")]
    visitor.client.set_cookie("language", asked.encode("ascii", "replace").decode().replace("\r\n", ""))
    page = visitor.get(PAGE)
    assert language_of(page) == "en"
    assert "<script>" not in page.text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "sign-in", ""])
def test_choosing_leads_to_pages_of_ours_only(visitor: Visitor, elsewhere: str) -> None:
    assert choose(visitor, "es", elsewhere).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?next=/me", "?next=/me"),
        ("?next=//evil.example", ""),
        ("?next=evil.example", ""),
        ("?a=https://evil.example", ""),
    ],
)
def test_the_page_one_comes_back_to_leads_nowhere_else(visitor: Visitor, query: str, kept: str) -> None:
    assert f'name="next" value="{PAGE}{kept}"' in visitor.get(PAGE + query).text


def test_another_site_cannot_choose(visitor: Visitor) -> None:
    forged = visitor.client.post("/language", data={"language": "es", "next": "/"})
    assert forged.status_code == 400
    assert language_of(visitor.get(PAGE)) == "en"


def test_caches_are_told_what_the_answer_depends_on(visitor: Visitor) -> None:
    assert {"Accept-Language", "Cookie"} <= varies(visitor.get(PAGE))
    choose(visitor, "es")
    assert "Accept-Language" not in varies(visitor.get(PAGE, headers={"Accept-Language": "en"}))
    assert "Cookie" in varies(visitor.get(PAGE))


def varies(answer: TestResponse) -> set[str]:
    return set(", ".join(answer.headers.getlist("Vary")).split(", "))


def test_two_languages_take_turns_in_one_process(app: Flask) -> None:
    client = app.test_client()
    for _turn in range(3):
        for asked, other in (("es", "en"), ("en", "es")):
            page = client.get(PAGE, headers={"Accept-Language": asked})
            assert language_of(page) == asked
            assert WORDS[asked] in page.text
            assert WORDS[other] not in page.text


@pytest.fixture
def _fresh_signboard(app: Flask, clinic: Clinic) -> Iterator[None]:
    """What other tests' clinics said of themselves is forgotten."""
    del clinic
    app.extensions[signboard.EXTENSION] = signboard.Signboard()
    yield
    app.extensions[signboard.EXTENSION] = signboard.Signboard()


@pytest.mark.usefixtures("_fresh_signboard")
def test_what_the_clinic_says_of_itself_is_kept_in_each_language(app: Flask) -> None:
    client = app.test_client()
    for asked, hours in (("en", "9:00 AM to 5:00 PM"), ("es", "9:00 a.m. a 5:00 p.m."), ("en", "9:00 AM to 5:00 PM")):
        page = client.get(PAGE, headers={"Accept-Language": asked}).text.replace("\u202f", " ").replace("\u00a0", " ")
        assert hours in page


def test_only_one_way_speaks_another_language_within_a_request() -> None:
    """`force_locale` by itself is not heard by templates."""
    files = [path for path in (ROOT / "webapp").rglob("*.py") if "force_locale" in path.read_text(encoding="utf-8")]
    assert files == [ROOT / "webapp" / "languages.py"]


def test_two_languages_at_once_never_mix(app: Flask) -> None:
    def look(number: int) -> bool:
        asked, other = ("es", "en") if number % 2 else ("en", "es")
        page = app.test_client().get(PAGE, headers={"Accept-Language": asked})
        return language_of(page) == asked and WORDS[other] not in page.text

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(look, range(64)))


def test_a_letter_within_a_page_is_in_its_own_reader_s_language(app: Flask) -> None:
    say: Any = app.jinja_env.globals["_"]
    with app.test_request_context(PAGE, headers={"Accept-Language": "en"}):
        assert say("Back") == "Back"
        with languages.speaking("es"):
            assert say("Back") == "Atrás"
            assert languages.written() == "es_US"
        assert say("Back") == "Back"
        assert languages.written() == "en_US"


def test_amounts_are_written_as_in_the_clinic_s_country(app: Flask) -> None:
    with app.test_request_context(PAGE, headers={"Accept-Language": "es"}):
        assert money(108650, "USD") == "$1,086.50"


@pytest.fixture
def visit(database: Database, clinic: Clinic) -> UUID:
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10) + timedelta(days=2))


def test_a_patient_s_pages_speak_spanish_with_its_days_and_times(sign_in: SignIn, clinic: Clinic, visit: UUID) -> None:
    me = sign_in("patient", patients=(clinic.patients[0],), at=NOW)
    home = me.get("/me", headers=SPANISH)
    assert language_of(home) == "es"
    assert "Su próxima cita" in home.text
    assert "miércoles, 25 de noviembre" in home.text
    assert "a.m." in home.text
    assert " AM" not in home.text
    page = me.get(f"/me/{clinic.patients[0]}/visits/{visit}/cancel", headers=SPANISH).text
    assert "¿Cancelar esta cita?" in page


def test_fragments_and_refusals_speak_it_too(sign_in: SignIn, clinic: Clinic) -> None:
    me = sign_in("patient", patients=(clinic.patients[0],), at=NOW)
    part = me.get("/no-such-page", fragment=True, headers=SPANISH).text
    assert "<html" not in part
    assert "Aquí no hay nada" in part
    assert language_of(me.get("/no-such-page", headers=SPANISH)) == "es"
    gone = {"service": clinic.service, "location": clinic.location, "provider": "any",
            "starts_at": write_instant(clock_time(3))}  # fmt: skip
    refused = me.post(f"/me/{clinic.patients[0]}/book", gone, headers=SPANISH)
    assert refused.status_code >= 400
    assert language_of(refused) == "es"
    assert "Ese horario es demasiado pronto para reservarlo en línea." in refused.text


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.PATIENT])
def test_staff_read_english_whatever_their_browser_says(sign_in: SignIn, role: StaffRole) -> None:
    somebody = sign_in(role, at=NOW)
    somebody.client.set_cookie("language", "es")
    for path in ("/home", "/no-such-page", "/me/sessions", "/password"):
        page = somebody.get(path, headers=SPANISH)
        assert language_of(page) == "en", path
        assert "Español" not in page.text
        assert not re.search(r"Atrás|Cerrar|Contraseña|Aquí no hay", page.text)
    # Refused before anybody asked who it is.
    early = somebody.client.post(
        "/sign-out", data={}, headers={"Accept-Language": "es", "Origin": "https://evil.example"}
    )
    assert language_of(early) == "en"
