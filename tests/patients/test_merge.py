"""Two records become one and two again: nothing is lost, and nothing is guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from tests.full_record import MONEY_TABLES
from tests.patients import merging
from tests.patients.merging import Pair, leads_to, merged, parted
from webapp.db import Role, transactional
from webapp.errors import NotFound
from webapp.patients.actions import merge
from webapp.patients.refusals import (
    DeathDiffers,
    MergeUndone,
    MergeWithItself,
    RecordMerged,
    TwoAccounts,
    VisitsOverlap,
)

if TYPE_CHECKING:
    from psycopg import Connection

pytestmark = pytest.mark.usefixtures("manager")


def outcomes(owner: Connection[Any], made: UUID) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    query = "SELECT outcome, table_name FROM patient_merge_row WHERE merge_id = %s"
    for outcome, table in owner.execute(query, (made,)):
        found.setdefault(outcome, set()).add(table)
    return found


def test_everything_is_the_remaining_records_and_takes_that_persons_time(owner: Connection[Any], pair: Pair) -> None:
    before = {who: merging.everything(owner, who) for who in (pair.stays, pair.goes)}
    merged(pair.stays, pair.goes)
    after = merging.everything(owner, pair.stays)
    for table in set(merging.MOVING) - {"patient_telecom", "patient_address"}:
        assert after[table] == before[pair.stays][table] | before[pair.goes][table], table
    assert leads_to(owner, pair.goes) == pair.stays
    assert merging.occupied(owner, pair.goes) == 0
    assert merging.occupied(owner, pair.stays) == 2
    # Identifiers and what happened name the record that they named.
    left = merging.everything(owner, pair.goes)
    assert {table for table in merging.TABLES if left[table]} == {
        "patient_address",
        "patient_identifier",
        "appointment_history",
    }


def test_the_numbers_of_the_record_that_stays_come_first(owner: Connection[Any], pair: Pair) -> None:
    merged(pair.stays, pair.goes)
    query = "SELECT value FROM patient_telecom WHERE patient_id = %s ORDER BY rank"
    assert [row[0] for row in owner.execute(query, (pair.stays,))] == [str(pair.stays), str(pair.goes)]


def test_parting_gives_back_exactly_what_was_there(owner: Connection[Any], pair: Pair) -> None:
    before = {who: merging.everything(owner, who) for who in (pair.stays, pair.goes)}
    made = merged(pair.stays, pair.goes)
    parted(made)
    assert {who: merging.everything(owner, who) for who in (pair.stays, pair.goes)} == before
    assert leads_to(owner, pair.goes) is None
    assert (merging.occupied(owner, pair.stays), merging.occupied(owner, pair.goes)) == (1, 1)
    assert set(outcomes(owner, made)) == {"returned"}


def test_what_changed_since_stays_with_all_that_hangs_on_it_and_is_told(owner: Connection[Any], pair: Pair) -> None:
    made = merged(pair.stays, pair.goes)
    owner.execute("UPDATE appointment SET note = 'changed' WHERE id = %s", (pair.visit,))
    owner.execute("DELETE FROM patient_contact WHERE name = %s", (str(pair.goes),))
    parted(made)
    # The series and the wish refer to the visit, and the offer to the wish; what the offer holds goes with it.
    stayed = {"appointment", "series", "waiting_wish", "waiting_offer", "patient_contact"}
    assert outcomes(owner, made)["stayed"] == stayed
    assert outcomes(owner, made)["returned"] == {
        "clinical_alert", "encounter", "encounter_detail", "patient_alert", "patient_telecom",
        "coverage",
    }  # fmt: skip
    row = owner.execute("SELECT patient_id FROM appointment WHERE id = %s", (pair.visit,)).fetchone()
    assert row == (pair.stays,)
    assert merging.occupied(owner, pair.stays) == 2


def test_what_both_have_stays_with_the_old_record(owner: Connection[Any], pair: Pair) -> None:
    for who in (pair.stays, pair.goes):
        factories.insert(owner, "patient_alert", id=uuid4(), patient_id=who, label="Call only", detail="no texts")
    merged(pair.stays, pair.goes)
    query = "SELECT patient_id FROM patient_alert WHERE label = 'Call only'"
    assert {row[0] for row in owner.execute(query)} == {pair.stays, pair.goes}


def test_a_chain_leads_to_its_end_in_one_step_and_is_parted_from_its_end(owner: Connection[Any], pair: Pair) -> None:
    third = factories.patient(owner)
    before = merging.everything(owner, pair.goes)
    first, second = merged(pair.stays, pair.goes), merged(third, pair.stays)
    assert (leads_to(owner, pair.goes), leads_to(owner, pair.stays)) == (third, third)
    with pytest.raises(RecordMerged):
        parted(first)
    parted(second)
    assert (leads_to(owner, pair.goes), leads_to(owner, pair.stays)) == (pair.stays, None)
    parted(first)
    assert merging.everything(owner, pair.goes) == before


def test_two_visits_at_once_have_to_be_moved_first(owner: Connection[Any], pair: Pair) -> None:
    factories.appointment(
        owner, pair.clinic, clock_time(10, 10), patient_id=pair.goes, provider_id=pair.clinic.providers[1],
        room_id=pair.clinic.rooms[1],
    )  # fmt: skip
    before = merging.everything(owner, pair.goes)
    with pytest.raises(VisitsOverlap) as refused:
        merged(pair.stays, pair.goes)
    assert refused.value.patient == pair.stays
    assert merging.everything(owner, pair.goes) == before
    assert leads_to(owner, pair.goes) is None


def test_two_visits_at_once_that_are_over_stay_where_they_are(owner: Connection[Any], pair: Pair) -> None:
    yesterday = clock_time(10) - timedelta(days=1)
    factories.appointment(owner, pair.clinic, yesterday, patient_id=pair.stays, status="finished")
    past = factories.appointment(
        owner, pair.clinic, yesterday, patient_id=pair.goes, status="finished",
        provider_id=pair.clinic.providers[1], room_id=pair.clinic.rooms[1],
    )  # fmt: skip
    merged(pair.stays, pair.goes)
    row = owner.execute("SELECT patient_id FROM appointment WHERE id = %s", (past,)).fetchone()
    assert row == (pair.goes,)
    assert merging.occupied(owner, pair.stays) == 3


def test_a_record_is_not_merged_with_itself_with_nobody_or_with_a_merged_one(
    owner: Connection[Any], pair: Pair
) -> None:
    third = factories.patient(owner)
    with pytest.raises(MergeWithItself):
        merged(pair.stays, pair.stays)
    with pytest.raises(NotFound):
        merged(pair.stays, uuid4())
    made = merged(pair.stays, pair.goes)
    for stays, goes in ((pair.goes, third), (third, pair.goes), (pair.goes, pair.stays)):
        with pytest.raises(RecordMerged):
            merged(stays, goes)
    parted(made)
    with pytest.raises(MergeUndone):
        parted(made)
    with pytest.raises(NotFound):
        parted(uuid4())


def test_a_death_is_never_lost(owner: Connection[Any], pair: Pair) -> None:
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, pair.goes))
    with pytest.raises(DeathDiffers):
        merged(pair.stays, pair.goes)
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, pair.stays))
    merged(pair.stays, pair.goes)


def test_two_accounts_of_one_person_are_for_the_person_to_settle(owner: Connection[Any], pair: Pair) -> None:
    made = factories.account(owner)
    factories.insert(owner, "account_patient", account_id=made, patient_id=pair.goes, relation="self")
    with pytest.raises(TwoAccounts):
        merged(pair.stays, pair.goes)


def test_a_carer_of_both_keeps_both_and_the_account_of_one_moves_and_signs_in_again(
    owner: Connection[Any], pair: Pair
) -> None:
    carer, own = factories.account(owner), factories.account(owner)
    for who in (pair.stays, pair.goes):
        factories.insert(owner, "account_patient", account_id=carer, patient_id=who, relation="carer")
    factories.insert(owner, "account_patient", account_id=own, patient_id=pair.goes, relation="guardian")
    made = merged(pair.stays, pair.goes)
    query = "SELECT account_id FROM account_patient WHERE patient_id = %s"
    assert {row[0] for row in owner.execute(query, (pair.stays,))} >= {carer, own}
    jobs = owner.execute("SELECT args ->> 'account' FROM jobs.procrastinate_jobs WHERE task_name LIKE '%end_sessions'")
    assert {row[0] for row in jobs} >= {str(carer), str(own)}
    parted(made)
    assert {row[0] for row in owner.execute(query, (pair.goes,))} == {carer, own}


def test_the_audit_names_both_records(owner: Connection[Any], pair: Pair) -> None:
    made = merged(pair.stays, pair.goes)
    query = "SELECT table_name FROM audit WHERE row_id = ANY (%s) AND operation <> 'insert' OR row_id = %s"
    told = {row[0] for row in owner.execute(query, ([pair.goes, pair.visit], made))}
    assert told >= {"patient", "appointment", "patient_merge"}


def test_every_table_of_a_patient_moves_or_is_known_to_stay(owner: Connection[Any]) -> None:
    """A new table with a patient in it has to say what a merge does with it."""
    with_patients = owner.execute("""
        SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE a.attname = 'patient_id' AND NOT a.attisdropped AND c.relkind = 'r'
          AND c.relnamespace = 'public'::regnamespace
    """)
    moving = {row[0] for row in owner.execute("SELECT name FROM doors.merged_tables()")}
    staying = {"appointment_history", "audit", "patient_identifier", "patient_merge", "patient_merge_row"}
    # A code opens no record that was merged away, and who matched a person to which record stays as it was decided.
    staying |= {"portal_invitation", "portal_registration"}
    # A secret address shows the record it was made for.
    staying.add("calendar_feed")
    # What was said stays with whom it was said to; how to say it is for the record that stays.
    staying |= {"message", "contact_preference", "mailbox_item"}
    # Documents and money stay with the record they were made out to: they are never changed.
    staying |= {*MONEY_TABLES, "payment_link", "card_setup"}
    assert {row[0] for row in with_patients} == moving | staying
    assert moving == set(merging.MOVING)


@pytest.mark.parametrize("role", [Role.DESK, Role.CLINICIAN, Role.BILLER, Role.COORDINATOR, Role.AUDITOR])
def test_nobody_but_a_manager_merges(pair: Pair, role: Role) -> None:
    with pytest.raises(Exception, match="permission denied"), transactional(factories.scope(role)):
        merge(pair.stays, pair.goes, actor=None, at=NOW)
