"""Whether a board still shows the truth, for the price of one statement: what an open board asks every few seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from webapp import db
from webapp.db import swiftly

_REVISION = (Path(__file__).parent.parent / "sql" / "revision.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Revision:
    """A number that is another one as soon as anything that a board of these days shows has changed."""

    location_id: UUID
    number: int


def revision(
    location_id: UUID | None, first: date, last: date, at: datetime, own: Collection[UUID] = ()
) -> Revision | None:
    """Read the revision of the site's board (none asked for: the first by name) from a day to a day.

    Read it before what it stands for: a change that commits in between is then shown once too often, never missed.
    """
    return _revision(swiftly(_REVISION, _values(location_id, first, last, at, own)).fetchone())


def glance(
    location_id: UUID | None, first: date, last: date, at: datetime, own: Collection[UUID] = ()
) -> Revision | None:
    """Read the same outside of any transaction, for polls; None when it could not be told quickly, or without sites."""
    return _revision(db.glance(_REVISION, _values(location_id, first, last, at, own)))


def _values(
    location_id: UUID | None, first: date, last: date, at: datetime, own: Collection[UUID]
) -> dict[str, object]:
    return {"location": location_id, "own": list(own), "first": first, "last": last, "at": at}


def _revision(row: tuple[Any, ...] | None) -> Revision | None:
    return None if row is None else Revision(row[0], int(row[2]))
