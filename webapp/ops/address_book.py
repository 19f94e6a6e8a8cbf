"""Every address of the application with what its door asks for, as `docs/addresses.md` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.routing import door_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

    from webapp.routing import Door

HEAD = """# Every address, and who may come in

Written by `flask --app wsgi addresses`; a test compares. "Database role" is what the transaction runs as: row security
and grants decide again there. Which roles hold a permission is a page of the product (`/roles`) and the table in
`webapp/identity/permissions.py`.

| address | methods | permission | database role | besides |
|---|---|---|---|---|
"""


def as_markdown(app: Flask) -> str:
    """A line for each route, in the order of the addresses."""
    return HEAD + "".join(f"{line}\n" for line in _lines(app))


def _lines(app: Flask) -> Iterator[str]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        door = door_of(app, rule.endpoint)
        if door is not None:
            cells = (f"`{rule.rule}`", _methods(rule), door.permission or "open", door.role or "", _besides(door))
            yield f"| {' | '.join(cells)} |"


def _methods(rule: Rule) -> str:
    return ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _besides(door: Door) -> str:
    words = {
        "the password again after five minutes": door.recent,
        "its own short transactions": door.gateway,
        "only reads": door.asks,
        "counted": door.limit is not None,
        "no sign of life": not door.touches,
    }
    return ", ".join(word for word, holds in words.items() if holds)
