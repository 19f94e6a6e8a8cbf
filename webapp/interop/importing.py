"""Import files one by one, each in a transaction of its own, and keep count of what happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from webapp.db import Role, Scope, constraint_of, is_retryable, sqlstate_of, transactional
from webapp.ids import new_id
from webapp.interop.actions import Stored, store
from webapp.interop.mapping.bundle import read_bundle
from webapp.interop.mapping.faults import Fault
from webapp.interop.mapping.reading import read_document

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from webapp.interop.mapping.records import ImportedBundle

_TRIES = 3


@dataclass(slots=True)
class Import:
    """The course of one import; `failed` holds each file that was left out, with the reason."""

    at: datetime
    imported: int = 0
    stored: Stored = field(default_factory=Stored)
    dropped: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[Path, Fault]] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Import one file, all of it or nothing; a fault is noted and the next file can go on.

        Raises OperationalError or ProgrammingError of SQLAlchemy when the database is gone or has no such tables: then
        no other file would do better.
        """
        try:
            bundle = read_bundle(read_document(path), self.at.date())
            self.stored += self._store(bundle)
        except Fault as fault:
            self.failed.append((path, fault))
        else:
            self.imported += 1
            self.dropped.update(dict(bundle.dropped))
            self.skipped.update(dict(bundle.skipped))

    def _store(self, bundle: ImportedBundle) -> Stored:
        for left in reversed(range(_TRIES)):
            try:
                return store_bundle(bundle, self.at)
            except DBAPIError as error:
                # Another import brought the same person between our look and our insert: look again.
                if left and (is_retryable(error) or isinstance(error, IntegrityError)):
                    continue
                if isinstance(error, ProgrammingError) or _is_gone(error):
                    raise
                raise Fault(f"the database refused it ({constraint_of(error) or type(error.orig).__name__})") from None
        raise Fault("another import of the same people did not end")


def _is_gone(error: DBAPIError) -> bool:
    """Whether the server itself went away: no SQLSTATE, or one of the classes 08 and 57P."""
    state = sqlstate_of(error)
    return isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57P")))


def store_bundle(bundle: ImportedBundle, at: datetime) -> Stored:
    """Store a bundle in a transaction of its own, as the role for imports."""
    with transactional(Scope(role=Role.IMPORT, actor=None, at=at, request=str(new_id()))):
        return store(bundle, at=at)
