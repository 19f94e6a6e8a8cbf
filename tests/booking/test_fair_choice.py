"""Anybody means everybody in turn: over a thousand bookings nobody has a fifth more than anybody else."""

from datetime import timedelta

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, Open, Owner, wish
from tests.factories import NOW, clock_time
from webapp.booking.actions import book

PROVIDERS, BOOKINGS, ROUNDS_A_DAY, AT_ONCE = 5, 1000, 12, 3
AT_MOST = 1.2


@pytest.mark.slow
def test_a_thousand_bookings_with_anybody_are_spread_evenly(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=PROVIDERS, rooms=0, patients=AT_ONCE, needs_room=False)
    # Fewer want each time than could have it, so that a choice is left every time.
    for n in range(0, BOOKINGS, AT_ONCE):
        day, slot = divmod(n // AT_ONCE, ROUNDS_A_DAY)
        starts = clock_time(9, day=NOW.date() + timedelta(days=day)) + slot * timedelta(minutes=40)
        with desk():
            for person in clinic.patients:
                book(wish(clinic, starts, patient_id=person, provider_id=None), actor=ACTOR, at=NOW)
    counts = [
        row["n"] for row in owner.execute("SELECT count(*) AS n FROM appointment GROUP BY provider_id").fetchall()
    ]
    assert len(counts) == PROVIDERS
    assert sum(counts) >= BOOKINGS
    assert max(counts) / min(counts) <= AT_MOST
