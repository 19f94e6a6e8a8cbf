"""What the booking tests ask for, and how they look at what PostgreSQL holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from flask import Flask
from psycopg import Connection
from sqlalchemy.orm import Session

from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import BookRequest, book
from webapp.db import CONNECT_ARGS, db
from webapp.ids import new_id

Owner: TypeAlias = Connection[Any]
Open: TypeAlias = Callable[..., AbstractContextManager[Session]]

TEN = clock_time(10)
ACTOR = new_id()


def application(address: str) -> Flask:
    """The least Flask that actions need: a session on one database, connected as the application connects."""
    app = Flask("booking")
    app.config["SQLALCHEMY_DATABASE_URI"] = address.replace("postgresql://", "postgresql+psycopg://", 1)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": CONNECT_ARGS, "hide_parameters": True}
    db.init_app(app)
    return app


def wish(clinic: Clinic, starts: datetime = TEN, **other: Any) -> BookRequest:
    """The clinic's service at ten for its first patient with its first provider; keywords are fields of the request."""
    defaults = {
        "patient_id": clinic.patients[0],
        "provider_id": clinic.providers[0],
        "service_id": clinic.service,
        "location_id": clinic.location,
    }
    return BookRequest(starts_at=starts, **{**defaults, **other})


def booked(desk: Open, request: BookRequest, at: datetime = NOW) -> UUID:
    """Book in a transaction of its own."""
    with desk(at=at):
        return book(request, actor=ACTOR, at=at).id


def occupied(owner: Owner, visit: UUID) -> dict[UUID, tuple[datetime, datetime]]:
    """Resource -> start and end of what a visit occupies."""
    rows = owner.execute("SELECT resource_id, during FROM occupancy WHERE owner_id = %s", (visit,))
    return {row["resource_id"]: (row["during"].lower, row["during"].upper) for row in rows}


def count(owner: Owner, table: str) -> int:
    row = owner.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    return 0 if row is None else int(row["n"])


def visit_row(owner: Owner, visit: UUID) -> dict[str, Any]:
    """All columns of a visit as committed."""
    row: dict[str, Any] | None = owner.execute("SELECT * FROM appointment WHERE id = %s", (visit,)).fetchone()
    assert row is not None
    return row
