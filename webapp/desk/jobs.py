"""The day on paper for the day everything is down: a copy every hour, where no database is needed to read it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flask import current_app

from webapp import activity, jobs
from webapp.activity.items import Origin
from webapp.booking.wording import local_date
from webapp.db import transactional
from webapp.desk.gateways.sheet_store import store_at
from webapp.desk.paper import Paper
from webapp.jobs import job
from webapp.practice import queries as practice

if TYPE_CHECKING:
    from webapp.activity.notes import Note
    from webapp.db import Scope
    from webapp.practice.models import Location
    from webapp.settings import Settings

DAYS_KEPT = 2
DAYS_AHEAD = 1
ROUTE = "desk.write_day_sheets"


@job("desk.write_day_sheets", every="7 * * * *")
def write_day_sheets(timestamp: int) -> None:
    """Write today and tomorrow of every site, each a PDF with a page for each provider; older days are removed.

    Nothing is written before the log has who is on it. Raises what the folder or bucket raises, so that a copy that
    could not be written is tried again and ends on the page of failed jobs.
    """
    del timestamp
    settings: Settings = current_app.config["ANTEROOM"]
    if not settings.day_sheets:
        return
    store = store_at(settings.day_sheets, settings)
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        papers = [
            (_name(site, paper.day), paper.pdf(), paper.patients)
            for site in practice.locations()
            for paper in _papers(site, scope)
        ]
        oldest = min((local_date(scope.at, site.time_zone) for site in practice.locations()), default=scope.at.date())
    everybody = frozenset(patient for _, _, patients in papers for patient in patients)
    if papers:
        activity.write([_exported(everybody)], Origin(None, scope.at, scope.request, ROUTE))
    for name, content, _ in papers:
        store.put(name, content)
    store.remove_before(oldest - timedelta(days=DAYS_KEPT))


def _papers(site: Location, scope: Scope) -> list[Paper]:
    today = local_date(scope.at, site.time_zone)
    return [Paper(site, today + timedelta(days=ahead), scope.at) for ahead in range(DAYS_AHEAD + 1)]


def _exported(patients: frozenset[UUID]) -> Note:
    return activity.Note("exported", listed=patients, detail="day_sheets")


def _name(site: Location, day: date) -> str:
    """Day first, then the site in letters that every file system takes; the end of its id keeps namesakes apart."""
    words = re.sub(r"[^a-z0-9]+", "-", site.name.lower()).strip("-")[:60]
    return "-".join(part for part in (day.isoformat(), words, site.id.hex[-6:]) if part) + ".pdf"
