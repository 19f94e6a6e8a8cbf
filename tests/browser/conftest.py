"""A clinic where it is always about half past ten in the morning, and browsers that look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from tests.factories import Clinic
from webapp.patients.names import name_keys

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page
    from psycopg import Connection

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from tests.stack.web import ProductionServer

HALF_PAST_TEN = 10.5
STEP = 300


@dataclass(frozen=True, slots=True)
class OpenClinic:
    """Two providers who work from eight to six, and patients by name; `soon` is the next quarter of an hour or so."""

    clinic: Clinic
    zone: str
    soon: datetime
    patients: dict[str, UUID]

    @property
    def board(self) -> str:
        return f"/board/{datetime.now(ZoneInfo(self.zone)).date()}"


def zone_at_half_past_ten(now: datetime) -> str:
    """The fixed zone where it is between ten and eleven now: no test waits for the morning."""
    ahead = round(HALF_PAST_TEN - now.hour - now.minute / 60)
    ahead = ahead + 24 if ahead < -12 else ahead - 24 if ahead > 12 else ahead
    # The signs of these names are POSIX's: west is plus.
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def person(connection: Connection[Any], given: str, family: str) -> UUID:
    keys = name_keys(given, family)
    made = factories.patient(
        connection,
        given=given,
        family=family,
        given_key=keys.given,
        family_key=keys.family,
        name_key=keys.whole,
    )
    factories.phone(connection, made, "(207) 555-0142")
    return made


@pytest.fixture
def open_clinic(database: Database) -> OpenClinic:
    now = datetime.now(UTC)
    zone = zone_at_half_past_ten(now)
    with database.administer() as connection:
        site = factories.location(connection, name="Harbor Street Clinic", time_zone=zone, phone="(207) 555-0100")
        rooms = tuple(factories.room(connection, site, name=f"Room {number}") for number in (1, 2))
        providers = tuple(
            factories.provider(connection, given=given, family=family, specialty="Primary care")
            for given, family in (("Amara", "Osei"), ("Priya", "Nair"))
        )
        for provider, weekday in product(providers, range(1, 8)):
            factories.hours(connection, provider, site, weekday=weekday, starts=time(8), ends=time(18))
        service = factories.service(connection, providers, [site], name="Follow-up")
        names = (("Rosa", "Jimenez"), ("Paul", "Brandt"), ("Amy", "Dunn"))
        patients = {f"{given} {family}": person(connection, given, family) for given, family in names}
    clinic = Clinic(site, rooms, providers, service, tuple(patients.values()))
    soon = datetime.fromtimestamp((now.timestamp() // STEP + 3) * STEP, UTC)
    return OpenClinic(clinic, zone, soon, patients)


@pytest.fixture
def visit(database: Database, open_clinic: OpenClinic) -> UUID:
    """Rosa Jimenez comes in a quarter of an hour."""
    with database.administer() as connection:
        return factories.appointment(connection, open_clinic.clinic, open_clinic.soon)


@pytest.fixture
def at_desk(
    new_context: Callable[..., BrowserContext], sign_in: SignIn, live_server: ProductionServer
) -> Callable[..., Page]:
    """Open a page as somebody of the clinic: `at_desk("/board", color_scheme="dark", role="manager")`."""

    def opened(
        path: str,
        *,
        role: str = "receptionist",
        patients: tuple[UUID, ...] = (),
        provider: UUID | None = None,
        **options: Any,
    ) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = new_context(**options)
        cookie = sign_in(role, patients=patients, provider=provider).cookie
        context.add_cookies([{"name": "anteroom", "value": cookie, "url": live_server.url("/")}])
        page = context.new_page()
        page.goto(path)
        if options.get("java_script_enabled", True):
            page.locator("html.awake").wait_for(state="attached")  # no person types before a page can hear
        return page

    return opened


def later(open_clinic: OpenClinic, minutes: int) -> datetime:
    return open_clinic.soon + timedelta(minutes=minutes)
