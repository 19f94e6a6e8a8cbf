"""Text that wants to be code stands in every column a page can show; a real browser runs none of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests import factories
from tests.factories import Clinic
from webapp.clock import now
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.stack.database import Database
    from tests.stack.people import SignIn

ATTACKS = (
    "<script>attacked()</script>",
    '"><img src=x onerror=attacked()><x-attack>',
    "'><svg/onload=attacked()><x-attack>",
    "</title></textarea></script><x-attack data-x='",
    "<x-attack hx-get=/sign-in hx-trigger=load></x-attack>",
    "{{ 7*7 }}${7*7}<%= 7*7 %><x-attack>",
    "javascript:attacked()//<x-attack>",
    '" hx-on:load=attacked() autofocus onfocus=attacked() x="',
)
NOT_TEXT = frozenset({"time_zone", "search_path", "family_key", "given_key", "name_key", "digits", "digits_reversed"})
COLUMNS = """
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type = 'text' and is_generated = 'NEVER'
      and table_name not in ('audit', 'appointment_history', 'idempotency', 'alembic_version', 'occupancy')
"""
WATCH = """
    window.attacked = () => { window.wasAttacked = true; };
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + (event.sample || '')));
"""
FOUND = """() => ({
    attacked: window.wasAttacked === true,
    elements: document.querySelectorAll('x-attack, img[src=x], svg[onload], [onfocus], [onerror]').length,
    violations: window.violations,
})"""
UNHARMED = {"attacked": False, "elements": 0, "violations": []}


def poison(connection: psycopg.Connection[Any]) -> int:
    """Write an attack into every text column that takes one; constraints refuse some, and that is fine."""
    poisoned = 0
    for n, (table, column) in enumerate(connection.execute(COLUMNS).fetchall()):
        if column in NOT_TEXT:
            continue
        statement = sql.SQL("update {} set {} = %s || left(md5(random()::text), 4)").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        try:
            with connection.transaction():
                connection.execute("set local session_replication_role = replica")
                poisoned += connection.execute(statement, (ATTACKS[n % len(ATTACKS)],)).rowcount > 0
        except psycopg.errors.IntegrityError:
            continue
    return poisoned


@pytest.fixture
def poisoned(database: Database) -> Clinic:
    """A clinic whose every word is an attack, with visits today."""
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        for n, patient in enumerate(clinic.patients):
            starts = now().replace(minute=0, second=0, microsecond=0)
            factories.appointment(
                connection,
                clinic,
                starts,
                patient_id=patient,
                provider_id=clinic.providers[n],
                room_id=clinic.rooms[n],
                note="x",
                status="booked" if n else "cancelled",
                **({} if n else {"cancel_reason": "x"}),
            )
            factories.phone(connection, patient)
            ids = {"patient_id": patient}
            factories.insert(connection, "patient_alert", id=new_id(), label="x", detail="x", **ids)
            factories.insert(connection, "patient_address", id=new_id(), line="x", city="x", state="x", **ids)
            factories.insert(connection, "patient_contact", id=new_id(), name="x", **ids)
        assert poison(connection) > 30
    return clinic


def pages(clinic: Clinic, visits: list[UUID]) -> Iterator[str]:
    yield from ("/board", "/board?view=list", "/patients", "/patients/new", "/book", "/home", "/me", "/jobs", "/search")
    for patient in clinic.patients:
        yield from (f"/patients/{patient}", f"/patients/{patient}?tab=visits", f"/book?patient={patient}")
    for visit in visits:
        yield from (f"/appointments/{visit}", f"/appointments/{visit}/move", f"/appointments/{visit}/cancel")
    for attack in ATTACKS[:3]:
        yield f"/sign-in?next={attack}"
        yield f"/board?view={attack}&status={attack}"
        yield f"/book?at={attack}&half={attack}"


def enter(context: BrowserContext, sign_in: SignIn, clinic: Clinic) -> None:
    person = sign_in(*StaffRole, patients=clinic.patients)
    context.add_cookies([{"name": "anteroom", "value": person.cookie, "domain": "127.0.0.1", "path": "/"}])


def test_no_text_of_any_column_becomes_code(
    new_context: Callable[..., BrowserContext], sign_in: SignIn, database: Database, poisoned: Clinic
) -> None:
    context = new_context()
    context.add_init_script(WATCH)
    enter(context, sign_in, poisoned)
    page = context.new_page()
    harmed: dict[str, Any] = {}
    with database.administer() as connection:
        visits = [row[0] for row in connection.execute("select id from appointment").fetchall()]
    for path in pages(poisoned, visits):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, path
        found = page.evaluate(FOUND)
        if found != UNHARMED:
            harmed[path] = found
    assert harmed == {}


def test_no_typed_or_found_text_becomes_code_in_a_fragment(
    new_context: Callable[..., BrowserContext], sign_in: SignIn, poisoned: Clinic
) -> None:
    context = new_context()
    context.add_init_script(WATCH)
    enter(context, sign_in, poisoned)
    page: Page = context.new_page()
    page.goto("/board")
    page.keyboard.press("Control+k")
    for typed in (*ATTACKS[:3], "ro"):
        page.locator("dialog#omnibox [data-omnibox-input]").fill(typed)
        page.wait_for_load_state("networkidle")
    assert page.evaluate(FOUND) == UNHARMED
    page.keyboard.press("Escape")
    page.locator(".appt, .visit-row a").first.click()
    page.locator("#drawer .drawer-body").wait_for()
    assert page.evaluate(FOUND) == UNHARMED
    # The watch itself is awake.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=attacked()>')")
    page.wait_for_function("window.violations.length > 0")
    assert page.evaluate(FOUND)["elements"] == 1
