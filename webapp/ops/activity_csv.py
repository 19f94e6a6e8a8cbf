"""The activity log as a file for a spreadsheet: no cell of it is ever taken for a formula."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

COLUMNS = (
    "time_utc", "who", "account_id", "roles", "action", "detail", "patient", "record_number", "patients_listed",
    "about_account", "route", "address", "request",
)  # fmt: skip
# What spreadsheets take for the beginning of a formula, also after white space (OWASP, CSV injection).
FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
CUT = "There are older records: narrow the filter and export again."


@dataclass(frozen=True, slots=True)
class Line:
    """One record with its names looked up."""

    at: datetime
    who: str
    who_id: UUID | None
    roles: str
    action: str
    detail: str
    patient: str
    record_number: str
    listed: int
    account: str
    route: str
    address: str
    request: str


def as_csv(lines: Iterable[Line], *, cut: bool = False) -> str:
    """A header and a row for each line (RFC 4180); `cut` adds a last row that says that more is there."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for line in lines:
        at = line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        cells = (
            at, line.who, str(line.who_id or ""), line.roles, line.action, line.detail, line.patient,
            line.record_number, str(line.listed or ""), line.account, line.route, line.address, line.request,
        )  # fmt: skip
        writer.writerow([safe(cell) for cell in cells])
    if cut:
        writer.writerow([CUT])
    return file.getvalue()


def safe(cell: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could read it as a formula."""
    return f"'{cell}" if cell[:1] in FORMULA or cell.lstrip()[:1] in FORMULA else cell
