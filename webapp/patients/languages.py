"""Languages people speak, by their BCP 47 tag."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError


def language_name(tag: str, locale: str = "en") -> str:
    """Name a language for people: "es-MX" is "Spanish"; a tag nobody knows is shown as it is."""
    try:
        name = Locale.parse(tag.partition("-")[0].lower()).get_language_name(locale)
    except (UnknownLocaleError, ValueError):
        name = None
    return name or tag
