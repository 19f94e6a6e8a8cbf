"""Patients have no right to touch the books: what they cancel is settled by a job, once, or not at all when undone."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.billing.cards.test_cancel_with_fee import prepaid, refunds, rule
from webapp.billing.actions.cancel_with_fee import settle_cancellation
from webapp.booking.actions import cancel_own, undo
from webapp.booking.models import Appointment
from webapp.booking.refusals import WrongState
from webapp.db import Role, db, transactional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.billing.cards.card_desk import CardDesk


@contextmanager
def acting(till: CardDesk, role: Role) -> Iterator[None]:
    patients = (till.clinic.patients[0],) if role is Role.PATIENT else ()
    with till.app.app_context(), transactional(factories.scope(role, at=till.now, patients=patients)):
        yield


def canceled(till: CardDesk, visit: UUID, fee: int) -> int:
    with acting(till, Role.PATIENT):
        version = db.session.get_one(Appointment, visit).version
        return cancel_own(visit, "Sick", version=version, seen=fee, at=till.now).version


def settled(till: CardDesk, visit: UUID, version: int) -> bool:
    with acting(till, Role.DESK):
        return settle_cancellation(visit, version, "Late", at=till.now)


def fees(till: CardDesk) -> list[int]:
    query = (
        "select l.unit_cents from invoice as i join invoice_line as l on l.invoice_id = i.id where i.purpose = 'fee'"
    )
    return [row["unit_cents"] for row in till.owner.execute(query)]


def test_the_fee_is_charged_and_the_rest_goes_back_once_however_often_the_job_runs(till: CardDesk) -> None:
    rule(till, 3_000)
    visit, _ = prepaid(till)
    version = canceled(till, visit, 3_000)
    assert (fees(till), refunds(till)) == ([], [])
    assert settled(till, visit, version)
    assert not settled(till, visit, version)
    assert fees(till) == [3_000]
    (back,) = till.owner.execute("select cents from attempt where direction = 'refund'").fetchall()
    assert back["cents"] == 2_000


def test_what_the_desk_took_back_costs_nothing(till: CardDesk) -> None:
    rule(till, 3_000)
    visit, _ = prepaid(till)
    version = canceled(till, visit, 3_000)
    with acting(till, Role.DESK):
        undo(visit, version, at=till.now + timedelta(seconds=30))
    with pytest.raises(WrongState):
        settled(till, visit, version)
    assert (fees(till), refunds(till)) == ([], [])
