"""A day on paper, in the words and dates of the clinic: the same for the page, the PDF and the hourly copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from babel.dates import format_date
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import typesetting
from webapp.booking.queries import SheetVisit, sheet_visits
from webapp.booking.states import STATES
from webapp.booking.wording import LOCALE, clock, local_date
from webapp.patients.wording import born, record_number
from webapp.practice import queries as practice
from webapp.practice.hours import local_day
from webapp.practice.models import Location, Provider

TEMPLATE = "day_sheet.typ"


class Paper:
    """The sheets of one site and day, one for each provider who has a visit, or for each of `wanted`."""

    def __init__(self, site: Location, day: date, at: datetime, wanted: Collection[UUID] = ()) -> None:
        visits = sheet_visits(site.id, local_day(site.time_zone, day))
        self.site, self.day, self.at = site, day, at
        self.providers = _providers(visits)
        self.busy = frozenset(visit.provider_id for visit in visits)
        self.wanted = frozenset(wanted) or self.busy
        self.visits = [visit for visit in visits if visit.provider_id in self.wanted]

    @property
    def patients(self) -> frozenset[UUID]:
        """Everybody who stands on it."""
        return frozenset(visit.patient_id for visit in self.visits)

    def data(self) -> dict[str, Any]:
        """Everything on it as text, for a template of ours; strings and lists only."""
        long = format_date(self.day, "EEEE, MMMM d, y", locale=LOCALE)
        return {
            "lang": "en",
            "title": _("Day sheet, %(day)s", day=long),
            "clinic": self.site.name,
            "day": long,
            "printed": _("As of %(time)s, %(day)s", time=clock(self.at, self.site.time_zone), day=self._printed()),
            "sheets": [self._sheet(provider) for provider in self.providers if provider.id in self.wanted],
            "words": _words(),
        }

    def pdf(self) -> bytes:
        """The same as a PDF."""
        return typesetting.pdf(TEMPLATE, self.data(), self.at)

    def _printed(self) -> str:
        return format_date(local_date(self.at, self.site.time_zone), "EEE, MMM d, y", locale=LOCALE)

    def _sheet(self, provider: Provider) -> dict[str, Any]:
        entries = [self._entry(visit) for visit in self.visits if visit.provider_id == provider.id]
        return {
            "provider": provider.name,
            "summary": ngettext("%(num)d visit", "%(num)d visits", len(entries)),
            "entries": entries,
        }

    def _entry(self, visit: SheetVisit) -> dict[str, Any]:
        return {
            "starts": clock(visit.starts_at, self.site.time_zone),
            "ends": _("to %(time)s", time=clock(visit.ends_at, self.site.time_zone)),
            "name": visit.name,
            "born": born(visit.birth_date),
            "record_number": record_number(visit.record_number),
            "phone": visit.phone,
            "service": visit.service,
            "room": visit.room,
            "status": _(STATES[visit.status].label),
            "alerts": list(visit.alerts),
            "note": visit.note,
        }


def _providers(visits: Sequence[SheetVisit]) -> list[Provider]:
    """Today's providers, and those who are gone but still have a visit."""
    known = practice.providers()
    gone = {visit.provider_id for visit in visits} - {provider.id for provider in known}
    return known + practice.providers_by_id(gone)


def _words() -> dict[str, str]:
    return {
        "time": _("Time"),
        "patient": _("Patient"),
        "phone": _("Phone"),
        "visit": _("Visit"),
        "status": _("Status"),
        "remarks": _("Alerts and note"),
        "mrn": _("MRN"),
        "page": _("Page"),
        "private": _("Confidential: shred after use"),
        "nothing": _("No visits"),
    }
