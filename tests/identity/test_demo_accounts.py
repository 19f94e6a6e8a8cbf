from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from flask import Flask

from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp.identity.demo_accounts import PASSWORD, demo_email
from webapp.identity.permissions import StaffRole
from webapp.settings import Settings


@pytest.fixture
def pool(settings: Settings) -> Any:
    return boto3.client("cognito-idp", region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url)


def accounts(database: Database) -> list[tuple[Any, ...]]:
    with database.administer() as connection:
        return connection.execute(
            "select a.id, a.email, a.cognito_sub, r.role from account a join account_role r on r.account_id = a.id"
            " order by a.email"
        ).fetchall()


def make(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["accounts", "demo"])
    assert result.exit_code == 0, result.output
    return result.output


def signs_in(app: Flask, role: StaffRole) -> bool:
    visitor = Visitor(app, app.test_client())
    return visitor.post("/sign-in", {"email": demo_email(role), "password": PASSWORD}).status_code == 303


def test_there_is_an_account_for_each_role_that_can_sign_in(app: Flask, database: Database) -> None:
    printed = make(app)
    assert [row[3] for row in accounts(database)] == sorted(StaffRole)
    for role in StaffRole:
        assert signs_in(app, role)
        assert demo_email(role) in printed


def test_making_them_again_changes_nothing(app: Flask, database: Database) -> None:
    make(app)
    before = accounts(database)
    make(app)
    assert accounts(database) == before


def test_people_the_emulator_lost_are_made_and_linked_again(
    app: Flask, database: Database, pool: Any, settings: Settings
) -> None:
    make(app)
    before = accounts(database)
    for account_id, *_ in before:
        pool.admin_delete_user(UserPoolId=settings.cognito_pool_id, Username=str(account_id))
    assert not signs_in(app, StaffRole.BILLER)
    make(app)
    assert [row[0] for row in accounts(database)] == [row[0] for row in before]
    assert signs_in(app, StaffRole.BILLER)


def test_in_production_there_are_none(app: Flask, database: Database) -> None:
    settings = app.config["ANTEROOM"]
    app.config["ANTEROOM"] = replace(settings, environment="production")
    try:
        result = app.test_cli_runner().invoke(args=["accounts", "demo"])
    finally:
        app.config["ANTEROOM"] = settings
    assert result.exit_code == 1
    assert "local clinics only" in result.output
    assert accounts(database) == []


def test_the_sign_in_page_lists_them_only_where_it_is_told_to(app: Flask) -> None:
    settings = app.config["ANTEROOM"]
    for shown in (True, False):
        app.config["ANTEROOM"] = replace(settings, show_demo_accounts=shown)
        try:
            assert (PASSWORD in app.test_client().get("/sign-in").text) is shown
        finally:
            app.config["ANTEROOM"] = settings
