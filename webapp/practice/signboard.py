"""The clinic's name, address and today's hours for pages that have no transaction of their own: kept a minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_time
from flask import current_app, g, has_request_context
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.local import LocalProxy

from webapp import clock
from webapp.db import Role, Scope, db, transactional
from webapp.ids import new_id
from webapp.languages import written
from webapp.practice import queries
from webapp.practice.letterhead import NOBODY, Letterhead, letterhead

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask

KEPT = timedelta(minutes=1)
KEPT_IN_AN_OUTAGE = timedelta(seconds=10)
EXTENSION = "anteroom.signboard"


@dataclass(slots=True)
class Signboard:
    """What the last look said, and until when it is believed; one for each process.

    `hours` is from when until when it is open today; `shown` are the same words in each language that asked.
    """

    letterhead: Letterhead = NOBODY
    hours: tuple[time, time] | None = None
    until: datetime | None = None
    shown: dict[str, Letterhead] = field(default_factory=dict)


def init_app(app: Flask) -> None:
    """Give every template `clinic`, in whose place pages of one site pass their own, and the names of sites."""
    app.extensions[EXTENSION] = Signboard()
    app.jinja_env.globals.update(clinic=LocalProxy(current), site_names=site_names)


def site_names() -> dict[UUID, str]:
    """Names of all sites for a page without a transaction of its own; read each time, because few pages ask."""
    if db.session().in_transaction():
        return queries.site_names()
    with transactional(Scope(Role.IDENTITY, None, clock.now(), str(new_id())), read_only=True):
        return queries.site_names()


def current() -> Letterhead:
    """Look again after a minute, and never from a page that says that a service is away."""
    board: Signboard = current_app.extensions[EXTENSION]
    now = clock.now()
    if (board.until is None or now >= board.until) and not (has_request_context() and g.get("alone")):
        try:
            board.letterhead, board.hours = _look(now)
            board.shown, board.until = {}, now + KEPT
        except (DBAPIError, PoolTimeout):
            board.until = now + KEPT_IN_AN_OUTAGE
    shown, language = board.shown, written()
    if language not in shown:
        shown[language] = replace(board.letterhead, hours_today=_words(board.hours))
    return shown[language]


def _look(now: datetime) -> tuple[Letterhead, tuple[time, time] | None]:
    if db.session().in_transaction():
        return _read(now)
    with transactional(Scope(Role.IDENTITY, None, now, str(new_id())), read_only=True):
        return _read(now)


def _read(now: datetime) -> tuple[Letterhead, tuple[time, time] | None]:
    places = queries.locations()
    if not places:
        return NOBODY, None
    today = now.astimezone(ZoneInfo(places[0].time_zone)).date()
    return letterhead(places[0]), queries.open_from_until(places[0].id, today)


def _words(hours: tuple[time, time] | None) -> str:
    if hours is None:
        return ""
    first, last = (format_time(each, "h:mm a", locale=written()) for each in hours)
    return str(_("%(opens)s to %(closes)s", opens=first, closes=last))
