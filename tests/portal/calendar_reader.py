"""A reader of calendars that knows nothing of how ours are written: RFC 5545 by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(
    r"(?P<name>[A-Z0-9-]+)(?P<parameters>(?:;[A-Z0-9-]+=(?:\"[^\"]*\"|[^;:\",]*))*):(?P<value>.*)", re.DOTALL
)
_TEXT = re.compile(r"\\([\\;,nN])")
_LONGEST = 75


@dataclass(frozen=True)
class Event:
    """One VEVENT, its dates as instants."""

    lines: dict[str, str]

    @property
    def names(self) -> set[str]:
        return set(self.lines)

    @property
    def uid(self) -> str:
        return self.lines["UID"]

    @property
    def starts(self) -> datetime:
        return _moment(self.lines["DTSTART"])

    @property
    def ends(self) -> datetime:
        return _moment(self.lines["DTEND"])

    @property
    def status(self) -> str:
        return self.lines["STATUS"]

    @property
    def sequence(self) -> int:
        return int(self.lines["SEQUENCE"])

    @property
    def summary(self) -> str:
        return _TEXT.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.lines["SUMMARY"])


def read(content: bytes) -> list[Event]:
    """Read a calendar, strictly: whatever a careful program would stumble over is an AssertionError."""
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    for part in content.split(b"\r\n"):
        assert len(part) <= _LONGEST, part
        part.decode()
    lines = content.decode().replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]
    events: list[Event] = []
    stack: list[str] = []
    own: dict[str, str] = {}
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found is not None, line
        name, value = found["name"], found["value"]
        if name == "BEGIN":
            stack.append(value)
            own = {} if value == "VEVENT" else own
        elif name == "END":
            assert stack.pop() == value
            if value == "VEVENT":
                assert {"UID", "DTSTAMP", "DTSTART"} <= own.keys()
                events.append(Event(own))
        elif stack[-1] == "VEVENT":
            assert name not in own, name
            own[name] = value
        elif stack[-1] == "VCALENDAR":
            assert name not in {"DTSTART", "UID"}
    assert stack == []
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"VERSION:2.0"} <= set(lines)
    return events


def _moment(text: str) -> datetime:
    assert re.fullmatch(r"\d{8}T\d{6}Z", text)
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
