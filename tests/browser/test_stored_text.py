"""Text that wants to be code stands in every column a page can show; a real browser runs none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests import factories
from tests.browser.payloads import ATTACKS
from tests.factories import Clinic
from webapp.clock import now
from webapp.identity.permissions import StaffRole
from webapp.ids import new_id

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from tests.stack.web import ProductionServer

# As many as it takes for each attack to stand somewhere; visits and typed addresses are looked at for some.
PEOPLE = 12
SOME = 4

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
# Elements and attributes that no page of ours has.
FOUND = r"""() => {
    const away = (value) => {
        const url = URL.canParse(value, location.href) ? new URL(value, location.href) : null;
        return url?.origin !== location.origin && url?.protocol !== 'tel:';
    };
    const leads = /^(href|xlink:href|action|formaction|src|srcset|data|poster|ping|background|hx-(get|post))$/;
    const runs = /^(on|hx-on|data-hx-on|x-init|v-html)/;
    const markup = 'x-attack, iframe, frame, object, embed, portal, base, math, marquee, plaintext, xmp, listing,'
        + 'keygen, hx-partial, foreignObject, animate, set, img[src=x], [srcdoc], [is], [name=cookie],'
        + '[name=getElementById], [content*="0;url"], style';
    const elements = [...document.querySelectorAll(markup)].map((each) => each.outerHTML.slice(0, 80));
    const attributes = [...document.querySelectorAll('*')].flatMap((each) => [...each.attributes])
        .filter(({ name, value }) => runs.test(name) || (leads.test(name) && away(value)))
        .map(({ name, value }) => `${name}=${value.slice(0, 60)}`);
    const attacked = window.wasAttacked === true;
    return { attacked, elements: [...elements, ...attributes], violations: window.violations };
}"""
UNHARMED = {"attacked": False, "elements": [], "violations": []}


def poison(connection: psycopg.Connection[Any], attacks: Iterator[str]) -> Counter[str]:
    """Write another attack into every row of every text column that takes one; constraints refuse some, that is fine.

    Returns how many columns each attack got into.
    """
    stored, attack = Counter[str](), next(attacks)
    for table, column in connection.execute(COLUMNS).fetchall():
        if column in NOT_TEXT:
            continue
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        rows = connection.execute(sql.SQL("select ctid::text from {table}").format(**names)).fetchall()
        change = sql.SQL("update {table} set {column} = %s || left(md5(random()::text), 4) where ctid = %s::tid")
        for (row,) in rows:
            try:
                with connection.transaction():
                    connection.execute("set local session_replication_role = replica")
                    connection.execute(change.format(**names), (attack, row))
            except psycopg.errors.IntegrityError:
                continue
            stored[attack] += 1
            attack = next(attacks)
    return stored


@pytest.fixture
def poisoned(database: Database) -> Clinic:
    """A clinic whose every word is an attack, with visits today."""
    with database.administer() as connection:
        clinic = factories.clinic(connection, providers=PEOPLE, rooms=PEOPLE, patients=PEOPLE)
        starts = now().replace(minute=0, second=0, microsecond=0)
        for n, patient in enumerate(clinic.patients):
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
        stored = poison(connection, cycle(ATTACKS))
        assert stored.keys() == set(ATTACKS), set(ATTACKS) - stored.keys()
    return clinic


@dataclass
class Watched:
    """A browser that keeps what its pages asked of others, and what was found on them."""

    context: BrowserContext
    page: Page
    foreign: list[str]
    harmed: dict[str, Any] = field(default_factory=dict)

    def look(self, name: str) -> None:
        found = self.page.evaluate(FOUND)
        if found != UNHARMED:
            self.harmed[name] = found

    @property
    def unharmed(self) -> bool:
        assert self.harmed == {}
        assert self.foreign == []
        return True


@pytest.fixture
def watched(
    new_context: Callable[..., BrowserContext], sign_in: SignIn, poisoned: Clinic, live_server: ProductionServer
) -> Watched:
    """Somebody who may see everything, in a browser that is watched."""
    context, person = new_context(), sign_in(*StaffRole, patients=poisoned.patients)
    context.add_init_script(WATCH)
    context.add_cookies([{"name": "anteroom", "value": person.cookie, "domain": "127.0.0.1", "path": "/"}])
    foreign: list[str] = []
    own = (live_server.url("/"), "data:", "blob:")

    def note(request: Request) -> None:
        if not request.url.startswith(own):
            foreign.append(request.url)

    context.on("request", note)
    return Watched(context, context.new_page(), foreign)


def pages(clinic: Clinic, visits: list[UUID]) -> Iterator[str]:
    yield from ("/board", "/board?view=list", "/patients", "/patients/new", "/book", "/home", "/me", "/jobs", "/search")
    yield from ("/accounts", "/accounts/invite", "/activity", "/roles", "/me/sessions", "/password", "/styleguide")
    for patient in clinic.patients:
        yield from (f"/patients/{patient}", f"/book?patient={patient}", f"/patients/{patient}/contact")
    yield from (f"/patients/{clinic.patients[1]}?tab=visits", f"/activity/patients/{clinic.patients[1]}")
    for visit in visits[:SOME]:
        yield from (f"/appointments/{visit}", f"/appointments/{visit}/move", f"/appointments/{visit}/cancel")
    for number, attack in enumerate(ATTACKS[::SOME]):
        text = quote(attack)
        ways = (f"/sign-in?next={text}", f"/board?view={text}&status={text}", f"/book?at={text}&half={text}")
        yield ways[number % len(ways)]


def test_there_are_two_hundred_attacks_and_each_is_its_own() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 200


def test_no_text_of_any_column_becomes_code(watched: Watched, database: Database, poisoned: Clinic) -> None:
    with database.administer() as connection:
        visits = [row[0] for row in connection.execute("select id from appointment").fetchall()]
    for path in pages(poisoned, visits):
        answer = watched.page.goto(path, wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status < 500, path
        watched.look(path)
    assert watched.unharmed


def test_no_typed_or_found_text_becomes_code_in_a_fragment(watched: Watched) -> None:
    page = watched.page
    page.goto("/board")
    page.keyboard.press("Control+k")
    for typed in (*ATTACKS[:: len(ATTACKS) // 6], "ro"):
        page.locator("dialog#omnibox [data-omnibox-input]").fill(typed)
        page.wait_for_load_state("networkidle")
        watched.look(typed)
    page.keyboard.press("Escape")
    page.locator(".appt, .visit-row a").first.click()
    page.locator("#drawer .drawer-body").wait_for()
    watched.look("the drawer")
    assert watched.unharmed


# Texts go into every field that takes some, whatever its kind; choices get one more that our page never offered.
FILL = """(form, attacks) => {
    let used = 0;
    const next = () => attacks[used++ % attacks.length];
    for (const each of form.elements) {
        if (!each.name || ['csrf_token', '_key'].includes(each.name)) continue;
        if (each.tagName === 'SELECT') each.add(new Option('x', next(), true, true));
        else if (['checkbox', 'radio'].includes(each.type)) { each.value = next(); each.checked = true; }
        else if (each.tagName === 'TEXTAREA' || each.tagName === 'INPUT') {
            if (each.type !== 'hidden') each.type = 'text';
            each.removeAttribute('maxlength');
            each.value = next();
        }
    }
    HTMLFormElement.prototype.submit.call(form);
    return used;
}"""


def forms(clinic: Clinic, visit: UUID) -> Iterator[str]:
    """Pages whose forms show again what was typed."""
    patient = clinic.patients[0]
    yield from ("/patients/new", f"/patients/{patient}/contact", f"/book?patient={patient}", "/accounts/invite")
    yield from (f"/appointments/{visit}/move", f"/appointments/{visit}/cancel", "/search", "/activity", "/password")
    yield from ("/session/renew", "/sign-in", "/sign-in/forgot", "/sign-in/reset")


def test_what_was_typed_into_a_form_comes_back_as_text(watched: Watched, database: Database, poisoned: Clinic) -> None:
    """Every field of every form has had attacks in it, and every attack was in some field, when this is over."""
    page, typed = watched.page, 0
    with database.administer() as connection:
        row = connection.execute("select id from appointment where status = 'booked'").fetchone()
    assert row is not None
    paths = list(forms(poisoned, row[0]))
    for sent, path in enumerate(cycle(paths), start=1):
        page.goto(path, wait_until="domcontentloaded")
        form = page.locator("main form[method=post]:has(input:not([type=hidden]), textarea, select)").first
        assert form.count() == 1, path
        left = [*ATTACKS[typed % len(ATTACKS) :], *ATTACKS]
        with page.expect_navigation(wait_until="domcontentloaded") as answered:
            typed += form.evaluate(FILL, left)
        answer = answered.value
        assert answer is not None
        assert answer.status < 500, path
        watched.look(f"{path}, {typed}")
        if typed >= len(ATTACKS) and sent >= len(paths):
            break
    assert watched.unharmed


def test_the_watch_is_awake(watched: Watched) -> None:
    """What would be found is found: markup, a script that wants to run, a request to somebody else."""
    page = watched.page
    page.goto("/board")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=attacked()><x-attack>')")
    page.wait_for_function("window.violations.length > 0")
    assert len(page.evaluate(FOUND)["elements"]) == 3
    with page.expect_request("http://attacker.example/**"):
        page.evaluate("location.href = 'http://attacker.example/'")
    assert watched.foreign == ["http://attacker.example/"]
