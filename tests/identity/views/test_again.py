"""Doors that ask for the password again: role changes are the first of them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.browsing import cookie_of, enter, open_a_page
from tests.stack.people import Visitor
from webapp import clock, cycle
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from tests.stack.database import Database

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
KEY = "8f4b1b0e-6f5d-4a6e-9a39-1f0f6d4f9c11"


@pytest.fixture
def manager(visitor: Visitor, make_account: MakeAccount) -> Visitor:
    account = make_account(StaffRole.MANAGER)
    enter(visitor, account)
    open_a_page(visitor)
    visitor.account_id = account.id
    return visitor


def pass_by(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So much time passes, everywhere in the application."""
    later = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: later)


def roles_of(database: Database, account: Account) -> set[str]:
    with database.administer() as connection:
        return {
            row[0]
            for row in connection.execute(
                "select role from account_role where account_id = %s", (account.id,)
            ).fetchall()
        }


def change(manager: Visitor, account: Account, **options: object) -> tuple[int, str | None]:
    form = {"role": "biller", "seen": "receptionist"}
    response = manager.post(f"/accounts/{account.id}/roles", form, key=KEY, **options)
    return response.status_code, response.location


@pytest.mark.parametrize(("seconds", "asked"), [(290, False), (301, True)])
def test_a_role_change_asks_for_a_password_of_more_than_five_minutes_ago(
    manager: Visitor,
    make_account: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    asked: bool,  # noqa: FBT001
) -> None:
    account = make_account()
    pass_by(monkeypatch, seconds)
    assert change(manager, account)[1] == (
        "/session/renew?next=/session/resume" if asked else f"/accounts/{account.id}"
    )


def test_what_was_about_to_be_sent_comes_back_whole_and_counts_once(
    manager: Visitor, make_account: MakeAccount, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    before = cookie_of(manager)["_user_id"]
    pass_by(monkeypatch, 600)
    change(manager, account)
    assert roles_of(database, account) == {"receptionist"}
    assert "Is it you?" in manager.get("/session/renew?next=/session/resume").text
    response = manager.post("/session/renew", {"password": PASSWORD, "next": "/session/resume"})
    assert response.location == "/session/resume"
    assert cookie_of(manager)["_user_id"] != before
    page = manager.get("/session/resume")
    fields = {name: html.unescape(text) for name, text in FIELD.findall(page.text)}
    assert fields["_key"] == KEY
    assert f'action="/accounts/{account.id}/roles"' in page.text
    for _ in range(2):
        assert manager.client.post(f"/accounts/{account.id}/roles", data=fields).status_code == 303
    assert roles_of(database, account) == {"biller"}


def test_a_wrong_password_changes_nothing(
    manager: Visitor, make_account: MakeAccount, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    pass_by(monkeypatch, 600)
    change(manager, account)
    assert manager.post("/session/renew", {"password": "not it", "next": "/session/resume"}).status_code == 422
    assert change(manager, account)[1] == "/session/renew?next=/session/resume"
    assert roles_of(database, account) == {"receptionist"}


def test_what_one_person_was_about_to_send_is_not_given_to_another(
    manager: Visitor, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_account(StaffRole.MANAGER)
    pass_by(monkeypatch, 600)
    change(manager, make_account())
    held = cookie_of(manager)["held"]
    enter(manager, other)
    assert "held" not in cookie_of(manager)
    with manager.client.session_transaction() as session:
        session["held"] = held
    assert manager.get("/session/resume").status_code == 404


def test_a_fragment_leads_the_whole_page_to_the_password(
    manager: Visitor, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    pass_by(monkeypatch, 600)
    response = manager.post(f"/accounts/{account.id}/roles", {"role": "biller"}, fragment=True)
    assert response.headers["HX-Redirect"] == "/session/renew?next=/session/resume"


def test_who_may_not_pass_is_not_even_asked(
    visitor: Visitor, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    enter(visitor, account)
    open_a_page(visitor)
    pass_by(monkeypatch, 600)
    assert visitor.post(f"/accounts/{account.id}/roles", {"role": "manager"}).status_code == 403


def test_recent_means_five_minutes() -> None:
    assert timedelta(minutes=5) == cycle.RECENT
