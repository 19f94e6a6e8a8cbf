"""Calendars as programs read them (RFC 5545): when and where, and nothing of what a visit is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MEDIA_TYPE = "text/calendar; charset=utf-8"
LONGEST_LINE = 75
"""Octets of a line without its break."""
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit in a calendar; `sequence` grows with each change, `written_at` is when this was written.

    A canceled one stays, marked: a program that knew it takes it out.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str
    sequence: int
    written_at: datetime
    canceled: bool = False


def calendar(entries: Iterable[Entry], *, name: str, remind: timedelta | None = None) -> str:
    """Write a calendar; `remind` asks the program to remind that long before each visit."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Anteroom//Visits//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for entry in entries:
        lines += _event(entry, remind)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(entry: Entry, remind: timedelta | None) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.id}@anteroom"
    yield f"DTSTAMP:{_utc(entry.written_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTART:{_utc(entry.starts_at)}"
    yield f"DTEND:{_utc(entry.ends_at)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    yield f"LOCATION:{_text(entry.place)}"
    yield f"STATUS:{'CANCELLED' if entry.canceled else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    if remind is not None and not entry.canceled:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(entry.summary)}"
        yield f"TRIGGER:-PT{int(remind.total_seconds() // 60)}M"
        yield "END:VALARM"
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escape what has a meaning in a calendar; characters that no line may hold are left out."""
    tidy = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_ESCAPED.get(char, char) for char in tidy if char == "\n" or char.isprintable())


def _folded(line: str) -> Iterator[str]:
    """Break a line between characters, so that no part is longer than 75 octets; what follows begins with a blank."""
    part, size = "", 0
    for char in line:
        width = len(char.encode())
        if size + width > LONGEST_LINE:
            yield part
            part, size = " ", 1
        part += char
        size += width
    yield part
