"""The day on paper: who stands on it, who is told of it, and that nothing in it is ever more than text."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pypdf
import pytest

from tests import factories
from tests.factories import NOW, clock_time
from tests.stack.services import REPOSITORY
from webapp import typesetting
from webapp.activity import queries as log_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from flask import Flask

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor

TODAY = NOW.date()
SHEETS = f"/sheets/{TODAY}"
EVIL = (
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.3.0"',
    "$x$ `raw` <label> @ref",
    "*b* _i_ #eval(1)",
    '#plugin("x.wasm")',
)


def text_of(pdf: bytes) -> str:
    """What a PDF says, with white space as single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.fixture
def rosa(database: Database, clinic: Clinic) -> UUID:
    """A visit at 9:00 with the first provider, with everything that belongs on paper; her clinical alert does not."""
    with database.administer() as connection:
        patient = factories.patient(connection, given="Rosa", family="Jimenez")
        factories.phone(connection, patient, "+1 555 010 0142")
        alert = {"patient_id": patient, "icon": "phone", "tone": "warn", "position": 1}
        factories.insert(connection, "patient_alert", id=new_id(), label="Call only", **alert)
        factories.insert(connection, "clinical_alert", id=new_id(), patient_id=patient, label="Penicillin allergy")
        factories.appointment(connection, clinic, clock_time(9), patient_id=patient, note="Brings her daughter")
    return patient


def test_the_page_and_the_pdf_say_when_who_and_how_to_reach_them(desk: Visitor, clinic: Clinic, rosa: UUID) -> None:
    page, pdf = desk.get(SHEETS), desk.get(f"{SHEETS}/pdf")
    assert (page.status_code, pdf.status_code, pdf.mimetype) == (200, 200, "application/pdf")
    assert pdf.headers["Cache-Control"] == page.headers["Cache-Control"] == "no-store"
    for said in (page.text, text_of(pdf.data)):
        for fact in ("9:00 AM", "9:20 AM", "Rosa Jimenez", "Mar 4, 1973", "+1 555 010 0142", "Follow-up", "Room"):
            assert fact in said
        for fact in ("Call only", "Brings her daughter", "As of 8:00 AM", "Monday, November 23, 2026", "1 visit"):
            assert fact in said
        assert "Penicillin" not in said


def test_canceled_visits_and_holds_are_not_on_paper_and_nobody_of_another_site(
    database: Database, desk: Visitor, clinic: Clinic
) -> None:
    with database.administer() as connection:
        elsewhere = factories.branch(connection, clinic, name="Zebra Street")
        names = ("Cancelled", "Held", "Elsewhere", "Present")
        people = {name: factories.patient(connection, family=name) for name in names}
        gone = {"status": "cancelled", "cancel_reason": "x", "cancelled_at": NOW}
        factories.appointment(connection, clinic, clock_time(9), patient_id=people["Cancelled"], **gone)
        held = {"status": "held", "held_until": NOW + timedelta(minutes=5)}
        factories.appointment(connection, clinic, clock_time(10), patient_id=people["Held"], **held)
        factories.appointment(connection, elsewhere, clock_time(11), patient_id=people["Elsewhere"])
        factories.appointment(connection, clinic, clock_time(12), patient_id=people["Present"])
    said = text_of(desk.get(f"{SHEETS}/pdf?location={clinic.location}").data)
    assert [name for name in names if f"Rosa {name}" in said] == ["Present"]
    assert "Rosa Elsewhere" in desk.get(f"{SHEETS}?location={elsewhere.location}").text


def test_one_provider_can_be_chosen_and_each_begins_a_page(database: Database, desk: Visitor, clinic: Clinic) -> None:
    first, second = clinic.providers
    with database.administer() as connection:
        for hour, provider in ((9, first), (10, second)):
            patient = factories.patient(connection, family=f"At{hour}")
            other = {"patient_id": patient, "provider_id": provider}
            factories.appointment(connection, clinic, clock_time(hour), **other)
    assert len(pypdf.PdfReader(io.BytesIO(desk.get(f"{SHEETS}/pdf").data)).pages) == 2
    alone = desk.get(f"{SHEETS}?provider={second}").text
    assert "Rosa At10" in alone
    assert "Rosa At9" not in alone
    assert f"/sheets/{TODAY}/pdf?location={clinic.location}&amp;provider={second}" in alone


def test_a_print_is_recorded_as_an_export_of_everybody_on_it(
    app: Flask, desk: Visitor, clinic: Clinic, rosa: UUID
) -> None:
    desk.get(f"{SHEETS}/pdf")
    assert desk.account_id is not None
    with app.app_context():
        (done,) = log_of.of_actor(desk.account_id)
        (about_rosa,) = log_of.of_patient(rosa)
    assert (done.action, done.detail, done.listed) == ("exported", "day_sheet", frozenset({rosa}))
    assert (about_rosa.action, about_rosa.detail, about_rosa.actor) == ("exported", "day_sheet", desk.account_id)


def test_a_day_without_visits_is_a_page_too(desk: Visitor, clinic: Clinic) -> None:
    assert "No visits" in desk.get(SHEETS).text
    assert "No visits" in text_of(desk.get(f"{SHEETS}/pdf").data)
    assert desk.get("/sheets/1492-10-12").status_code == 404
    assert desk.get("/sheets").location == SHEETS


def test_today_is_today_where_the_site_is(database: Database, sign_in: Callable[..., Visitor]) -> None:
    with database.administer() as connection:
        factories.location(connection, time_zone="Pacific/Kiritimati")
    assert sign_in("receptionist", at=NOW).get("/sheets").location == f"/sheets/{TODAY + timedelta(days=1)}"


@pytest.mark.parametrize("evil", EVIL)
def test_what_looks_like_a_program_is_text(database: Database, desk: Visitor, clinic: Clinic, evil: str) -> None:
    with database.administer() as connection:
        patient = factories.patient(connection, given=evil, family=evil)
        factories.phone(connection, patient, evil)
        factories.insert(connection, "patient_alert", id=new_id(), patient_id=patient, label=evil)
        factories.appointment(connection, clinic, clock_time(9), patient_id=patient, note=evil)
        connection.execute("update location set name = %s", (evil,))
        connection.execute("update provider set given = %s", (evil,))
    answer = desk.get(f"{SHEETS}/pdf")
    assert answer.status_code == 200
    squeezed = text_of(answer.data).replace(" ", "")
    # Name twice over, alert, note, phone, provider in heading and footer, site in the footer.
    assert squeezed.count(evil.replace(" ", "")) >= 7
    assert "root:" not in squeezed


def test_a_pdf_can_be_made_at_any_moment() -> None:
    data = {"lang": "en", "title": "x", "clinic": "x", "day": "x", "printed": "x", "sheets": [], "words": _words()}
    at = NOW.replace(microsecond=654_321).astimezone(ZoneInfo("Asia/Kathmandu"))
    assert typesetting.pdf("day_sheet.typ", data, at).startswith(b"%PDF")


def _words() -> dict[str, str]:
    return dict.fromkeys("time patient phone visit status remarks mrn page private nothing".split(), "x")


def test_no_template_reaches_for_anything() -> None:
    reaching = re.compile(r"#?\b(import|include|read|eval|plugin|image|csv|yaml|toml|xml|cbor|bibliography)\b")
    for path in sorted(typesetting.TEMPLATES.iterdir()):
        assert path.suffix == ".typ"
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        assert reaching.findall(code) == [], path.name
        assert re.findall(r"\bjson\((?!bytes\(sys\.inputs\.data\)\))", code) == [], path.name


def test_a_template_that_reached_outside_would_fail(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import typst

    monkeypatch.setattr(typesetting, "TEMPLATES", tmp_path)
    for number, code in enumerate(('#read("/../../etc/passwd")', '#import "@preview/cetz:0.3.0"', '#include "../x"')):
        (tmp_path / f"{number}.typ").write_text(code, encoding="utf-8")
        with pytest.raises(typst.TypstError):
            typesetting.pdf(f"{number}.typ", {}, NOW)


def test_the_pdf_is_tagged_and_embeds_inter(desk: Visitor, clinic: Clinic, rosa: UUID) -> None:
    reader = pypdf.PdfReader(io.BytesIO(desk.get(f"{SHEETS}/pdf").data))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a boolean object of the reader
    assert root["/Lang"] == "en"
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert fonts == {"Inter-Regular", "Inter-SemiBold"}


def test_the_vendor_folder_has_the_fonts_of_paper() -> None:
    assert len(list((REPOSITORY / "static" / "vendor").glob("inter-*.ttf"))) >= 2
