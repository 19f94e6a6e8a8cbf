"""The activity log as a file for a spreadsheet: no cell of it is ever taken for a formula."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webapp import spreadsheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from webapp.spreadsheet import Cell

COLUMNS = (
    "time_utc", "who", "account_id", "roles", "action", "detail", "patient", "record_number", "patients_listed",
    "about_account", "route", "address", "request",
)  # fmt: skip
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
    """A header and a row for each line; `cut` adds a last row that says that more is there."""
    rows: list[Sequence[Cell]] = [_cells(line) for line in lines]
    return spreadsheet.as_csv(COLUMNS, [*rows, (CUT,)] if cut else rows)


def _cells(line: Line) -> Sequence[Cell]:
    return (
        line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        line.who, str(line.who_id or ""), line.roles, line.action, line.detail, line.patient,
        line.record_number, str(line.listed or ""), line.account, line.route, line.address, line.request,
    )  # fmt: skip
