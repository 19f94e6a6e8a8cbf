"""A patient who pays by themselves: what tests of the portal's pages about money do in one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.factories import NOW
from webapp.billing import charging
from webapp.db import Role, Scope

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def mia(counter: Counter, sign_in: SignIn) -> Visitor:
    return sign_in("patient", patients=(counter.patient,), at=NOW)


def at(counter: Counter, path: str = "") -> str:
    return f"/me/{counter.patient}{path}"


def form(counter: Counter, invoice: UUID, **other: str) -> dict[str, str]:
    return {"seen": str(counter.due(invoice)), "part": "all", "amount": "", "how": "page", **other}


def pays(mia: Visitor, counter: Counter, invoice: UUID, **other: str) -> str:
    """Press Pay; where it leads."""
    answer = mia.post(at(counter, f"/invoices/{invoice}/pay"), form(counter, invoice, **other))
    assert answer.status_code == 303, re.findall(r'class="error".*', answer.text)
    return path(answer.location)


def path(address: str) -> str:
    own = re.search(r"/(terminal|me)/.*", address)
    assert own is not None, address
    return own[0]


def card(counter: Counter, ends: str = "approve", patient: UUID | None = None) -> UUID:
    """A saved card that its bank approves, or not."""
    made = uuid4()
    counter.owner.execute(
        "insert into card_on_file"
        " (id, patient_id, gateway, customer, method, brand, last4, exp_month, exp_year, added_at)"
        " values (%s, %s, 'simulated', 'simcus', %s, 'visa', '4242', 8, 2031, %s)",
        (made, patient or counter.patient, f"simcard_{ends}_{made.hex}", NOW),
    )
    return made


def settle(counter: Counter) -> None:
    """What the promised jobs do about every attempt."""
    rows = counter.owner.execute("select id from attempt").fetchall()
    with counter.app.app_context():
        for row in rows:
            charging.carry_on(row["id"], Scope(Role.DESK, None, NOW, "job"))


def found(counter: Counter, query: str, *values: object) -> object:
    row = counter.owner.execute(query.encode(), values).fetchone()
    assert row is not None
    return row["found"]
