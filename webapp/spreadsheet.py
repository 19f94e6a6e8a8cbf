"""Files for spreadsheets: no cell of them is ever taken for a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, also after white space (OWASP, CSV injection).
FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")

Cell = str | int | float


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header and a row for each of `rows` (RFC 4180); numbers stay numbers, every text is made safe."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow([safe(column) for column in columns])
    writer.writerows([safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def safe(cell: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could read it as a formula."""
    return f"'{cell}" if cell[:1] in FORMULA or cell.lstrip()[:1] in FORMULA else cell
