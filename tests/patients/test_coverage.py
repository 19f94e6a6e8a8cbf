"""Who pays a part: entered and changed at the desk, for this patient only."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.booking.wishes import application
from webapp.db import db, transactional
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.patients.actions.coverage import SaveCoverage, coverages, save_coverage

if TYPE_CHECKING:
    from tests.stack.database import Database


def test_coverage_is_entered_changed_and_ended(database: Database) -> None:
    with database.administer() as owner, application(database.environment["DATABASE_URL"]).app_context():
        patient, other = factories.patient(owner), factories.patient(owner)
        wanted: dict[str, Any] = {"payer_name": "Aetna", "share_percent": 25, "valid_from": dt.date(2026, 1, 1)}
        with transactional(factories.scope()):
            made = save_coverage(SaveCoverage(patient, **wanted)).id
        with transactional(factories.scope()):
            save_coverage(SaveCoverage(patient, **{**wanted, "valid_to": dt.date(2026, 6, 30), "id": made}))
        for of, which in ((other, made), (patient, new_id()), (new_id(), None)):
            with pytest.raises(NotFound), transactional(factories.scope()):
                save_coverage(SaveCoverage(of, **{**wanted, "id": which}))
        with transactional(factories.scope(), read_only=True):
            (kept,) = coverages(patient)
            assert (kept.payer_name, kept.valid_to) == ("Aetna", dt.date(2026, 6, 30))
            assert coverages(other) == []
        with pytest.raises(Exception, match="coverage_share"), transactional(factories.scope()):
            save_coverage(SaveCoverage(patient, **{**wanted, "share_percent": 101}))
        db.session.remove()
        db.engine.dispose()
