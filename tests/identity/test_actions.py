from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.identity.accounts import PASSWORD, Account, MakeAccount, identity_scope
from tests.identity.browsing import dynamo_away
from tests.stack.database import Database
from webapp import clock
from webapp.db import transactional
from webapp.dynamo import DynamoUnavailable
from webapp.identity.actions import disable, set_roles
from webapp.identity.jobs import end_sessions
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.identity.signing_in import Moment, SignedIn


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def signed_in(account: Account) -> str:
    outcome = identity().with_password(account.email, PASSWORD, Moment(clock.now(), "test"))
    assert isinstance(outcome, SignedIn)
    return str(outcome.handle)


def jobs(database: Database) -> list[tuple[str, dict[str, str]]]:
    with database.administer() as connection:
        return connection.execute("select task_name, args from jobs.procrastinate_jobs order by id").fetchall()


def test_a_change_of_roles_is_out_at_once_and_promises_the_backstop(
    make_account: MakeAccount, database: Database
) -> None:
    account, _who_stays = make_account(StaffRole.MANAGER), make_account(StaffRole.MANAGER)
    handle = signed_in(account)
    with identity().sessions.cut_off(account.id), transactional(identity_scope()) as session:
        set_roles(session, account.id, frozenset({StaffRole.AUDITOR}), clock.now())
    assert identity().sessions.resolve(handle, clock.now()) is None
    assert ("identity.end_sessions", {"account": str(account.id)}) in jobs(database)


def test_the_same_roles_again_change_nothing(make_account: MakeAccount, database: Database) -> None:
    account = make_account(StaffRole.MANAGER)
    with transactional(identity_scope()) as session:
        set_roles(session, account.id, frozenset({StaffRole.MANAGER}), clock.now())
    assert all(name != "identity.end_sessions" for name, _ in jobs(database))


def test_a_process_that_dies_before_the_second_bump_is_made_good_by_the_job(make_account: MakeAccount) -> None:
    account, _who_stays = make_account(StaffRole.MANAGER), make_account(StaffRole.MANAGER)
    identity().sessions.bump(account.id)
    handle = signed_in(account)  # reads the old role between the first bump and the commit
    with transactional(identity_scope()) as session:
        disable(session, account.id, clock.now())
    assert identity().sessions.resolve(handle, clock.now()) is not None
    end_sessions(str(account.id))
    assert identity().sessions.resolve(handle, clock.now()) is None


def test_where_dynamo_is_down_no_role_is_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, make_account: MakeAccount, database: Database
) -> None:
    account = make_account(StaffRole.MANAGER)
    with (
        dynamo_away(app, monkeypatch),
        pytest.raises(DynamoUnavailable),
        identity().sessions.cut_off(account.id),
        transactional(identity_scope()) as session,
    ):
        set_roles(session, account.id, frozenset(), clock.now())
    with database.administer() as connection:
        roles = connection.execute("select role from account_role where account_id = %s", (account.id,)).fetchall()
    assert roles == [("manager",)]
