"""Which language a page speaks: what patients meet speaks theirs, pages of staff are in English; and how it writes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import current_app, g, has_request_context, request, session
from flask_babel import force_locale, get_locale

from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from flask import Flask, Response

    from webapp.settings import Settings

ENGLISH = "en"
NAMES = {ENGLISH: "English", "es": "Español"}
"""Languages that people may choose, each by its own name."""
TEXTS = "texts"
"""Under which name `g` keeps what templates have said in the language of the moment."""

# How the clinic's country writes each of them: Babel's plain "es" writes dates and amounts as Spain does.
_WRITTEN = {ENGLISH: "en_US", "es": "es_US"}
_EXTENSION = "anteroom.languages"
_OF_SESSION = "language"
_COOKIE = "language"
_YEAR_SECONDS = 31_536_000
_PATIENT_ONLY = frozenset({StaffRole.PATIENT})


def known_in(app: Flask, folder: Path) -> tuple[str, ...]:
    """The languages with a catalog in the folder, English first, remembered for the application's pages."""
    found = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/messages.mo"))
    known = app.extensions[_EXTENSION] = (ENGLISH, *found)
    return known


def spoken(known: Collection[str]) -> str:
    """Of the `known` languages the one this request is answered in, without asking anything but the request.

    What the account is bound to comes before what was chosen on a page, and that before what the browser asks for.
    """
    if not has_request_context() or _staff_reads():
        return ENGLISH
    wanted = (session.get(_OF_SESSION), request.cookies.get(_cookie()))
    found = next((each for each in wanted if each in known), None)
    if found is None:
        g.asked_for_language = True
        found = request.accept_languages.best_match(known)
    return found or ENGLISH


def written() -> str:
    """The locale in which the page that is being made writes days, times and amounts: en_US, es_US."""
    language = str(get_locale() or ENGLISH)
    return _WRITTEN.get(language, language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak another language for a while, in templates too: a letter in its reader's, whoever's page it is made for."""
    texts = g.pop(TEXTS, None)
    try:
        with force_locale(language):
            yield
    finally:
        g.pop(TEXTS, None)
        if texts is not None:
            g.texts = texts


def others() -> list[tuple[str, str]]:
    """Languages this page could speak as well, by tag and own name; none on pages of staff."""
    known: Collection[str] = current_app.extensions[_EXTENSION]
    if _staff_reads():
        return []
    return [(tag, name) for tag, name in NAMES.items() if tag in known and tag != str(get_locale() or ENGLISH)]


def bind(language: str | None) -> None:
    """Speak what the account that just signed in prefers; none leaves it to the browser."""
    session.pop(_OF_SESSION, None)
    if language in NAMES:
        session[_OF_SESSION] = language


def choose(response: Response, language: str) -> Response:
    """Speak a language in this browser from now on, signed in or not; one that nobody can choose changes nothing."""
    if language not in NAMES:
        return response
    bind(language)
    secure = _settings().secure
    response.set_cookie(_cookie(), language, max_age=_YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")
    return response


def _staff_reads() -> bool:
    """Whether the reader is known to be staff.

    Only who is already known counts: asking here would ask DynamoDB again where it has just not answered.
    """
    person = g.get("_login_user")
    return person is not None and bool(person.roles - _PATIENT_ONLY)


def _cookie() -> str:
    return f"__Host-{_COOKIE}" if _settings().secure else _COOKIE


def _settings() -> Settings:
    settings: Settings = current_app.config["ANTEROOM"]
    return settings
