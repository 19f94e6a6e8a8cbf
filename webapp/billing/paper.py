"""Papers about money, in the words of the clinic: the same facts for the page that prints and for the PDF."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask_babel import gettext as _

from webapp import typesetting
from webapp.booking.wording import local_date
from webapp.languages import written
from webapp.practice.letterhead import letterhead
from webapp.practice.models import Location

TEMPLATE = "money.typ"


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column; amounts stand at its end."""

    label: str
    end: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title; without rows it is left out, and so are columns that are empty in all of them."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def filled(self) -> Section:
        """The same without empty columns."""
        used = [n for n in range(len(self.columns)) if any(row[n] for row in self.rows)]
        rows = tuple(tuple(row[n] for n in used) for row in self.rows)
        return Section(self.title, tuple(self.columns[n] for n in used), rows)


@dataclass(frozen=True, slots=True)
class Sum:
    """A line under the tables; the last one is what the paper is about."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: all of it text, made `at`; `people` are the patients who stand on it, for the record of access."""

    name: str
    title: str
    site: Location
    at: datetime
    to: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    sums: tuple[Sum, ...]
    notes: tuple[str, ...]
    people: frozenset[UUID]
    filename: str

    def data(self) -> dict[str, Any]:
        """Everything on it, for a template of ours; strings and lists only."""
        head, zone = letterhead(self.site), self.site.time_zone
        made = _("Made %(day)s, %(time)s", day=long_date(self.at, zone), time=_clock(self.at, zone))
        return {
            "lang": "en",
            "title": self.title,
            "clinic": head.name,
            "clinic_lines": [line for line in (*head.address_lines, head.phone) if line],
            "to": list(self.to),
            "facts": [list(fact) for fact in self.facts],
            "sections": [asdict(section.filled()) for section in self.sections if section.rows],
            "sums": [asdict(line) for line in self.sums],
            "notes": [note for note in self.notes if note],
            "foot": f"{self.title} · {head.name} · {made}",
            "page": _("Page"),
        }

    def pdf(self) -> bytes:
        """The same as a PDF."""
        return typesetting.pdf(TEMPLATE, self.data(), self.at)


def long_date(moment: datetime, zone: str) -> str:
    """A day on paper: "November 23, 2026"."""
    return format_date(local_date(moment, zone), "long", locale=written())


def _clock(moment: datetime, zone: str) -> str:
    # Typesetters' narrow spaces are no spaces to whoever copies the text.
    local = format_time(moment.astimezone(ZoneInfo(zone)), "short", locale=written())
    return local.replace("\u202f", " ")


def amounts(*labels: str) -> tuple[Column, ...]:
    """Columns of amounts."""
    return tuple(Column(label, end=True) for label in labels)
