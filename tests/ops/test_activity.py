"""Auditors' pages: who looked at what, by day, by patient, by person; and the file of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from tests.stack.people import SignIn, Visitor
from webapp import dynamo
from webapp.activity import queries
from webapp.activity.items import Origin
from webapp.activity.notes import Note
from webapp.activity.queries import Part, Wanted
from webapp.activity.record import write
from webapp.ops.activity_csv import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.stack.database import Database

NUMBER = 900_412


@pytest.fixture
def patient(database: Database) -> UUID:
    with database.administer() as connection:
        factories.location(connection)
        return factories.patient(connection, given="Mirjam", family="Okafor", record_number=NUMBER)


@pytest.fixture
def desk(sign_in: SignIn, patient: UUID) -> Visitor:
    """A receptionist who has opened the patient's record."""
    person = sign_in("receptionist")
    assert person.get(f"/patients/{patient}").status_code == 200
    return person


def records(app: Flask, patient: UUID) -> list[tuple[str, UUID | None]]:
    with app.app_context():
        return [(record.action, record.actor) for record in queries.of_patient(patient)]


def test_a_patients_page_names_who_opened_the_record_as_what_and_from_where(
    sign_in: SignIn, desk: Visitor, patient: UUID
) -> None:
    page = sign_in("auditor").get(f"/activity/patients/{patient}").text
    for told in ("Opened a patient", "Robin Example", "Receptionist", "127.0.0.1", f"MRN {NUMBER}"):
        assert told in page
    assert f"/activity/people/{desk.account_id}" in page


def test_a_patients_page_also_says_who_listed_them(sign_in: SignIn, desk: Visitor, patient: UUID) -> None:
    assert "Mirjam" in desk.post("/search", {"q": str(NUMBER)}, fragment=True).text
    auditor = sign_in("auditor")
    for query in ("", "?action=listed&role=receptionist"):
        table = auditor.get(f"/activity/patients/{patient}{query}").text.partition("<tbody>")[2]
        assert table.count("<td>Listed</td>") == 1
        assert "Robin Example" in table
    mine = auditor.get(f"/activity/people/{desk.account_id}").text
    assert mine.count("<td>Listed patients</td>") == 1
    assert auditor.get("/activity").text.count("<td>Listed patients</td>") == 1


def test_reading_the_log_is_in_the_log(app: Flask, sign_in: SignIn, desk: Visitor, patient: UUID) -> None:
    auditor = sign_in("auditor")
    auditor.get(f"/activity/patients/{patient}")
    assert records(app, patient) == [("reviewed", auditor.account_id), ("opened", desk.account_id)]
    auditor.get("/activity")
    auditor.get(f"/activity/people/{desk.account_id}")
    with app.app_context():
        seen = queries.of_actor(auditor.account_id or uuid4())
    assert [(record.action, record.detail, record.account) for record in seen] == [
        ("reviewed", "person", desk.account_id),
        ("reviewed", "day", None),
        ("reviewed", "patient", None),
    ]
    assert all(patient in record.listed | {record.patient} for record in seen)


def test_a_days_page_can_be_narrowed_to_an_action_and_a_role(sign_in: SignIn, desk: Visitor, patient: UUID) -> None:
    auditor = sign_in("auditor")
    assert desk.get("/jobs").status_code == 403

    def rows(query: str) -> list[str]:
        table = auditor.get(f"/activity?{query}").text.partition("<tbody>")[2].partition("</tbody>")[0]
        return [name for name in ("Opened a patient", "Was refused", "Looked at who") if name in table]

    assert rows("") == ["Opened a patient", "Was refused"]
    assert rows("action=refused") == ["Was refused"]
    assert rows("role=receptionist&action=opened") == ["Opened a patient"]
    assert rows("role=auditor") == ["Looked at who"]
    assert rows("role=biller") == []
    assert rows("day=2020-02-29") == []


def test_a_record_number_leads_to_its_patient_and_stays_out_of_addresses(
    sign_in: SignIn, desk: Visitor, patient: UUID
) -> None:
    auditor = sign_in("auditor")
    answer = auditor.post("/activity/find", {"number": str(NUMBER)})
    assert (answer.status_code, answer.location) == (303, f"/activity/patients/{patient}")
    for wrong in ("", "0", "-1", "x", "9" * 40, "٣"):
        assert auditor.post("/activity/find", {"number": wrong}).status_code == 422


def test_the_file_says_the_same_and_that_it_was_made_is_recorded(
    app: Flask, sign_in: SignIn, desk: Visitor, patient: UUID
) -> None:
    auditor = sign_in("auditor")
    answer = auditor.post("/activity/export", {"about": "patient", "of": str(patient)})
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["action"], row["patient"], row["roles"]) == ("opened", "Mirjam Okafor", "Receptionist")
    assert records(app, patient)[0] == ("exported", auditor.account_id)
    day = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
    for about, of in (("day", day.isoformat()), ("person", str(desk.account_id))):
        assert "Mirjam Okafor" in auditor.post("/activity/export", {"about": about, "of": of}).text
    for form in ({"about": "patient", "of": "x"}, {"about": "day", "of": "tomorrow"}, {"about": "x"}, {}):
        assert auditor.post("/activity/export", form).status_code == 422


def test_a_manager_reads_the_log_but_carries_none_of_it_away(sign_in: SignIn, patient: UUID) -> None:
    manager = sign_in("manager")
    assert manager.get("/activity").status_code == 200
    assert manager.post("/activity/export", {"about": "patient", "of": str(patient)}).status_code == 403


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "|x", "%x", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Mirjam Okafor", "2026-11-22T10:00:00.000000Z", "a=b"])
def test_ordinary_cells_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("each", [1, 3])
def test_pages_of_the_log_leave_nothing_out_and_show_nothing_twice(app: Flask, database: Database, each: int) -> None:
    start, actor, patients = datetime(2026, 11, 22, 3, 59, tzinfo=UTC), uuid4(), [uuid4() for _ in range(each)]
    with app.app_context():
        for number in range(130):
            origin = Origin(actor, start + timedelta(seconds=number), f"request-{number}")
            write([Note("opened", patient) for patient in patients], origin)
        readers: dict[str, tuple[Callable[[str], Part], int]] = {
            "actor": (lambda before: queries.part_of_actor(actor, Wanted(), before, 20), 130 * each),
            "patient": (lambda before: queries.part_of_patient(patients[0], Wanted(), before, 20), 130),
            "span": (
                lambda before: queries.part_of_span(
                    start + timedelta(seconds=10), start + timedelta(seconds=120), Wanted(), before, 20
                ),
                110 * each,
            ),
        }
        for name, (read, wanted) in readers.items():
            before, seen = "", list[tuple[str, UUID | None]]()
            while True:
                part = read(before)
                seen += [(record.mark, record.patient) for record in part.records]
                if part.before is None:
                    break
                before = part.before
            assert len(seen) == len(set(seen)) == wanted, name
            assert [mark for mark, _ in seen] == sorted((mark for mark, _ in seen), reverse=True)


FILTERS = [Wanted(), Wanted("opened"), Wanted("opened", "biller"), Wanted("", "biller"), Wanted("refused")]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_page_asks_dynamo_a_handful_of_times_whatever_is_filtered(
    app: Flask, database: Database, wanted: Wanted
) -> None:
    midnight, every = datetime(2026, 11, 22, 0, 0, tzinfo=UTC), 150
    with app.app_context():
        for number in range(every):
            roles = frozenset({"biller"}) if number % 3 == 0 else frozenset()
            origin = Origin(uuid4(), midnight + timedelta(minutes=number - 75), f"request-{number}", roles=roles)
            write([Note("opened" if number % 2 else "changed", uuid4())], origin)
    first, last = midnight - timedelta(hours=5), midnight + timedelta(hours=19)
    wanted_numbers = [
        number
        for number in range(every)
        if wanted.action != "refused" and (not wanted.action or number % 2) and (not wanted.role or number % 3 == 0)
    ]
    seen, before, most = list[str](), "", 0
    while True:
        with app.test_request_context():
            part = queries.part_of_span(first, last, wanted, before, 20)
            most = max(most, len(dynamo.spent().calls))
        seen += [record.request for record in part.records]
        if part.before is None:
            break
        before = part.before
    assert seen == [f"request-{number}" for number in reversed(wanted_numbers)]
    assert most <= 4


def test_a_filtered_page_is_no_longer_than_others(app: Flask, database: Database) -> None:
    at, actor = datetime(2026, 11, 22, 15, 0, tzinfo=UTC), uuid4()
    with app.app_context():
        for number in range(130):
            write([Note("opened", uuid4())], Origin(actor, at + timedelta(seconds=number), f"request-{number}"))
        part = queries.part_of_actor(actor, Wanted("opened"), "", 20)
        assert (len(part.records), part.before is None) == (120, False)
        rest = queries.part_of_actor(actor, Wanted("opened"), part.before or "", 20)
    assert [record.request for record in rest.records] == [f"request-{number}" for number in range(9, -1, -1)]


def test_a_request_that_wrote_more_than_a_page_holds_ends_the_page_and_says_so(app: Flask, database: Database) -> None:
    at, actor = datetime(2026, 11, 22, 15, 0, tzinfo=UTC), uuid4()
    with app.app_context():
        for _ in range(5):
            write([Note("changed", uuid4()) for _ in range(100)], Origin(actor, at, "import"))
        write([Note("opened", uuid4())], Origin(actor, at - timedelta(seconds=1), "earlier"))
        whole = queries.part_of_actor(actor, Wanted(), "", 20)
        assert (len(whole.records), whole.before, whole.cut) == (501, None, False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(queries, "MOST_OF_ONE", 100)
            part = queries.part_of_actor(actor, Wanted(), "", 20)
            assert (len(part.records), part.cut) == (120, True)
            (last,) = queries.part_of_actor(actor, Wanted(), part.before or "", 20).records
            assert last.request == "earlier"


def test_an_import_is_one_line_of_its_day_and_all_lines_of_the_file(
    app: Flask, sign_in: SignIn, database: Database
) -> None:
    with database.administer() as connection:
        factories.location(connection)
        people = [factories.patient(connection) for _ in range(12)]
    with app.app_context():
        write([Note("changed", patient) for patient in people], Origin(uuid4(), datetime.now(UTC), "import"))
    auditor = sign_in("auditor")
    assert "12 patients" in auditor.get("/activity").text
    day = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
    exported = auditor.post("/activity/export", {"about": "day", "of": day.isoformat()}).text
    assert exported.count('"changed"') == 12


def test_the_file_asks_for_a_password_that_was_shown_lately(sign_in: SignIn, desk: Visitor, patient: UUID) -> None:
    auditor = sign_in("auditor", at=datetime.now(UTC) - timedelta(minutes=6))
    answer = auditor.post("/activity/export", {"about": "patient", "of": str(patient)})
    assert (answer.status_code, answer.mimetype) == (303, "text/html")
    assert "Mirjam" not in answer.text
