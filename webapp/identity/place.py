"""Where a session was opened, as far as a person needs it to tell their own from another's."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_ADDRESS = 45

# The first that a browser's description of itself contains: most name the ones they descend from, too.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A browser and its system by their common names, and the network address; "" for what is not known."""

    browser: str = ""
    system: str = ""
    address: str = ""


NOWHERE = Place()


def place_of(user_agent: str, address: str | None) -> Place:
    """The place of a request; what a browser says of itself is only ever matched, never kept."""
    return Place(_named(BROWSERS, user_agent), _named(SYSTEMS, user_agent), (address or "")[:LONGEST_ADDRESS])


def _named(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in known if mark in text), "")
