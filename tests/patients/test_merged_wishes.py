"""Two records of one person that both wait for the same thing wait once, and each for itself when they are parted."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from tests.patients.merging import Pair, merged, parted
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection

pytestmark = pytest.mark.usefixtures("manager")

HOUR = timedelta(hours=1)


def wish(owner: Connection[Any], pair: Pair, patient: UUID, **columns: Any) -> UUID:
    made = new_id()
    defaults = {"service_id": pair.clinic.service, "earliest": NOW.date(), "created_at": NOW, "weekdays": [1, 2]}
    factories.insert(owner, "waiting_wish", id=made, patient_id=patient, **{**defaults, **columns})
    return made


def states(owner: Connection[Any], *wishes: UUID) -> list[tuple[Any, ...]]:
    """Each wish: whose, how it stands, when it ended."""
    query = "SELECT patient_id, status, ended_at FROM waiting_wish WHERE id = %s"
    return [row for each in wishes for row in owner.execute(query, (each,)).fetchall()]


def test_of_two_equal_wishes_the_more_urgent_waits_on_and_parting_wakes_the_other(
    owner: Connection[Any], pair: Pair
) -> None:
    own = wish(owner, pair, pair.stays, created_at=NOW - HOUR, earliest=NOW.date() - timedelta(days=9))
    urgent = wish(owner, pair, pair.goes, weekdays=[2, 1, 1], urgency=2, earliest=NOW.date() - timedelta(days=5))
    made = merged(pair.stays, pair.goes)
    assert states(owner, own, urgent) == [(pair.stays, "withdrawn", NOW), (pair.stays, "waiting", None)]
    told = owner.execute("SELECT changes ->> 'status' FROM audit WHERE row_id = %s ORDER BY id DESC", (own,)).fetchone()
    assert told is not None
    assert "withdrawn" in told[0]
    parted(made)
    assert states(owner, own, urgent) == [(pair.stays, "waiting", None), (pair.goes, "waiting", None)]
    assert owner.execute("SELECT count(*) FROM waiting_wish WHERE ended_by_merge IS NOT NULL").fetchone() == (0,)


def test_of_two_alike_the_older_waits_on_and_the_other_goes_back_to_its_record(
    owner: Connection[Any], pair: Pair
) -> None:
    older, newer = wish(owner, pair, pair.stays, created_at=NOW - HOUR), wish(owner, pair, pair.goes)
    made = merged(pair.stays, pair.goes)
    assert states(owner, older, newer) == [(pair.stays, "waiting", None), (pair.stays, "withdrawn", NOW)]
    # What the one brought meanwhile is no reason for the other person to wait no longer.
    owner.execute("UPDATE waiting_wish SET status = 'taken', ended_at = %s WHERE id = %s", (NOW, older))
    parted(made)
    assert states(owner, older, newer) == [(pair.stays, "taken", NOW), (pair.goes, "waiting", None)]


@pytest.mark.parametrize(
    "other",
    [
        {"weekdays": [1, 2, 3]},
        {"from_time": time(9)},
        {"latest": date(2030, 1, 1)},
        {"earliest": date(2030, 1, 1)},
        {"provider_ids": "one"},
        {"location_id": "there"},
        {"service_id": "another"},
        {"appointment_id": "theirs"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_wishes_that_differ_in_what_they_ask_for_wait_both(
    owner: Connection[Any], pair: Pair, other: dict[str, Any]
) -> None:
    known = {
        "one": [pair.clinic.providers[0]],
        "there": pair.clinic.location,
        "another": factories.service(owner, pair.clinic.providers, [pair.clinic.location]),
        "theirs": pair.visit,
    }
    columns = {name: known[value] if isinstance(value, str) else value for name, value in other.items()}
    one, two = wish(owner, pair, pair.stays), wish(owner, pair, pair.goes, **columns)
    merged(pair.stays, pair.goes)
    assert states(owner, one, two) == [(pair.stays, "waiting", None), (pair.stays, "waiting", None)]


def test_the_one_that_is_being_offered_a_time_waits_on(owner: Connection[Any], pair: Pair) -> None:
    urgent, asked = wish(owner, pair, pair.stays, urgency=3), wish(owner, pair, pair.goes)
    hold = factories.appointment(
        owner, pair.clinic, clock_time(15), patient_id=pair.goes, status="held", held_until=NOW + HOUR,
    )  # fmt: skip
    factories.insert(
        owner, "waiting_offer", id=new_id(), wish_id=asked, patient_id=pair.goes, hold_id=hold, offered_at=NOW,
        expires_at=NOW + HOUR,
    )  # fmt: skip
    merged(pair.stays, pair.goes)
    assert [state for _, state, _ in states(owner, urgent, asked)] == ["withdrawn", "waiting"]


def test_a_wish_does_not_wake_beside_one_that_was_entered_since(owner: Connection[Any], pair: Pair) -> None:
    own, theirs = wish(owner, pair, pair.stays), wish(owner, pair, pair.goes, urgency=3)
    made = merged(pair.stays, pair.goes)
    owner.execute("UPDATE waiting_wish SET status = 'taken', ended_at = %s WHERE id = %s", (NOW, theirs))
    wish(owner, pair, pair.stays)
    parted(made)
    assert states(owner, own) == [(pair.stays, "withdrawn", NOW)]
