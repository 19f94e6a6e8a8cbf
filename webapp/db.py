"""The one database object and the one transaction boundary of the application."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, Text, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached, registry
from sqlalchemy.orm.util import identity_key

from webapp.opening import Opening
from webapp.patience import Impatient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from psycopg import Cursor
    from sqlalchemy import URL
    from sqlalchemy.orm import Session

# How long a glance may take before others go the long way, and before it is not tried again.
GLANCE_SECONDS = 0.25
TRIP = 20
"""How often a statement is run in one round trip: there is one deadline for all of it."""
RETRYABLE = frozenset({"40001", "40P01"})

# Seconds a worker may be held by PostgreSQL: a statement time-out can't end a black hole, the TCP settings do.
CONNECT_ARGS: dict[str, Any] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 4000,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    # The schema of the jobs is searched last, for the types that Procrastinate names without it.
    "options": "-c statement_timeout=4s -c lock_timeout=3s -c idle_in_transaction_session_timeout=10s"
    " -c timezone=UTC -c search_path=public,jobs"
    # The planner's default is for disks that turn: it would read all patients to show the names of one day.
    " -c random_page_cost=1.1",
}


Model = TypeVar("Model", bound="Base")


class Base(DeclarativeBase):
    """Base of every model; names of constraints are part of the schema because refusals are found by them."""

    # An explicit registry: Flask-SQLAlchemy makes its own class of this one and keeps only what the registry carries.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "%(table_name)s_%(column_0_N_name)s_ix",
                "uq": "%(table_name)s_%(column_0_N_name)s_key",
                "ck": "%(table_name)s_%(constraint_name)s",
                "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
                "pk": "%(table_name)s_pkey",
            }
        ),
        type_annotation_map={datetime: DateTime(timezone=True), str: Text()},
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


class Role(StrEnum):
    """Database roles a transaction can run as; the login role itself may touch nothing."""

    DESK = "app_desk"
    CLINICIAN = "app_clinician"
    BILLER = "app_biller"
    COORDINATOR = "app_coordinator"
    MANAGER = "app_manager"
    AUDITOR = "app_auditor"
    PATIENT = "app_patient"
    JOB = "app_job"
    IDENTITY = "app_identity"
    IMPORT = "app_import"


@dataclass(frozen=True, slots=True)
class Scope:
    """Who acts in a transaction: what row security and the audit triggers see.

    `patients` matters to `Role.PATIENT` alone; empty means no rows, never all rows.  `locations` are those at which
    visits may be changed: None is everywhere, for what is no single person's act, and empty is nowhere.  `origin`
    (JSON) is what the audit keeps for the activity log of where a change came from; empty where the request tells it.
    """

    role: Role
    actor: UUID | None
    at: datetime
    request: str
    patients: tuple[UUID, ...] = ()
    locations: tuple[UUID, ...] | None = None
    origin: str = ""

    def reaches(self, location_id: UUID) -> bool:
        """Whether visits at a location may be changed."""
        return self.locations is None or location_id in self.locations


_SCOPE = "anteroom.scope"
_EVERYWHERE = "*"


@contextmanager
def transactional(scope: Scope, *, read_only: bool = False) -> Iterator[Session]:
    """Run one transaction as the scope's role; commits at the end, rolls back on any exception.

    The session is empty before and after, so no object outlives the rights it was read with.
    Raises RuntimeError when a transaction is open already: actions compose inside one, they never open their own.
    """
    session = db.session()
    if session.in_transaction():
        message = "a transaction is open already; actions are called inside it, they don't open another"
        raise RuntimeError(message)
    try:
        _open(session, scope, read_only=read_only)
        session.info[_SCOPE] = scope
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_SCOPE, None)
        session.close()


def reaches(location_id: UUID) -> bool:
    """Whether the open transaction may change visits at a location; PostgreSQL asks the same of every row."""
    scope: Scope | None = db.session().info.get(_SCOPE)
    return scope is not None and scope.reaches(location_id)


def _open(session: Session, scope: Scope, *, read_only: bool) -> None:
    values = (
        scope.role.value,
        ",".join(str(patient) for patient in scope.patients),
        _EVERYWHERE if scope.locations is None else ",".join(str(location) for location in scope.locations),
        "" if scope.actor is None else str(scope.actor),
        scope.at.isoformat(),
        scope.request,
        scope.origin,
    )
    opening = Opening(values, read_only=read_only)
    with opening.on_the_tongue():
        connection: Any = session.connection().connection.driver_connection
    if not opening.said:
        # A connection that was made just now was not asked whether it lives.
        opening.say(connection)


def compact(statement: str) -> str:
    """The same SQL without comments and white space: the driver keeps what it has read of 4,096 characters, no more."""
    lines = (line.partition("-- ")[0] for line in statement.splitlines())
    words = " ".join(" ".join(lines).split())
    return words.replace("( ", "(").replace(" )", ")").replace(", ", ",")


def swiftly(statement: str, values: Mapping[str, object]) -> Cursor[tuple[Any, ...]]:
    """Run a statement of ours (`%(name)s` for values) in the open transaction, straight at the driver.

    For what every open page asks all day long, and for bookings: SQLAlchemy's text() costs four times as much.  Errors
    are the driver's own.
    """
    connection: Any = db.session.connection().connection.driver_connection
    cursor: Cursor[tuple[Any, ...]] = connection.execute(statement, values)
    return cursor


def swiftly_each(statement: str, many: Sequence[Mapping[str, object]]) -> list[tuple[Any, ...] | None]:
    """Run a statement as `swiftly` does, once for each of `many`, a TRIP of them at a time; the first row of each."""
    connection: Any = db.session.connection().connection.driver_connection
    found: list[tuple[Any, ...] | None] = []
    for begin in range(0, len(many), TRIP):
        with connection.cursor() as cursor:
            cursor.executemany(statement, many[begin : begin + TRIP], returning=True)
            found += [each.fetchone() for each in cursor.results()]
    return found


def unread(model: type[Model], row_id: UUID, **known: object) -> Model:
    """Give the session a row that a statement has written: what of it is not `known` is read when it is asked for."""
    session = db.session()
    there = session.identity_map.get(identity_key(model, row_id))
    if there is not None:
        session.expire(there)
        return there
    fresh = model(id=row_id, **known)
    make_transient_to_detached(fresh)
    session.add(fresh)
    return fresh


class Glance:
    """One connection of a process for what every open page asks every few seconds, whether anything has changed.

    A transaction of the web takes five round trips with the pool's ping; a glance takes one. It is the desk's scope
    for good, read only, each statement a transaction of its own; nobody acts in it, so nothing has to be told who does.
    """

    def __init__(self, url: URL) -> None:
        self._url, self._lock = url, Lock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def look(self, statement: str, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Read one row; None when somebody else's glance takes too long, so that nobody queues up behind it.

        A connection that had died is made anew, once. Raises the driver's errors.
        """
        if not self._lock.acquire(timeout=GLANCE_SECONDS):
            return None
        try:
            return self._look(statement.encode(), values)
        finally:
            self._lock.release()

    def _look(self, statement: bytes, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        kept, began = self._connection, monotonic()
        if kept is not None and not kept.closed:
            try:
                return kept.execute(statement, values).fetchone()
            except psycopg.OperationalError:
                kept.close()
                # A server that is cut off is not asked again: the page has waited long enough.
                if monotonic() - began > GLANCE_SECONDS:
                    raise
        return self._connect().execute(statement, values).fetchone()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        options = f"{CONNECT_ARGS['options']} -c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan"
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = Impatient.connect(address, autocommit=True, **{**CONNECT_ARGS, "options": options})
        connection.execute("select set_config('role', %s, false)", (Role.DESK.value,))
        connection.prepare_threshold = 0
        self._connection = connection
        return connection


def glance(statement: str, values: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Read one row of the desk's outside of any transaction; raises the driver's errors."""
    engine = db.engine
    kept: Glance | None = _glances.get(engine)
    if kept is None:
        kept = _glances.setdefault(engine, Glance(engine.url))
        event.listen(engine, "engine_disposed", lambda _engine: kept.close())
    return kept.look(statement, values)


_glances: WeakKeyDictionary[Engine, Glance] = WeakKeyDictionary()


def sqlstate_of(error: BaseException) -> str | None:
    """Read the five-letter SQLSTATE of a database error; None when there is none (a lost connection, say)."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlstate", None)


def is_retryable(error: BaseException) -> bool:
    """Tell whether running the same view in a new transaction can succeed (serialization failure, deadlock)."""
    return sqlstate_of(error) in RETRYABLE


def constraint_of(error: BaseException) -> str | None:
    """Read the name of the constraint that refused a change, from the driver's diagnostics, never from the message."""
    original = error.orig if isinstance(error, DBAPIError) else error
    diagnostics = getattr(original, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    return name if isinstance(name, str) else None
