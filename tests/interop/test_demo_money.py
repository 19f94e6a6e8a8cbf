"""The demo clinic's money: paid, owed and still to bill, as its own pages would have made it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.interop.test_demo_days import LATE_MORNING, bundles, one
from webapp.identity.demo_accounts import demo_email
from webapp.identity.permissions import StaffRole
from webapp.interop.demo import load

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

__all__ = ["bundles"]
pytestmark = pytest.mark.usefixtures("in_app")


def test_days_of_the_demo_are_billed_paid_and_signed(admin: psycopg.Connection[Any], bundles: Path) -> None:
    clinic, _ = load.load_people(bundles, LATE_MORNING)
    factories.account(admin, "receptionist", email=demo_email(StaffRole.RECEPTIONIST))
    load.load_days(clinic, LATE_MORNING, before=1, after=0)
    assert one(admin, "select sum(cents) from ledger_entry") == 0
    assert one(admin, "select count(*) from invoice where status = 'issued'") > 20
    assert one(admin, "select count(distinct method) from payment") == 3
    assert one(admin, "select count(*) from payment") < one(admin, "select count(*) from invoice")
    assert one(admin, "select count(*) from simulated_reader") == 1
    days = "select count(*) from drawer_day join drawer d on d.id = drawer_id where d.kind = 'cash'"
    assert one(admin, days) == 2
    assert one(admin, f"{days} and closed_at is null") == 1  # yesterday is signed, today goes on

    before = one(admin, "select count(*) from ledger_entry")
    load.load_days(clinic, LATE_MORNING + timedelta(hours=2), before=1, after=0)
    assert one(admin, "select count(*) from ledger_entry") == before
