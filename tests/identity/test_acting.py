"""For whom a request acts: the patient in its address is the one in its transaction, as granted, by the second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from flask import Blueprint, Flask, Response
from sqlalchemy import select

from tests import factories
from tests.factories import NOW
from webapp import clock, create_app
from webapp.db import Role, Scope, db, transactional
from webapp.identity.permissions import BY_RELATION, PURPOSES, Permission, Purpose, Relation, StaffRole
from webapp.identity.person import Grant
from webapp.identity.queries import grants_of
from webapp.patients.models import Patient
from webapp.routing import door_of, requires

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.settings import Settings

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
VISITS = frozenset({Purpose.VISITS})

trial = Blueprint("acting_trial", __name__)


@trial.get("/acting/<uuid:patient_id>/visits")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def visits(patient_id: UUID) -> Response:
    return _whom(patient_id)


@trial.get("/acting/<uuid:patient_id>/money")
@requires(Permission.OWN_MONEY, role=Role.PATIENT)
def money(patient_id: UUID) -> Response:
    return _whom(patient_id)


@trial.get("/acting/<uuid:patient_id>/family")
@requires(Permission.OWN_PROXIES, role=Role.IDENTITY)
def family(patient_id: UUID) -> Response:
    return Response(str(patient_id))


@trial.post("/acting/<uuid:patient_id>/by-gateway")
@requires(Permission.OWN_MONEY, role=Role.PATIENT, gateway=True)
def by_gateway(patient_id: UUID) -> Response:
    from webapp.cycle import scope

    with transactional(scope(), read_only=True):
        return _whom(patient_id)


@trial.get("/acting")
@requires(Permission.OWN_MONEY, role=Role.PATIENT)
def everybody() -> Response:
    return Response(" ".join(sorted(map(str, db.session.scalars(select(Patient.id))))))


def _whom(patient_id: UUID) -> Response:
    seen = list(db.session.scalars(select(Patient.id)))
    assert seen == [patient_id]
    return Response(str(patient_id))


@pytest.fixture(scope="module")
def trial_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.register_blueprint(trial)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(trial_app: Flask, database: Database) -> Flask:  # database: emptied when the test is over
    return trial_app


@pytest.fixture
def people(database: Database) -> tuple[UUID, UUID, UUID]:
    """Oneself, somebody one acts for, a stranger."""
    with database.administer() as connection:
        return factories.patient(connection), factories.patient(connection), factories.patient(connection)


def own(patient: UUID) -> Grant:
    return Grant(patient, may=BY_RELATION[Relation.SELF])


def test_the_scope_is_exactly_the_patient_of_the_address(sign_in: SignIn, people: tuple[UUID, UUID, UUID]) -> None:
    me, mine, stranger = people
    visitor = sign_in("patient", grants=(own(me), Grant(mine, may=VISITS, relation=Relation.CARER)))
    for patient in (me, mine):
        answer = visitor.get(f"/acting/{patient}/visits")
        assert (answer.status_code, answer.text) == (200, str(patient))
    for nobody in (stranger, uuid4()):
        assert visitor.get(f"/acting/{nobody}/visits").status_code == 404


def test_a_purpose_that_was_not_granted_is_not_there(sign_in: SignIn, people: tuple[UUID, UUID, UUID]) -> None:
    me, mine, _ = people
    visitor = sign_in("patient", grants=(own(me), Grant(mine, may=VISITS, relation=Relation.CARER)))
    assert visitor.get(f"/acting/{mine}/money").status_code == 404
    assert visitor.post(f"/acting/{mine}/by-gateway").status_code == 404
    assert visitor.post(f"/acting/{me}/by-gateway").text == str(me)
    assert visitor.get(f"/acting/{mine}/family").status_code == 404
    assert visitor.get(f"/acting/{me}/family").status_code == 200
    assert visitor.get("/acting").text == str(me)


def test_a_grant_without_a_purpose_gives_nothing(sign_in: SignIn, people: tuple[UUID, UUID, UUID]) -> None:
    visitor = sign_in("patient", grants=(Grant(people[0]),))
    for page in ("visits", "money", "family"):
        assert visitor.get(f"/acting/{people[0]}/{page}").status_code == 404
    assert visitor.get("/acting").text == ""


@pytest.mark.parametrize(("moment", "status"), [
    (NOW - SECOND, 404), (NOW, 200), (NOW + 60 * SECOND - SECOND, 200), (NOW + 60 * SECOND, 404),
])  # fmt: skip
def test_a_grant_counts_from_its_start_to_its_end_by_the_second(
    sign_in: SignIn, people: tuple[UUID, UUID, UUID], moment: datetime, status: int
) -> None:
    grant = Grant(people[1], NOW + 60 * SECOND, VISITS, Relation.CARER, NOW)
    visitor = sign_in("patient", grants=(grant,), at=NOW - 60 * SECOND)
    with clock.stopped_at(moment):
        assert visitor.get(f"/acting/{people[1]}/visits").status_code == status


def test_staff_with_a_record_of_their_own_act_for_nobody_else(sign_in: SignIn, people: tuple[UUID, UUID, UUID]) -> None:
    visitor = sign_in("patient", "manager", grants=(own(people[0]),))
    assert visitor.get(f"/acting/{people[0]}/visits").status_code == 200
    assert visitor.get(f"/acting/{people[1]}/visits").status_code == 404
    assert sign_in("manager").get(f"/acting/{people[1]}/visits").status_code == 403


def test_the_same_handle_serves_two_tabs_of_two_people_each_its_own(
    sign_in: SignIn, people: tuple[UUID, UUID, UUID]
) -> None:
    one, other, _ = people
    visitor = sign_in(
        "patient", grants=tuple(Grant(each, may=VISITS, relation=Relation.PARENT) for each in (one, other))
    )
    answers = [visitor.get(f"/acting/{each}/visits").text for each in (one, other) * 5]
    assert answers == [str(one), str(other)] * 5


def test_every_permission_of_patients_is_about_something() -> None:
    assert {permission for permission in Permission if permission.value.startswith("own_")} == set(PURPOSES)


def test_every_door_of_a_patient_asks_for_a_permission_that_is_about_something(standing_app: Flask) -> None:
    """Otherwise it would see nobody, and say 404 to everybody."""
    doors = {endpoint: door_of(standing_app, endpoint) for endpoint in standing_app.view_functions}
    of_patients = {endpoint: door for endpoint, door in doors.items() if door and door.role is Role.PATIENT}
    assert of_patients
    assert {endpoint for endpoint, door in of_patients.items() if door.permission not in PURPOSES} == set()


def grants(
    database: Database,
    *,
    born: date,
    zone: str = "America/New_York",
    adult_at: int | None = None,
    died: datetime | None = None,
    **row: object,
) -> tuple[Grant, ...]:
    """What signing in reads of an account that acts for a child."""
    with database.administer() as connection:
        factories.location(connection, name="A first site", time_zone=zone)
        child = factories.patient(connection, birth_date=born, given="Mia", family="Jones", deceased_at=died)
        account = factories.account(connection, StaffRole.PATIENT)
        factories.insert(
            connection, "account_patient", **{"account_id": account, "patient_id": child, "relation": "parent", **row}
        )
        if adult_at is not None:
            factories.insert(connection, "portal_rule", id=uuid4(), adult_at=adult_at)
    with transactional(Scope(Role.IDENTITY, None, NOW, "test"), read_only=True) as session:
        return grants_of(session, account)


@pytest.mark.usefixtures("app_context")
@pytest.mark.parametrize(("born", "adult_at", "zone", "ends"), [
    (date(2008, 11, 23), None, "America/New_York", datetime(2026, 11, 23, 5, tzinfo=UTC)),
    (date(2008, 11, 23), None, "Pacific/Kiritimati", datetime(2026, 11, 22, 10, tzinfo=UTC)),
    (date(2008, 11, 23), 16, "UTC", datetime(2024, 11, 23, tzinfo=UTC)),
    (date(2008, 2, 29), None, "UTC", datetime(2026, 2, 28, tzinfo=UTC)),
    (date(2008, 3, 8), None, "America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC)),
])  # fmt: skip
def test_a_parent_acts_until_the_clinics_midnight_of_the_coming_of_age(
    database: Database, born: date, adult_at: int | None, zone: str, ends: datetime
) -> None:
    (grant,) = grants(database, born=born, zone=zone, adult_at=adult_at, purposes=["visits"])
    assert grant.ends_at == ends
    assert grant.holds(ends - SECOND)
    assert not grant.holds(ends)
    assert grant.may == {Purpose.VISITS, Purpose.PROFILE}
    assert grant.name == "Mia Jones"


@pytest.mark.usefixtures("app_context")
def test_an_end_that_was_chosen_counts_when_it_comes_first(database: Database) -> None:
    (grant,) = grants(database, born=date(2020, 1, 1), ends_at=NOW)
    assert grant.ends_at == NOW


@pytest.mark.usefixtures("app_context")
def test_a_carers_end_has_nothing_to_do_with_age(database: Database) -> None:
    (grant,) = grants(database, born=date(1940, 1, 1), relation="carer", ends_at=NOW, purposes=["money"])
    assert (grant.ends_at, grant.may) == (NOW, frozenset({Purpose.MONEY}))


@pytest.mark.usefixtures("app_context")
@pytest.mark.parametrize(("zone", "ends"), [
    ("America/New_York", datetime(2026, 11, 20, 5, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ("UTC", datetime(2026, 11, 20, tzinfo=UTC)),
])  # fmt: skip
@pytest.mark.parametrize("relation", ["parent", "guardian", "carer"])
def test_whoever_helps_stops_with_the_day_of_the_death_at_the_clinics_midnight(
    database: Database, relation: str, zone: str, ends: datetime
) -> None:
    noon = ends + timedelta(hours=12)
    (grant,) = grants(database, born=date(2020, 1, 1), zone=zone, died=noon, relation=relation, ends_at=ends + DAY)
    assert grant.ends_at == ends
    assert grant.holds(ends - SECOND)
    assert not grant.holds(ends)


@pytest.mark.usefixtures("app_context")
def test_an_end_before_the_death_stays_the_end(database: Database) -> None:
    (grant,) = grants(database, born=date(2020, 1, 1), died=NOW, relation="carer", ends_at=NOW - 9 * DAY)
    assert grant.ends_at == NOW - 9 * DAY


@pytest.mark.usefixtures("app_context")
def test_oneself_acts_for_oneself_in_everything_whatever_stands_there(database: Database) -> None:
    (grant,) = grants(database, born=date(2020, 1, 1), relation="self")
    assert (grant.ends_at, grant.may) == (None, frozenset(Purpose))


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
